"""Proofs where a category is encoded in columns of the table: held against the same people with
the category as a text, and an exhaustive search that knows of no columns but those."""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import (
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
)
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.tree import DecisionTreeClassifier

from audits.models.formats.skops import SkopsAdapter
from audits.recourse.proof.proof import Question, prove_rows
from audits.recourse.proof.service import FOUND, NONE
from audits.recourse.rules.rules import ActionRules, RowLimits

sys.path.insert(0, str(Path(__file__).parent))
from proof_models import JOBS, InProcess, exhaust, make_rows

BLOCK = tuple(f"job_{job}" for job in JOBS)
KINDS = {
    "tree": lambda: DecisionTreeClassifier(max_depth=5, random_state=0),
    "forest": lambda: RandomForestClassifier(5, max_depth=4, random_state=0),
    "boosting": lambda: GradientBoostingClassifier(n_estimators=8, random_state=0),
    "histogram": lambda: HistGradientBoostingClassifier(max_iter=8, random_state=0),
    "logistic": lambda: LogisticRegression(C=0.5),
}


def encode(frame: pd.DataFrame) -> pd.DataFrame:
    dummies = {f"job_{job}": (frame["job"] == job).astype(int) for job in JOBS}
    return frame.drop(columns="job").assign(**dummies)


@dataclass
class AsTexts:
    """The same model, asked about people whose job is a text."""

    adapter: SkopsAdapter

    def predict(self, frame: pd.DataFrame) -> np.ndarray:
        return self.adapter.predict(encode(frame))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("most", [1, 2])
def test_a_proof_is_that_of_the_category(kind, most) -> None:
    frame, label = make_rows(3)
    encoded = encode(frame)
    model = make_pipeline(SimpleImputer(), KINDS[kind]()).fit(encoded, label)
    adapter = SkopsAdapter(model, kind)
    scores = adapter.predict(encoded)[:, 1]
    threshold = float(np.quantile(scores, 0.93))
    chosen = np.flatnonzero(scores < threshold)[:14]
    rules = ActionRules(
        immutable=frozenset({"owner"}), increase_only=frozenset({"months"}), blocks=(BLOCK,)
    )
    question = Question(encoded.iloc[chosen], encoded, rules, threshold, 1, most)
    proofs = prove_rows(InProcess(adapter), question, seconds=600)
    seen = set()
    for place, proof in zip(chosen, proofs, strict=True):
        row = frame.iloc[place]
        expected = exhaust(AsTexts(adapter), frame, row, rules, threshold, most)
        assert proof.status == (NONE if expected is None else FOUND), (place, expected)
        seen.add(proof.status)
        assert proof.columns <= 5, "a block counts as one column"
        if expected is not None:
            changed = (proof.proposals.columns >= 0).sum(axis=1)
            assert set(changed) == {expected[0]}
    assert FOUND in seen


def test_rules_for_a_column_of_the_block_hold_in_the_proof() -> None:
    """Only nurses are accepted, and a column that stays, or a row's own limits, forbid it."""
    frame, _ = make_rows(5)
    encoded = encode(frame)
    label = encoded["job_nurse"].to_numpy()
    model = make_pipeline(SimpleImputer(), DecisionTreeClassifier(random_state=0))
    adapter = SkopsAdapter(model.fit(encoded, label), "tree")
    rows = encoded[label == 0].iloc[:6].rename(index=str)
    free = ActionRules(blocks=(BLOCK,))
    question = Question(rows, encoded, free, 0.5, 1, 2)

    def prove(rules: ActionRules) -> list[str]:
        asked = replace(question, rules=rules)
        return [one.status for one in prove_rows(InProcess(adapter), asked, seconds=600)]

    assert prove(free) == [FOUND] * 6
    assert prove(replace(free, immutable=frozenset({"job_nurse"}))) == [NONE] * 6
    assert prove(replace(free, immutable=frozenset(BLOCK))) == [NONE] * 6
    clerks = [NONE if clerk else FOUND for clerk in rows["job_clerk"]]
    assert set(clerks) == {NONE, FOUND}
    assert prove(replace(free, increase_only=frozenset({"job_clerk"}))) == clerks
    first = MappingProxyType({rows.index[0]: RowLimits(frozenset(BLOCK))})
    assert prove(replace(free, limits=first)) == [NONE, *[FOUND] * 5]


def test_a_category_that_the_reference_never_has_is_no_way_out() -> None:
    frame, _ = make_rows(5)
    encoded = encode(frame)
    model = make_pipeline(SimpleImputer(), DecisionTreeClassifier(random_state=0))
    adapter = SkopsAdapter(model.fit(encoded, encoded["job_nurse"]), "tree")
    others = encoded[encoded["job_nurse"] == 0]
    question = Question(others.iloc[:4], others, ActionRules(blocks=(BLOCK,)), 0.5, 1, 2)
    proofs = prove_rows(InProcess(adapter), question, seconds=600)
    assert {proof.status for proof in proofs} == {NONE}
