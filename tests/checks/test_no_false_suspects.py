"""Real data and the samples hold no leak, and none is suspected."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from audits.data.preview.facts import compute_facts
from audits.data.preview.repeats import count_shared_rows
from audits.data.schema import tabulate_columns
from audits.data.sql import connect
from audits.diagnostics.leakage import compute_leakage, describe_relation
from audits.diagnostics.proxies import split_halves
from sample_models.credit import generate as credit
from sample_models.hiring import generate as hiring
from sample_models.income import generate as income
from sample_models.rental import generate as rental

SAMPLES = {"credit": (credit, "repaid", "yes"), "hiring": (hiring, "suitable", "yes"),
           "income": (income, "income", ">50K"), "rental": (rental, "paid", "yes")}  # fmt: skip


def list_suspects(frame: pd.DataFrame, target: str, positive: object) -> list[str]:
    """Return the columns, other than the target, that any part of the check would suspect."""
    outcome = (frame[target] == positive).to_numpy(dtype=int)
    learned = split_halves(len(frame), np.random.default_rng(0))
    found = []
    for name in frame.columns.drop(target):
        told = compute_leakage(frame[name], outcome, learned, "binary")
        assert told is not None
        if told.low > 0.95 or describe_relation(frame[name], frame[target], "binary"):
            found.append(str(name))
    return found


def list_ids(frame: pd.DataFrame) -> list[str]:
    connection = connect()
    connection.register("rows", frame)
    rows, columns = tabulate_columns(connection, "rows")
    return [one.name for one in compute_facts(connection, "rows", rows, columns) if one.unique]


def count_excess(rows: pd.DataFrame, reference: pd.DataFrame) -> float:
    connection = connect()
    connection.register("ours", rows)
    connection.register("theirs", reference)
    columns = [tabulate_columns(connection, name)[1] for name in ("ours", "theirs")]
    found = count_shared_rows(connection, "ours", columns[0], "theirs", columns[1])
    return found.shared / found.rows - found.repeated / found.other_rows


@pytest.mark.parametrize("name", SAMPLES)
def test_samples(name: str) -> None:
    module, target, positive = SAMPLES[name]
    frame = module.generate(3_000, 5)
    assert list_suspects(frame, target, positive) == []
    # The one column that looks like an id is declared as the id, and no model is given it.
    assert list_ids(frame) == [c for c in frame if c in ("application", "applicant")]


def test_adult(shared_data: Path) -> None:
    train, test = (
        pd.read_csv(shared_data / f"adult_{part}.csv", na_values="?", skipinitialspace=True)
        for part in ("train", "test")
    )
    test["income"] = test["income"].str.rstrip(".")
    assert list_suspects(test, "income", ">50K") == []
    assert list_ids(test) == []  # the survey's weight is not one, though half of its values are
    assert count_excess(test, train) < 0.01
    # Without the weight many people are alike, which is no leak either.
    plain = [frame.drop(columns="fnlwgt") for frame in (test, train)]
    assert count_excess(*plain) < 0.01


def test_german_credit(shared_data: Path) -> None:
    frame = pd.read_csv(shared_data / "german_credit.csv", keep_default_na=False)
    target = next(name for name in ("class", "credit_risk", "risk", "target") if name in frame)
    assert list_suspects(frame, target, frame[target].iloc[0]) == []
    assert list_ids(frame) == []
