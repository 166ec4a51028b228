"""A whole audit with every kind of rule at once, by engine: the oracle is plain Python on the
evidence as it stands on disk."""

from __future__ import annotations

from pathlib import Path

import lightgbm as lgb
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from audits.checks.recourse.counterfactuals import RECOURSE
from audits.checks.recourse.fairness import RECOURSE_FAIRNESS
from audits.core.counterfactual import Counterfactual, NoRecourse
from audits.core.report.report import CheckStatus
from audits.pipeline.run import run_audit
from audits.recourse.tables import read_counterfactuals, read_no_recourse
from tests.near import open_near

LEVELS = {"school": 5, "college": 9, "master": 13}
TEXT = """
[audit]
name = "Loans"
[data]
path = "rows.csv"
target = "paid"
positive = 1
protected = ["region"]
id = "person"
[model]
path = "model.txt"
[recourse]
engine = "{engine}"
rows = 1000
answers = 2
increase_only = ["age"]
rules = ["years <= age - 16", "if housing changes then amount falls"]
overrides = "overrides.csv"
max_distance = 0.25
[recourse.steps]
amount = 200
[recourse.transitions]
housing = ["rent -> own"]
[recourse.links]
education = "education_num"
[recourse.costs]
amount = 0.001
"""


def make_people(draw: np.random.Generator, n: int = 700) -> pd.DataFrame:
    age = draw.integers(18, 66, n)
    level = draw.choice(list(LEVELS), n)
    frame = pd.DataFrame(
        {
            "person": [f"p{i}" for i in range(n)],
            "region": draw.choice(["north", "south"], n),
            "age": age,
            "years": np.clip(age - 18 - draw.integers(0, 30, n), 0, None),
            "amount": draw.integers(1, 45, n) * 200,
            "education": level,
            "education_num": [LEVELS[name] for name in level],
            "housing": draw.choice(["rent", "own"], n),
        }
    )
    wrong = draw.random(n) < 0.05  # these break the first rule as they are
    frame.loc[wrong, "years"] = frame.loc[wrong, "age"] - 10
    worth = (
        frame["years"] / 10
        - frame["amount"] / 2_000
        + frame["education_num"] / 4
        + (frame["housing"] == "own")
    )
    frame["paid"] = (worth + draw.normal(0, 0.5, n) > 2.5).astype(int)
    return frame


def audit(folder: Path, engine: str):
    rows = make_people(np.random.default_rng(5))
    features = rows.drop(columns=["person", "region", "paid"])
    typed = features.astype({"education": "category", "housing": "category"})
    settings = {"objective": "binary", "verbose": -1, "num_threads": 1, "seed": 0}
    lgb.train(settings, lgb.Dataset(typed, rows["paid"]), 30).save_model(folder / "model.txt")
    rows.to_csv(folder / "rows.csv", index=False)
    lines = [f"p{i},housing,true,," for i in range(0, 700, 3)]
    lines += [f"p{i},amount,,1000,3000" for i in range(1, 700, 3)]
    hard = [i for i in range(700) if i % 3 == 2 and i % 2]
    lines += [f"p{i},{name},true,," for i in hard for name in ("amount", "education", "housing")]
    text = "\n".join(["row,column,immutable,low,high", *lines])
    (folder / "overrides.csv").write_text(text, encoding="utf-8")
    (folder / "audit.toml").write_text(TEXT.format(engine=engine), encoding="utf-8")
    checks = (RECOURSE, RECOURSE_FAIRNESS)
    bundle = run_audit(folder / "audit.toml", folder / "run", device="cpu", checks=checks)
    assert [check.status for check in bundle.report.checks] == [CheckStatus.MEASURED] * 2
    return bundle, rows.set_index("person")


def find_violations(before: dict, answer: Counterfactual) -> list[str]:
    """Every rule of the audit, written down a second time."""
    new, number = answer.values, int(answer.row[1:])
    moved = {name for name in new if new[name] != before[name]}
    over = [max(0, row["years"] - row["age"] + 16) for row in (before, new)]
    followed = LEVELS[new["education"]] if "education" in moved else before["education_num"]
    rules = {
        "told": moved == {change.column for change in answer.changes} != set(),
        "age": new["age"] >= before["age"],
        "years": over[1] <= over[0],
        "housing with amount": "housing" not in moved or new["amount"] < before["amount"],
        "housing": "housing" not in moved or before["housing"] == "rent",
        "amount": "amount" not in moved or new["amount"] % 200 == 0,
        "link": new["education_num"] == followed,
        "fixed": number % 3 != 0 or "housing" not in moved,
        "range": number % 3 != 1 or "amount" not in moved or 1000 <= new["amount"] <= 3000,
        "hard": number % 6 != 5 or moved <= {"age", "years"},
        "near": answer.distance is not None and answer.distance <= 0.25,
        "few": len(moved - {"education_num"}) <= 3,
    }
    return [name for name, kept in rules.items() if not kept]


@pytest.mark.parametrize("engine", ["nearest", "search"])
def test_every_answer_keeps_every_rule_and_nothing_is_proven_under_links(tmp_path, engine):
    bundle, rows = audit(tmp_path, engine)
    table = pq.read_table(bundle.path / "evidence/counterfactuals.parquet")
    answers = read_counterfactuals(table)
    assert len({answer.row for answer in answers}) > 100
    for answer in answers:
        assert find_violations(rows.loc[answer.row].to_dict(), answer) == [], answer
    led = [x for x in answers if any(c.column == "education_num" for c in x.changes)]
    assert led
    with open_near(tmp_path / "model.txt") as client:
        frame = table.to_pandas()[list(client.info.features)]
        assert (client.predict(frame)[:, 1] >= 0.5).all()

    none = read_no_recourse(pq.read_table(bundle.path / "evidence/no_recourse.parquet"))
    assert len(none) > 10
    for item in none:
        assert not item.proven
        assert "not proven: columns move together" in item.searched
    check_costs(bundle, answers, none)


def check_costs(bundle, answers: tuple[Counterfactual, ...], none: tuple[NoRecourse, ...]) -> None:
    """What follows costs nothing, here and in the comparison of groups; acts are counted."""
    burden = pq.read_table(bundle.path / "evidence/burden.parquet").to_pandas().set_index("row")
    assert len(burden) == len({answer.row for answer in answers}) + len(none)
    assert (burden["cost[education_num]"].dropna() == 0).all()
    least: dict[str, Counterfactual] = {}
    for answer in sorted(answers, key=lambda one: (one.cost, one.rank)):
        least.setdefault(answer.row, answer)
    for row, answer in least.items():
        assert burden.loc[row, "cost"] == pytest.approx(answer.cost)
        paid = sum(abs(c.new - c.old) * 0.001 for c in answer.changes if c.column == "amount")
        assert burden.loc[row, "cost[amount]"] == pytest.approx(paid)
    acts = [
        sum(change.column != "education_num" for change in answer.changes)
        for answer in answers
        if answer.rank == 0
    ]
    (said,) = [m for m in bundle.report.find("recourse_changes") if m.attribute is None]
    assert said.value == pytest.approx(np.mean(acts))
