"""Hard data through every check that the cube answers: a number, or a reason, and never NaN."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest

from audits.checks.base import CubeContext
from audits.checks.builtin import CUBE_CHECKS
from audits.core.errors import CheckNotApplicableError
from audits.core.report.measurement import Measurement
from audits.core.settings.spec import AuditSpec

SPEC = AuditSpec.model_validate(
    {
        "audit": {"name": "edge"},
        "data": {"path": "rows", "target": "y", "positive": 1, "protected": ["sex", "race"],
                 "legitimate": ["dept"]},
        "predictions": {"label": "p", "score": "s"},
    }
)  # fmt: skip


def make(n: int = 400, **columns: object) -> pd.DataFrame:
    draw = np.random.default_rng(0)
    score = draw.random(n).round(3)
    rows = pd.DataFrame(
        {
            "y_true": (draw.random(n) < score).astype(np.int32),
            "y_pred": (score > 0.5).astype(np.int32),
            "y_score": score,
            "sex": draw.choice(["Female", "Male"], n),
            "race": draw.choice(["a", "b", "c"], n),
            "dept": draw.choice(["x", "y"], n),
        }
    )
    return rows.assign(**columns)


CASES = {
    "all positive": make(y_true=1),
    "all negative": make(y_true=0),
    "nobody selected": make(y_pred=0, y_score=0.2),
    "everybody selected": make(y_pred=1, y_score=0.9),
    "one row": make(1),
    "two rows": make(2),
    "one group": make(sex="only"),
    "every row its own group": make(200, sex=[f"g{i}" for i in range(200)]),
    "500 groups": make(4000, sex=[f"g{i % 500}" for i in range(4000)], race="x"),
    "strange names": make(sex=np.where(np.arange(400) % 2, "", "(missing)"),
                          race=np.where(np.arange(400) % 3, "né & à", "日本 | x")),
    "weights of zero": make(weight=0.0),
    "some weights of zero": make(weight=(np.arange(400) % 2).astype(float)),
    "a weight that outweighs all": make(weight=np.r_[1e12, np.ones(399)]),
    "no true outcome": make().drop(columns="y_true"),
    "no scores": make().drop(columns="y_score"),
    "outcomes of half the rows": make().assign(
        y_true=lambda f: f.y_true.astype("Int32").where(f.index % 2 == 0)
    ),
    "a group without outcomes": make().assign(
        y_true=lambda f: f.y_true.astype("Int32").where(f.race != "b")
    ),
    "scores of 0 and 1": make().assign(y_score=lambda f: f.y_pred.astype(float)),
    "a perfect model": make().assign(y_score=lambda f: f.y_true.astype(float),
                                     y_pred=lambda f: f.y_true),
}  # fmt: skip


def measure(context: CubeContext) -> list[Measurement]:
    found: list[Measurement] = []
    for check in CUBE_CHECKS:
        try:
            found += check.compute(context).measurements
        except CheckNotApplicableError as error:
            assert str(error)
    return found


@pytest.mark.parametrize("case", CASES)
def test_every_number_is_a_number_or_has_a_reason(count, case: str) -> None:
    cube = count(CASES[case], attributes=("sex", "race", "dept"), threshold=None)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = measure(CubeContext(SPEC, cube))
    assert found
    ids = [item.id for item in found]
    assert len(ids) == len(set(ids))
    for item in found:
        if item.estimate is None:
            assert item.unavailable.reason
        else:
            ends = (item.estimate.value, item.estimate.low, item.estimate.high)
            assert np.isfinite(ends).all(), item
            assert item.estimate.low <= item.estimate.value <= item.estimate.high, item
        again = Measurement.model_validate_json(item.model_dump_json())
        assert again == item
