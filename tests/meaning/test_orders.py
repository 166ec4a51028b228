"""All orders of a model's classes, codings of the data and favourable values: no score of a row is
ever read as the chance of the other outcome without a word."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xgboost
from sklearn.linear_model import LogisticRegression

from audits.core.errors import InputError
from audits.core.settings.spec import AuditSpec
from audits.data.opening import open_table
from audits.data.sql import connect
from audits.meaning.classes import UndecidedError, find_meaning
from audits.models.formats.skops import SkopsAdapter
from audits.models.formats.xgboost import load as load_xgboost
from tests.meaning.local import LocalModel

ROWS = 400
PAIRS = (
    (0, 1), (False, True), ("0", "1"), (1, 2), (-1, 1), (0.0, 1.0), ("no", "yes"), ("No", "Yes"),
    ("bad", "good"), ("n", "y"), ("denied", "approved"), ("<=50K", ">50K"),
)  # fmt: skip
CODINGS = (*PAIRS, *(pair[::-1] for pair in PAIRS))
"""How an outcome is written: first where it is rarer with rising x, then where it is more frequent;
each also the other way round."""
NUMBERED = ("first", "second")
"""Which outcome XGBoost is trained on as 1; its file keeps no names."""


def draw_outcomes(signal: float) -> tuple[np.ndarray, np.ndarray]:
    draw = np.random.default_rng(3)
    x = draw.normal(size=ROWS)
    return x, draw.random(ROWS) < 1 / (1 + np.exp(-signal * x))


@pytest.fixture(scope="module")
def x() -> np.ndarray:
    return draw_outcomes(2.0)[0]


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[object, LocalModel]:
    """By coding, models of every library as its file reads; `second` is likelier with rising x."""
    folder = tmp_path_factory.mktemp("models")
    x, second = draw_outcomes(2.0)
    frame, found = pd.DataFrame({"x": x}), dict[object, LocalModel]()
    for coding in CODINGS:
        labels = np.array(coding)[second.astype(int)]
        found[coding] = LocalModel(SkopsAdapter(LogisticRegression().fit(frame, labels), "m"))
    for name, target in zip(NUMBERED, (~second, second), strict=True):
        path = folder / f"{name}.ubj"
        xgboost.XGBClassifier(n_estimators=10, n_jobs=1).fit(frame, target).save_model(path)
        found[name] = LocalModel(load_xgboost(path, "cpu"))
    return found


def open_data(folder: Path, coding: tuple[object, object], positive: object, second: np.ndarray,
              x: np.ndarray, **model: object):  # fmt: skip
    path = folder / "d.csv"
    values = np.array(coding, dtype=object)[second.astype(int)]
    pd.DataFrame({"x": x, "y": values}).to_csv(path, index=False)
    spec = AuditSpec.model_validate({
        "audit": {"name": "orders"},
        "data": {"path": str(path), "target": "y", "positive": positive},
        "model": {"path": "m", **model},
    })  # fmt: skip
    return spec, open_table(connect(), spec, folder)


def find_truth(model: LocalModel, x: np.ndarray, *, is_second: bool) -> int:
    """Return which output rises with x, or falls: the outcome that is meant."""
    scores = model.predict(pd.DataFrame({"x": x}))
    rises = [np.corrcoef(x, scores[:, place])[0, 1] > 0 for place in (0, 1)]
    return rises.index(is_second)


@pytest.mark.parametrize("coding", CODINGS, ids=str)
@pytest.mark.parametrize("place", [0, 1])
def test_no_reading_is_the_other_way_round(
    tmp_path: Path, models: dict[object, LocalModel], x: np.ndarray, coding: tuple, place: int
) -> None:
    second = draw_outcomes(2.0)[1]
    spec, table = open_data(tmp_path, coding, coding[place], second, x)
    for name, model in models.items():
        truth = find_truth(model, x, is_second=place == 1)
        try:
            meaning = find_meaning(spec, table, model)
        except InputError as error:
            # The file has the data's own two values, but means them the other way round.
            assert name != coding
            assert "surely below one half; declare" in str(error), (name, coding)
            continue
        assert meaning.output == truth, (name, coding)
        assert meaning.classes[truth] == str(coding[place])
        assert meaning.ranking.auc > 0.5


def test_readings_that_both_fit_are_asked_about(
    tmp_path: Path, models: dict[object, LocalModel], x: np.ndarray
) -> None:
    noise = np.random.default_rng(9).random(ROWS) < 0.5
    asked = 0
    for coding, place in product(CODINGS[:12], (0, 1)):
        spec, table = open_data(tmp_path, coding, coding[place], noise, x)
        for name in NUMBERED:
            numbers = {str(v).lower().removesuffix(".0") for v in coding}
            if numbers in ({"0", "1"}, {"false", "true"}):
                continue  # the file's numbers are the data's own values
            with pytest.raises(UndecidedError) as caught:
                find_meaning(spec, table, models[name])
            one, other = (f'["{a}", "{b}"]' for a, b in (coding, coding[::-1]))
            assert one in str(caught.value)
            assert other in str(caught.value)
            assert str(caught.value).count("AUC") == 2
            assert "\n" not in str(caught.value)
            asked += 1
    assert asked == 2 * 2 * 8


@pytest.mark.parametrize("declared", [("no", "yes"), ("yes", "no")])
def test_what_is_declared_is_obeyed_and_told(
    tmp_path: Path, models: dict[object, LocalModel], x: np.ndarray, declared: tuple[str, str]
) -> None:
    second = draw_outcomes(2.0)[1]
    spec, table = open_data(tmp_path, ("no", "yes"), "yes", second, x, classes=declared)
    meaning = find_meaning(spec, table, models["second"])
    assert meaning.classes == declared
    assert meaning.output == declared.index("yes")
    (notice,) = meaning.notices
    assert ("surely below one half" in notice.text) == (declared == ("yes", "no"))


@pytest.mark.parametrize(
    ("declared", "word"),
    [(("no", "maybe"), "does not name positive = 'yes'"), (("a", "b", "yes"), "names 3 classes")],
)
def test_a_declaration_that_does_not_fit_is_refused(
    tmp_path: Path, models: dict[object, LocalModel], x: np.ndarray, declared: tuple, word: str
) -> None:
    second = draw_outcomes(2.0)[1]
    spec, table = open_data(tmp_path, ("no", "yes"), "yes", second, x, classes=declared)
    with pytest.raises(InputError, match=word):
        find_meaning(spec, table, models["second"])


def test_a_few_rows_prove_nothing(tmp_path: Path, models: dict[object, LocalModel]) -> None:
    few = np.linspace(-2, 2, 10)
    spec, table = open_data(tmp_path, ("no", "yes"), "yes", few > 0, few)
    with pytest.raises(UndecidedError, match="on 10 rows"):
        find_meaning(spec, table, models["second"])
