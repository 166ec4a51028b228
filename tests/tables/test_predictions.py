"""Decisions, scores, classes and values in a table, without a model: read right, or asked for."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from audits.core.errors import InputError
from audits.core.settings.spec import AuditSpec
from audits.data.opening import open_table
from audits.data.sql import connect
from audits.data.table import AuditTable
from audits.pipeline.scoring import find_cut, write_predictions

CODINGS = {
    "1/0": ("1", "0"),
    "yes/no": ("yes", "no"),
    "Yes/No": ("Yes", "No"),
    "true/false": ("true", "false"),
    "1/2": ("1", "2"),
    "1/-1": ("1", "-1"),
    "good/bad": ("good", "bad"),
    ">50K/<=50K": (">50K", "<=50K"),
    "approved/denied": ("approved", "denied"),
    "A/B": ("A", "B"),
    "T/F": ("T", "F"),
}
"""Words for "it happened" and "it did not"."""


def make_truth(rows: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return whether a good thing happened, whether it was decided or predicted (three times in
    four rightly), and a score of it."""
    draw = np.random.default_rng(seed)
    happened = draw.random(rows) < 0.45
    decided = np.where(draw.random(rows) < 0.75, happened, ~happened)
    score = np.clip(0.5 + 0.25 * (happened - 0.5) + draw.normal(0, 0.15, rows), 0, 1)
    return happened, decided, score.round(3)


def open_frame(folder: Path, frame: pd.DataFrame, data: Mapping[str, Any], given: Mapping[str, Any],
               task: str = "binary") -> tuple[AuditSpec, AuditTable]:  # fmt: skip
    frame.to_csv(folder / "d.csv", index=False)
    spec = AuditSpec.model_validate(
        {
            "audit": {"name": "x", "task": task},
            "data": {"path": "d.csv"} | data,
            "predictions": given,
        }
    )
    return spec, open_table(connect(1), spec, folder)


def read_scored(folder: Path, spec: AuditSpec, table: AuditTable) -> pd.DataFrame:
    path = folder / "predictions.parquet"
    cut = find_cut(spec, table)
    write_predictions(path, spec, table, None, table.classes, cut, lambda _: None)
    return pd.read_parquet(path)


def codes(table: AuditTable) -> set[str]:
    return {notice.code for notice in table.notices}


@pytest.mark.parametrize(("target", "label"), list(product(CODINGS, repeat=2)))
def test_no_decision_is_turned_round_in_silence(tmp_path: Path, target: str, label: str) -> None:
    """All codings of target and decision, either of the target's values favourable, decisions for
    or against it: the reading is the true one, or the audit asks."""
    happened, decided, _ = make_truth(400)
    for is_good, is_same in product((True, False), repeat=2):
        positive = CODINGS[target][0 if is_good else 1]
        favourable = decided if is_good else ~decided
        said = decided if is_same else ~decided  # what the decision's first word stands for
        frame = pd.DataFrame(
            {
                "y": np.where(happened, *CODINGS[target]),
                "d": np.where(said, *CODINGS[label]),
            }
        )
        data = {"target": "y", "positive": positive}
        try:
            _, table = open_frame(tmp_path, frame, data, {"label": "d"})
        except InputError as error:
            assert "declare [predictions] positive" in str(error)
            right = CODINGS[label][0 if is_good == is_same else 1]
            _, table = open_frame(tmp_path, frame, data, {"label": "d", "positive": right})
        found = pd.concat([batch.kept for batch in table.batches(1000)])["y_pred"].to_numpy()
        np.testing.assert_array_equal(found, favourable.astype(int))


@pytest.mark.parametrize("target", CODINGS)
@pytest.mark.parametrize(("low", "high"), [(0.0, 1.0), (300.0, 850.0), (-4.0, 4.0)])
def test_no_score_is_turned_round_in_silence(
    tmp_path: Path, target: str, low: float, high: float
) -> None:
    happened, _, score = make_truth(400)
    scaled = low + (high - low) * score
    for is_good, rises in product((True, False), repeat=2):
        frame = pd.DataFrame(
            {
                "y": np.where(happened, *CODINGS[target]),
                "s": scaled if rises else low + high - scaled,
            }
        )
        data = {"target": "y", "positive": CODINGS[target][0 if is_good else 1]}
        right = "higher" if is_good == rises else "lower"
        for direction in ({}, {"direction": "higher"}, {"direction": "lower"}):
            given = {"score": "s", "top": 0.25} | direction
            if not direction and right == "lower":
                with pytest.raises(InputError, match=r'declare .predictions. direction = "lower"'):
                    open_frame(tmp_path, frame, data, given)
                continue
            spec, table = open_frame(tmp_path, frame, data, given)
            scored = read_scored(tmp_path, spec, table)
            chosen = direction.get("direction", "higher")
            assert ("predictions.against_outcome" in codes(table)) == (chosen != right)
            order = frame["s"] if chosen == "higher" else -frame["s"]
            taken = scored["y_pred"] == 1
            assert 0 < taken.sum() <= 100
            assert order[taken].min() > order[~taken].max()


@pytest.mark.parametrize(
    ("given", "positive", "ones", "told"),
    [
        ({"positive": "0"}, "No", "0", set()),
        ({"positive": 0}, "No", "0", set()),
        ({"positive": 1}, "No", "1", {"predictions.against_outcome"}),
        ({}, "Yes", "1", set()),
        ({"positive": 1, "negative": [0, 5]}, "Yes", "1", {"predictions.unused_negative"}),
    ],
)
def test_what_is_declared_is_obeyed_and_noted(
    tmp_path: Path, given: dict[str, Any], positive: str, ones: str, told: set[str]
) -> None:
    happened, decided, _ = make_truth(400)
    frame = pd.DataFrame({"y": np.where(happened, "Yes", "No"), "d": decided.astype(int)})
    _, table = open_frame(
        tmp_path, frame, {"target": "y", "positive": positive}, {"label": "d"} | given
    )
    found = pd.concat([batch.kept for batch in table.batches(1000)])["y_pred"]
    assert (found == 1).tolist() == (frame["d"].astype(str) == ones).tolist()
    assert codes(table) == told


@pytest.mark.parametrize(("rows", "speaks"), [(12, "speaks for neither"), (400, "speaks for 'A'")])
def test_who_is_asked_gets_both_readings(tmp_path: Path, rows: int, speaks: str) -> None:
    happened, decided, _ = make_truth(rows)
    frame = pd.DataFrame({"y": np.where(happened, "Yes", "No"), "d": np.where(decided, "A", "B")})
    with pytest.raises(InputError) as refusal:
        open_frame(tmp_path, frame, {"target": "y", "positive": "Yes"}, {"label": "d"})
    line = str(refusal.value)
    agree = (happened == decided).mean()
    assert speaks in line
    assert f"{agree:.1%} of {rows} rows" in line
    assert f"{1 - agree:.1%}" in line
    assert 'positive = "A"' in line
    assert 'positive = "B"' in line


DECISIONS = ["Yes", "No", "Refer"]


@pytest.mark.parametrize(
    ("given", "ones", "rows", "message"),
    [
        ({}, 0, 0, "'Refer' (20)"),
        ({"positive": "Yes"}, 0, 0, "[predictions] negative"),
        ({"positive": "Yes", "negative": ["No"]}, 0, 0, "[predictions] drop"),
        ({"positive": "Yes", "negative": ["No", "Refer"]}, 20, 60, ""),
        ({"positive": "Yes", "negative": ["No"], "drop": "Refer"}, 20, 40, ""),
        ({"drop": ["Refer"]}, 20, 40, ""),
        ({"positive": "Maybe"}, 0, 0, "positive = 'Maybe' is not a value"),
    ],
)
def test_a_third_decision_is_declared_or_refused(
    tmp_path: Path, given: dict[str, Any], ones: int, rows: int, message: str
) -> None:
    frame = pd.DataFrame({"y": ["Yes", "No"] * 30, "d": DECISIONS * 20})
    data = {"target": "y", "positive": "Yes"}
    if message:
        with pytest.raises(InputError) as refusal:
            open_frame(tmp_path, frame, data, {"label": "d"} | given)
        assert message in str(refusal.value)
        return
    _, table = open_frame(tmp_path, frame, data, {"label": "d"} | given)
    found = pd.concat([batch.kept for batch in table.batches(1000)])["y_pred"]
    assert len(found) == table.rows == rows
    assert found.sum() == ones


@pytest.mark.parametrize(
    ("name", "values", "given", "accepted"),
    [
        ("hired", [1, 0], {}, True),
        ("rejected", [1, 0], {}, True),
        ("d", [1, 0], {}, False),
        ("d", ["Yes", "No"], {}, False),
        ("d", ["approved", "denied"], {}, True),
        ("rejected", [1, 0], {"positive": 0}, True),
    ],
)
def test_without_outcomes_only_plain_words_are_read(
    tmp_path: Path, name: str, values: list[Any], given: dict[str, Any], accepted: bool
) -> None:
    frame = pd.DataFrame({name: values * 20})
    if not accepted:
        with pytest.raises(InputError, match=r"declare .predictions. positive"):
            open_frame(tmp_path, frame, {}, {"label": name} | given)
        return
    _, table = open_frame(tmp_path, frame, {}, {"label": name} | given)
    assert codes(table) == (set() if given else {"predictions.positive_by_words"})
    found = pd.concat([batch.kept for batch in table.batches(1000)])["y_pred"]
    assert found.tolist() == ([0, 1] if name == "rejected" else [1, 0]) * 20


@pytest.mark.parametrize(("name", "asks"), [("score", False), ("risk", True), ("p_default", True)])
def test_without_outcomes_a_score_of_harm_is_asked_about(
    tmp_path: Path, name: str, asks: bool
) -> None:
    frame = pd.DataFrame({name: np.linspace(0, 1, 40)})
    if asks:
        with pytest.raises(InputError, match=r"declare .predictions. direction"):
            open_frame(tmp_path, frame, {}, {"score": name})
    spec, table = open_frame(tmp_path, frame, {}, {"score": name, "direction": "lower"})
    scored = read_scored(tmp_path, spec, table)
    assert scored["y_pred"].tolist() == (frame[name] <= 0.5).astype(int).tolist()


@pytest.mark.parametrize(
    ("given", "chosen"),
    [
        ({"threshold": 620}, lambda s: s >= 620),
        ({"threshold": 620, "direction": "higher"}, lambda s: s >= 620),
        ({"threshold": 620, "direction": "lower"}, lambda s: s <= 620),
        ({"top": 0.2}, lambda s: s.rank(ascending=False, method="max") <= 0.2 * len(s)),
        ({"top": 0.2, "direction": "lower"}, lambda s: s.rank(method="max") <= 0.2 * len(s)),
        ({"threshold": 300}, lambda s: s >= 300),
        ({"threshold": 850}, lambda s: s >= 850),
    ],
)
def test_scores_on_their_own_scale(tmp_path: Path, given: dict[str, Any], chosen: Any) -> None:
    points = pd.Series(np.random.default_rng(1).integers(300, 851, 500))
    points[:2] = [300, 850]
    spec, table = open_frame(tmp_path, pd.DataFrame({"s": points}), {}, {"score": "s"} | given)
    scored = read_scored(tmp_path, spec, table)
    assert scored["y_pred"].tolist() == chosen(points).astype(int).tolist()
    assert scored["y_score"].between(0, 1).all()
    assert table.scale is not None
    back = [table.scale.from_unit(place) for place in scored["y_score"]]
    np.testing.assert_allclose(back, points)
    assert codes(table) == {"predictions.scale"}


@pytest.mark.parametrize(
    ("scores", "given", "message"),
    [
        ([300, 600, 850], {}, "go from 300 to 850, beyond 0 and 1"),
        ([0.1, 0.5, 1.2], {}, "beyond 0 and 1"),
        ([300, 600, 850], {"threshold": 0.5}, "threshold = 0.5 lies outside the scores"),
        ([0.1, 0.5, 0.9], {"threshold": 50}, "threshold = 50 lies outside the scores"),
        ([5, 5, 5], {"top": 0.5}, "are all 5"),
        ([0.1, None, 0.9], {}, "row 2 has no score"),
        ([0.1, "nan", 0.9], {}, "row 2 has no score"),
        ([0.1, "inf", 0.9], {}, "row 2 has the score inf"),
        ([0.1, "high", 0.9], {}, "holds text values, not numbers"),
        ([-1e300, 0.25, 0.75], {"threshold": 0.5}, "cannot be told from the threshold"),
        ([1e308, -1e308, 0.75], {"top": 0.5}, "too far apart"),
    ],
)
def test_scores_that_cannot_be_used(
    tmp_path: Path, scores: list[Any], given: dict[str, Any], message: str
) -> None:
    frame = pd.DataFrame({"s": scores * 10})
    with pytest.raises(InputError) as refusal:
        open_frame(tmp_path, frame, {}, {"score": "s"} | given)
    assert message in str(refusal.value)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    ("task", "given", "message"),
    [
        ("multiclass", {"score": "s"}, "score is not for task = 'multiclass', which needs label"),
        ("regression", {"label": "s"}, "label is not for task = 'regression', which needs value"),
        ("binary", {"value": "s"}, "value is not for task = 'binary'"),
        ("binary", {"scores": {"a": "s"}}, "scores is not for task = 'binary'"),
        ("binary", {"label": "s", "direction": "lower"}, "direction is of score"),
        ("binary", {"score": "s", "positive": 1}, "are values of label"),
        ("binary", {}, "needs label"),
    ],
)
def test_each_task_has_settings_of_its_own(task: str, given: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        AuditSpec.model_validate(
            {
                "audit": {"name": "x", "task": task},
                "data": {"path": "d.csv", "target": "y", "positive": 1},
                "predictions": given,
            }
        )


CLASSES = ["blue", "green", "red"]


def make_classes(rows: int = 300) -> pd.DataFrame:
    draw = np.random.default_rng(3)
    true = draw.integers(0, 3, rows)
    weights = np.exp(draw.normal(0, 1, (rows, 3)) + 1.5 * np.eye(3)[true])
    shares = weights / weights.sum(axis=1, keepdims=True)
    frame = pd.DataFrame({"y": np.array(CLASSES)[true], "sex": draw.choice(["F", "M"], rows)})
    frame["p"] = np.array(CLASSES)[shares.argmax(axis=1)]
    frame["code"] = shares.argmax(axis=1)
    return frame.join(pd.DataFrame(shares, columns=[f"p_{name}" for name in CLASSES]))


SCORES = {name: f"p_{name}" for name in CLASSES}
SPELLED = {"code": {name: [str(k)] for k, name in enumerate(CLASSES)}}


@pytest.mark.parametrize(
    ("given", "data"),
    [
        ({"label": "p"}, {}),
        ({"label": "p", "scores": SCORES}, {}),
        ({"scores": SCORES}, {}),
        ({"label": "code"}, {"spellings": SPELLED}),
    ],
)
def test_classes_without_a_model(tmp_path: Path, given: Any, data: dict[str, Any]) -> None:
    frame = make_classes()
    spec, table = open_frame(tmp_path, frame, {"target": "y"} | data, given, "multiclass")
    assert table.classes == tuple(CLASSES)
    scored = read_scored(tmp_path, spec, table)
    assert scored["y_true"].tolist() == frame["y"].tolist()
    assert scored["y_pred"].tolist() == frame["p"].tolist()
    assert ("y_score[red]" in scored) == ("scores" in given)


@pytest.mark.parametrize(
    ("change", "given", "message"),
    [
        ({}, {"label": "code"}, "has no class of target 'y'"),
        ({"p": "Red"}, {"label": "p"}, "has no class of target 'y'"),
        ({"p": ["Red", "red", "blue"] * 100}, {"label": "p"}, "differ only by case"),
        ({}, {"scores": {"red": "p_red"}}, "no column for the class 'blue'"),
        ({}, {"scores": SCORES | {"red": "p"}}, "holds text values"),
        ({"p_red": 0.9}, {"scores": SCORES}, "of row 1 are no probabilities"),
        ({"p": None}, {"label": "p"}, "'p' has no values at all"),
    ],
)
def test_classes_that_do_not_fit(
    tmp_path: Path, change: dict[str, Any], given: Any, message: str
) -> None:
    frame = make_classes().assign(**change)
    with pytest.raises(InputError) as refusal:
        open_frame(tmp_path, frame, {"target": "y"}, given, "multiclass")
    assert message in str(refusal.value)


def test_a_class_that_nobody_has_is_told(tmp_path: Path) -> None:
    frame = make_classes()
    frame.loc[:4, "p"] = "violet"
    _, table = open_frame(tmp_path, frame, {"target": "y"}, {"label": "p"}, "multiclass")
    assert table.classes == (*CLASSES, "violet")
    assert codes(table) == {"predictions.unknown_classes"}


def test_predicted_numbers_without_a_model(tmp_path: Path) -> None:
    frame = pd.DataFrame({"y": np.arange(50.0), "p": np.arange(50.0) + 0.5, "text": "x"})
    spec, table = open_frame(tmp_path, frame, {"target": "y"}, {"value": "p"}, "regression")
    scored = read_scored(tmp_path, spec, table)
    assert (scored["y_pred"] - scored["y_true"]).tolist() == [0.5] * 50
    with pytest.raises(InputError, match="'text' holds text values, not numbers"):
        open_frame(tmp_path, frame, {"target": "y"}, {"value": "text"}, "regression")
    frame.loc[3, "p"] = np.inf
    with pytest.raises(InputError, match="row 4 has the prediction inf"):
        open_frame(tmp_path, frame, {"target": "y"}, {"value": "p"}, "regression")
    frame.loc[3, "p"] = None
    with pytest.raises(InputError, match="row 4 has no prediction"):
        open_frame(tmp_path, frame, {"target": "y"}, {"value": "p"}, "regression")
