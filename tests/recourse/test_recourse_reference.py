"""What is read of the reference data once serves all rows, as if it were read for each anew."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from audits.core.errors import InputError
from audits.models import open_model
from audits.recourse.columns import build_columns, encode_frame, fit_columns
from audits.recourse.rules.rules import ActionRules
from audits.recourse.search.goals import ReachScore
from audits.recourse.search.search import RecourseSearch, search_counterfactuals
from audits.recourse.worker.remote import WorkerScorer
from tests.recourse.test_recourse_remote import SERVICES, make_frame, save_model

REFERENCE = pd.DataFrame(
    {
        "age": [30, 40, 50, 60],
        "rate": [0.1, np.nan, 0.3, 0.4],
        "job": ["cook", "cook", "nurse", "clerk"],
        "owner": [True, False, True, True],
        "grade": pd.Categorical(["A", "B", "A", "C"]),
    }
)
ROWS = {
    "as the reference data": REFERENCE.iloc[:2],
    "a new text": REFERENCE.assign(job="pilot"),
    "several new texts and a missing one": REFERENCE.assign(job=["pilot", None, "judge", "cook"]),
    "a missing number": REFERENCE.assign(rate=np.nan),
    "other numbers of the same type": REFERENCE.assign(age=[1, 2, 3, 4]),
    "narrower numbers": REFERENCE.astype({"age": np.int32, "rate": np.float32}),
    "a missing category": REFERENCE.assign(
        grade=pd.Categorical([None, "A", "B", "C"], categories=["A", "B", "C"])
    ),
}


@pytest.mark.parametrize("rows", ROWS.values(), ids=ROWS)
def test_columns_fit_other_rows_as_if_they_were_built_for_them(rows):
    fitted = fit_columns(build_columns(REFERENCE, REFERENCE), rows)
    assert fitted is not None
    columns, codes = fitted
    fresh = build_columns(rows, REFERENCE)
    np.testing.assert_array_equal(codes, encode_frame(fresh, rows))
    for one, other in zip(columns, fresh, strict=True):
        assert (one.name, one.kind, one.stored) == (other.name, other.kind, other.stored)
        assert (one.low, one.high, one.spread, one.decimals) == pytest.approx(
            (other.low, other.high, other.spread, other.decimals), nan_ok=True
        )


def test_a_column_of_mixed_kinds_does_not_fit():
    columns = build_columns(REFERENCE.astype({"job": object}), REFERENCE.astype({"job": object}))
    rows = REFERENCE.assign(job=pd.Series([1, 2, 3, 4], dtype=object))
    assert fit_columns(columns, rows) is None


def accept(rows: pd.DataFrame) -> np.ndarray:
    worth = rows["age"] / 60 + rows["rate"].fillna(0.0) + 0.2 * (rows["job"] == "nurse")
    return np.clip(worth.to_numpy(dtype=np.float64) / 2, 0, 1)


def open_search(draw: np.random.Generator) -> tuple[RecourseSearch, pd.DataFrame]:
    people = make_frame(draw).astype({"job": object})
    search = RecourseSearch(
        accept, people.iloc[:0], people, ActionRules(), ReachScore(0.75),
        generator=np.random.default_rng(0), expected=10,
    )  # fmt: skip
    return search, people


STRANGE = {
    "a new text and a narrower type": {"job": object, "age": np.int32},
    "types for which all is read again": {"job": str, "age": np.float64},
}


@pytest.mark.parametrize("types", [{}, *STRANGE.values()], ids=["no change", *STRANGE])
def test_one_search_answers_many_times_as_one_search_each(types):
    search, people = open_search(np.random.default_rng(3))
    rejected = people[accept(people) < 0.75]
    if types:
        rejected = rejected.assign(job="pilot").astype(types)
    for start in (0, 20, 40):
        rows = rejected.iloc[start : start + 20]
        fresh = search_counterfactuals(
            accept, rows, people, ActionRules(), threshold=0.75,
            generator=np.random.default_rng(0), budget_s=60.0,
        )  # fmt: skip
        assert search.find(rows, budget_s=60.0) == fresh
        assert sum(len(one.answers) for one in fresh) > 20
    assert search.find(rejected.iloc[:0], budget_s=60.0) == []


def test_rows_of_another_type_have_the_reference_data_read_again():
    search, people = open_search(np.random.default_rng(4))
    rejected = people[accept(people) < 0.75].iloc[:20]
    before = search._reference_data
    found = search.find(rejected.astype({"age": np.float64}), budget_s=60.0)
    assert search._reference_data is not before
    assert {type(answer.values["age"]) for one in found for answer in one.answers} == {float}
    with pytest.raises(InputError, match="'age' holds category values"):
        search.find(rejected.astype({"age": str}), budget_s=60.0)


def test_accepted_rows_are_refused():
    search, people = open_search(np.random.default_rng(5))
    with pytest.raises(ValueError, match="are accepted already"):
        search.find(people, budget_s=60.0)


def test_two_searches_of_one_model_do_not_mix_up_what_they_sent(tmp_path):
    """Both send the worker the values behind their codes; those of the last one are known."""
    draw = np.random.default_rng(6)
    frame = make_frame(draw)
    label = (frame["age"] > 50).to_numpy() ^ (frame["job"] == "nurse").to_numpy()
    path = save_model("lightgbm", tmp_path, frame, label)
    turned = frame[::-1].assign(job=frame["job"].where(frame["job"] != "cook", "clerk"))
    with open_model(path, services=SERVICES) as client:
        rejected = frame[client.predict(frame)[:, 1] < 0.5].iloc[:30]

        def start(reference: pd.DataFrame, *, beside: bool) -> RecourseSearch:
            return RecourseSearch(
                client.predict, rejected, reference, ActionRules(), ReachScore(0.5),
                delta_scorer=WorkerScorer(client) if beside else None,
                generator=np.random.default_rng(0), expected=30,
            )  # fmt: skip

        searches = [start(frame, beside=True), start(turned, beside=True)]
        alone = [start(frame, beside=False), start(turned, beside=False)]
        for _ in range(2):
            for one, other in zip(searches, alone, strict=True):
                found = one.find(rejected, budget_s=60.0)
                assert found == other.find(rejected, budget_s=60.0)
                assert any(change.column == "job" for row in found for answer in row.answers
                           for change in answer.changes)  # fmt: skip
