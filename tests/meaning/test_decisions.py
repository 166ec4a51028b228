"""Which decisions are audited: the declared score's, or the model's own."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, strategies as st
from sklearn.base import ClassifierMixin
from sklearn.ensemble import RandomForestClassifier, VotingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import (
    FixedThresholdClassifier,
    GridSearchCV,
    TunedThresholdClassifierCV,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from sklearn.utils import all_estimators

from audits.core.errors import InputError
from audits.core.settings.spec import AuditSpec
from audits.data.opening import open_table
from audits.data.sql import connect
from audits.meaning.decisions import _Trial, resolve_cut
from audits.models.adapters.own_rule import _LARGER
from audits.models.formats.skops import SkopsAdapter
from tests.meaning.local import LocalModel

ROWS = 500
LINEAR = LogisticRegression()


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    draw = np.random.default_rng(5)
    frame = pd.DataFrame(draw.normal(size=(ROWS, 3)), columns=["a", "b", "c"])
    chance = 1 / (1 + np.exp(-1.5 * frame["a"] + frame["b"]))
    return frame.assign(y=np.where(draw.random(ROWS) < chance, "yes", "no"))


def settle(folder: Path, frame: pd.DataFrame, model: ClassifierMixin, positive: str = "yes",
           **section: object):  # fmt: skip
    path = folder / "d.csv"
    frame.to_csv(path, index=False)
    spec = AuditSpec.model_validate({
        "audit": {"name": "decisions"},
        "data": {"path": str(path), "target": "y", "positive": positive},
        "model": {"path": "m", **section},
    })  # fmt: skip
    local = LocalModel(SkopsAdapter(model, "m"))
    output = local.info.classes.index(positive)
    found = resolve_cut(spec, open_table(connect(), spec, folder), local, output)
    return found, local.predict(frame)[:, output]


RULES = {
    "fixed": FixedThresholdClassifier(LINEAR, threshold=0.7, pos_label="yes"),
    "fixed of the other class": FixedThresholdClassifier(LINEAR, threshold=0.7, pos_label="no"),
    "fixed on the margin": FixedThresholdClassifier(
        LINEAR, threshold=1.0, pos_label="yes", response_method="decision_function"
    ),
    "tuned": TunedThresholdClassifierCV(LINEAR, scoring="balanced_accuracy"),
    "in a pipeline": make_pipeline(
        StandardScaler(), FixedThresholdClassifier(LINEAR, threshold=0.35, pos_label="yes")
    ),
    "in a search": GridSearchCV(
        FixedThresholdClassifier(LINEAR, threshold=0.8, pos_label="yes"),
        {"estimator__C": [0.5, 1.0]},
    ),
    "soft votes": VotingClassifier([("a", LINEAR), ("b", SVC(probability=True))], voting="soft"),
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("threshold", [{}, {"threshold": "model"}], ids=["open", "model"])
@pytest.mark.parametrize("positive", ["yes", "no"])
@pytest.mark.parametrize("name", RULES)
def test_the_models_own_rule_is_the_default(
    tmp_path: Path, frame: pd.DataFrame, name: str, positive: str, threshold: dict
) -> None:
    model = RULES[name].fit(frame[["a", "b", "c"]], frame["y"])
    found, scores = settle(tmp_path, frame, model, positive, **threshold)
    own = model.predict(frame[["a", "b", "c"]]) == positive
    np.testing.assert_array_equal(scores >= found.cut, own)
    if name == "fixed" and positive == "yes":
        assert found.cut == 0.7
    assert bool(found.notices) == (found.cut != 0.5)


@pytest.mark.filterwarnings("ignore")
def test_scores_that_tie_on_both_sides_of_a_rule_are_told(
    tmp_path: Path, frame: pd.DataFrame
) -> None:
    """Support vectors decide by their margin; libsvm's probability is exactly 0.5 around it."""
    model = SVC(probability=True, random_state=0).fit(frame[["a", "b", "c"]], frame["y"])
    found, scores = settle(tmp_path, frame, model, "no")
    own = model.predict(frame[["a", "b", "c"]]) == "no"
    tied = (scores == 0.5) & ~own
    assert tied.sum() == 1
    np.testing.assert_array_equal((scores >= found.cut)[~tied], own[~tied])
    assert found.notices[0].text.startswith("1 row has a score of exactly 0.5")
    with pytest.raises(InputError, match=r"rejects a row with 0\.5 and selects one with 0\.5"):
        settle(tmp_path, frame, model, "no", threshold="model")


@pytest.mark.parametrize("rule", ["fixed", "linear"])
def test_a_declared_number_is_obeyed_and_told(
    tmp_path: Path, frame: pd.DataFrame, rule: str
) -> None:
    model = (RULES["fixed"] if rule == "fixed" else LINEAR).fit(frame[["a", "b", "c"]], frame["y"])
    found, scores = settle(tmp_path, frame, model, threshold=0.3)
    assert found.cut == 0.3
    differ = int(((scores >= 0.3) != (model.predict(frame[["a", "b", "c"]]) == "yes")).sum())
    (notice,) = found.notices
    assert f"decides {differ:,} of {ROWS} rows otherwise" in notice.text


def test_one_half_stays_where_nothing_differs_from_it(tmp_path: Path, frame: pd.DataFrame) -> None:
    model = LINEAR.fit(frame[["a", "b", "c"]], frame["y"])
    assert settle(tmp_path, frame, model)[0] == settle(tmp_path, frame, model, threshold=0.5)[0]
    assert settle(tmp_path, frame, model)[0].cut == 0.5


def test_rows_at_exactly_one_half_follow_the_model_where_it_is_asked(
    tmp_path: Path, frame: pd.DataFrame
) -> None:
    model = RandomForestClassifier(2, random_state=0).fit(frame[["a", "b", "c"]], frame["y"])
    found, scores = settle(tmp_path, frame, model, threshold="model")
    assert (scores == 0.5).any()
    own = model.predict(frame[["a", "b", "c"]]) == "yes"
    np.testing.assert_array_equal(scores >= found.cut, own)
    assert "above a score of 0.5" in found.notices[0].text
    assert settle(tmp_path, frame, model)[0].cut == 0.5


class Moody(LogisticRegression):
    """Decides by the first letter of nothing: no threshold on its score does that."""

    def predict(self, rows: pd.DataFrame) -> np.ndarray:
        return self.classes_[(np.abs(np.asarray(rows)[:, 0]) > 1).astype(int)]


def test_a_rule_that_is_no_threshold_is_refused_or_told(
    tmp_path: Path, frame: pd.DataFrame
) -> None:
    model = Moody().fit(frame[["a", "b", "c"]], frame["y"])
    for section in ({}, {"threshold": "model"}):
        with pytest.raises(InputError, match=r"no threshold on its score.*declare"):
            settle(tmp_path, frame, model, **section)
    assert "otherwise" in settle(tmp_path, frame, model, threshold=0.5)[0].notices[0].text


@given(
    st.lists(st.sampled_from([0.0, 0.1, 0.3, 0.5, 0.7, 0.9, 1.0]), min_size=1, max_size=30),
    st.floats(0, 1), st.booleans(),
)  # fmt: skip
def test_the_cut_decides_as_the_rule_did(scores: list[float], rule: float, strict: bool) -> None:
    numbers = np.array(scores)
    decided = numbers > rule if strict else numbers >= rule
    trial = _Trial()
    trial.add(numbers, decided, 0.5)
    cut = trial.find_cut(None)
    assert cut is not None
    np.testing.assert_array_equal(numbers >= cut, decided)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", sorted(_LARGER))
def test_those_who_take_the_larger_probability_do(name: str, frame: pd.DataFrame) -> None:
    kind = dict(all_estimators(type_filter="classifier"))[name]
    model = kind(**({"loss": "log_loss"} if name == "SGDClassifier" else {}))
    rows = frame[["a", "b", "c"]]
    rows = rows.abs().round() if name.endswith("NB") and name != "GaussianNB" else rows
    model.fit(rows, frame["y"])
    shares = model.predict_proba(rows)
    clear = shares[:, 0] != shares[:, 1]
    larger = model.classes_[shares.argmax(axis=1)]
    assert clear.sum() > ROWS / 2
    np.testing.assert_array_equal(larger[clear], model.predict(rows)[clear])
