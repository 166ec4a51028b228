"""Effects of one column: against scikit-learn, formulas known by hand and brute force."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import make_column_transformer
from sklearn.ensemble import GradientBoostingRegressor, RandomForestClassifier
from sklearn.inspection import partial_dependence
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

from audits.explain.effects.effects import QUANTILES, Effect, compute_effects, compute_row_budget
from audits.explain.effects.grid import MISSING_TEXT, Grid, NoEffect, build_grid


def make_frame(n=400, seed=0):
    rng = np.random.default_rng(seed)
    age = rng.integers(18, 80, n)
    return pd.DataFrame(
        {
            "age": age,
            "income": np.exp(7 + 0.01 * age + rng.normal(0, 0.4, n)),
            "member": rng.random(n) < 0.4,
            "town": rng.choice(["Ørsted", "Hill", "Port"], n, p=[0.6, 0.3, 0.1]),
        }
    )


def effects_of(function, frame, rows=10**6, points=20, seed=0):
    found = compute_effects(
        function, frame, np.random.default_rng(seed), dependence_rows=rows, points=points
    )
    return dict(zip(frame.columns, found, strict=True))


@pytest.fixture(scope="module")
def fitted():
    frame = make_frame()
    rng = np.random.default_rng(1)
    y = 0.02 * frame["age"] + np.log(frame["income"]) + frame["member"] + rng.normal(0, 0.5, 400)
    columns = make_column_transformer((OneHotEncoder(), ["town"]), remainder="passthrough")
    regressor = make_pipeline(columns, GradientBoostingRegressor(random_state=0)).fit(frame, y)
    classifier = make_pipeline(columns, RandomForestClassifier(30, random_state=0))
    return frame, regressor, classifier.fit(frame, y > y.median())


@pytest.mark.parametrize("kind", ["regressor", "classifier"])
def test_dependence_is_scikit_learns(fitted, kind):
    frame, regressor, classifier = fitted
    model = regressor if kind == "regressor" else classifier
    predict = model.predict if kind == "regressor" else lambda f: model.predict_proba(f)[:, 1]
    found = effects_of(predict, frame)
    for name, effect in found.items():
        values = frame[name].iloc[effect.grid.sources].to_numpy()
        expected = partial_dependence(
            model, frame, [name], kind="both", method="brute", custom_values={name: values},
            response_method="auto" if kind == "regressor" else "predict_proba",
            categorical_features=["age", "member", "town"],  # it refuses whole numbers otherwise
        )  # fmt: skip
        np.testing.assert_allclose(effect.dependence, expected["average"][0], rtol=0, atol=1e-10)
        curves = expected["individual"][0]
        centred = np.quantile(curves - curves[:, :1], QUANTILES, axis=0).T
        np.testing.assert_allclose(effect.ice, centred, rtol=0, atol=1e-10)
        error = curves.std(axis=0, ddof=1) / np.sqrt(len(curves))
        np.testing.assert_allclose(effect.high - effect.dependence, 1.966 * error, rtol=1e-3)


def brute_force_ale(function, frame, name, edges):
    """Return the effect by a loop over rows, as the paper's formula (15) reads."""
    steps = [[] for _ in edges[1:]]
    for position in range(len(frame)):
        row = frame.iloc[[position]]
        value = row[name].iloc[0]
        if pd.isna(value):
            continue
        cell = next(k for k in range(len(steps)) if value <= edges[k + 1])
        high = function(row.assign(**{name: edges[cell + 1]}))[0]
        steps[cell].append(high - function(row.assign(**{name: edges[cell]}))[0])
    summed = [0.0]
    for cell in steps:
        summed.append(summed[-1] + sum(cell) / len(cell))
    middle = sum(len(cell) * (summed[k] + summed[k + 1]) / 2 for k, cell in enumerate(steps)) / sum(
        map(len, steps)
    )
    return np.array(summed) - middle


def test_accumulated_effect_is_brute_forces(fitted):
    frame, regressor, _ = fitted
    frame = frame.head(120)
    found = effects_of(regressor.predict, frame, points=7)
    for name in ("age", "income", "member"):
        effect = found[name]
        expected = brute_force_ale(
            regressor.predict, frame, name, list(frame[name].iloc[effect.grid.sources])
        )
        np.testing.assert_allclose(effect.accumulated.value, expected, rtol=0, atol=1e-10)
    assert found["town"].accumulated is None


def test_accumulated_effect_of_a_sum_is_the_part_itself():
    frame = make_frame(2000)
    found = effects_of(
        lambda f: 3 * f["age"].to_numpy(float) - f["income"].to_numpy() ** 0.5, frame
    )
    effect = found["age"]
    edges = effect.grid.numbers
    # A line has the same step everywhere: no interval is left.
    np.testing.assert_allclose(np.diff(effect.accumulated.value), 3 * np.diff(edges), atol=1e-9)
    assert effect.accumulated_range.value == pytest.approx(3 * np.ptp(edges))
    counts = effect.grid.n
    middles = np.append(counts[0] + counts[1], counts[2:]) @ (
        effect.accumulated.value[1:] + effect.accumulated.value[:-1]
    )
    assert abs(middles) < 1e-6


def test_correlated_product_where_dependence_misleads():
    """x1 * x2 with x2 = x1 + noise: the local effect of x1 is the sum of E[x2 | x1] = x1, so
    half its square, the partial dependence is E[x2] * x1 = 0 (Apley and Zhu, section 3)."""
    rng = np.random.default_rng(3)
    x1 = rng.uniform(-1, 1, 20_000)
    frame = pd.DataFrame({"x1": x1, "x2": x1 + rng.normal(0, 0.05, len(x1))})
    found = effects_of(lambda f: (f["x1"] * f["x2"]).to_numpy(), frame, points=40)["x1"]
    edges, ale = found.grid.numbers, found.accumulated
    expected = edges**2 / 2 - 1 / 6
    np.testing.assert_allclose(ale.value, expected, atol=0.01)
    assert np.mean((ale.low <= expected + 1e-3) & (expected - 1e-3 <= ale.high)) > 0.8
    assert np.abs(found.dependence).max() < 0.02
    assert found.dependence_range.value < 0.04
    assert found.accumulated_range.low > 0.4


def test_missing_values_are_a_point_of_their_own():
    frame = make_frame()
    frame["age"] = frame["age"].astype(float).where(np.arange(400) % 5 > 0)
    frame["town"] = frame["town"].where(np.arange(400) % 4 > 0)

    def answer(rows):
        return np.where(rows["age"].isna(), 7.0, rows["age"].fillna(0) / 10) + rows["town"].isna()

    found = effects_of(answer, frame)
    age, town = found["age"], found["town"]
    assert age.grid.texts[-1] == town.grid.texts[-1] == MISSING_TEXT
    assert age.grid.n[-1] == 80
    assert town.grid.n[-1] == 100
    assert age.grid.n.sum() == town.grid.n.sum() == 400
    assert age.dependence[-1] == pytest.approx(7.25)
    assert town.dependence[-1] - town.dependence[0] == pytest.approx(1.0)
    assert age.accumulated_rows == 320
    assert len(age.accumulated.value) == age.grid.known == len(age.grid.texts) - 1


def test_grid_counts_by_hand():
    grid = build_grid(pd.Series([1, 1, 2, 5, 5, 5, 9], name="x"))
    assert grid.texts == ("1", "2", "5", "9")
    assert list(grid.n) == [2, 1, 3, 1]
    assert list(grid.sources) == [0, 2, 3, 6]
    coarse = build_grid(pd.Series(np.arange(100.0), name="x"), points=5)
    assert list(coarse.numbers) == [0, 24, 49, 74, 99]
    assert list(coarse.n) == [1, 24, 25, 25, 25]
    words = build_grid(pd.Series([*"aabbbcd"], name="x"), categories=2)
    assert (words.texts, list(words.n), words.left_out) == (("b", "a"), [3, 2], 2)
    flags = build_grid(pd.Series([True, None, False, True], name="x", dtype=object))
    assert (flags.kind, flags.texts, list(flags.n)) == (
        "boolean",
        ("no", "yes", MISSING_TEXT),
        [1, 2, 1],
    )
    typed = build_grid(
        pd.Series(["u", "v", "u"], name="x", dtype=pd.CategoricalDtype(["v", "u", "w"]))
    )
    assert (typed.kind, typed.texts) == ("category", ("u", "v"))


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ([3, 3, 3], "one value only (3)"),
        ([None, None, None], "no values at all"),
        ([np.nan, np.nan, np.nan], "no values at all"),
        (["a", "a", "a"], "one value only (a)"),
        ([np.inf, np.inf, np.inf], "one value only"),
        (pd.to_datetime(["2024-01-01", "2024-01-02", "2024-01-03"]), "dates"),
    ],
)
def test_columns_without_an_effect_say_why(values, reason):
    found = build_grid(pd.Series(values, name="x"))
    assert isinstance(found, NoEffect)
    assert reason in found.reason


def test_one_row_and_one_value_with_missing_ones():
    one = effects_of(lambda f: f["x"].to_numpy(float), pd.DataFrame({"x": [1.0], "y": ["a"]}))
    assert all(isinstance(item, NoEffect) for item in one.values())
    frame = pd.DataFrame({"x": [4.0, np.nan]})
    effect = effects_of(lambda f: f["x"].isna().to_numpy(float), frame)["x"]
    assert effect.accumulated is None
    assert list(effect.dependence) == [0.0, 1.0]


def test_many_columns_are_asked_for_in_few_calls():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(100, 500)), columns=[f"c{i}" for i in range(500)])
    sizes = []

    def answer(rows):
        sizes.append(len(rows))
        return rows["c3"].to_numpy() * 2

    found = effects_of(answer, frame, points=10)
    asked = 500 * (10 * 100 + 2 * 100)
    assert sum(sizes) == asked
    assert max(sizes) <= 16_000
    assert len(sizes) <= asked // 16_000 + 5
    assert [name for name, one in found.items() if one.dependence_range.value > 0] == ["c3"]
    flat = found["c7"].dependence_range
    assert flat.low == flat.value == pytest.approx(0, abs=1e-12)
    assert flat.high < 1e-12


def test_wide_data_is_looked_at_on_fewer_rows():
    assert compute_row_budget(14, 2000, 2_000_000, 21) == 2000
    assert compute_row_budget(100, 2000, 2_000_000, 21) == 952
    assert compute_row_budget(500, 10_000, 1_000_000, 2) == 600  # 300 million values
    assert compute_row_budget(5000, 2000, 2_000_000, 21) == 100
    assert compute_row_budget(5000, 30, 2_000_000, 21) == 30


def test_rows_are_drawn_by_the_generator():
    frame = make_frame()
    first, again, other = (
        effects_of(lambda f: f["age"] * f["income"].to_numpy(), frame, rows=50, seed=seed)["age"]
        for seed in (1, 1, 2)
    )
    assert first.dependence_rows == 50
    np.testing.assert_array_equal(first.dependence, again.dependence)
    assert first.dependence_range == again.dependence_range
    assert not np.array_equal(first.dependence, other.dependence)
    assert first.accumulated_rows == 400


def test_intervals_cover():
    """2,000 answers are the population; samples of 200 rows cover its curve and its range."""
    whole = make_frame(6000, seed=9)
    whole["member"] = whole["member"].astype(int)

    def answer(rows):
        return np.sin(rows["age"] / 12) * rows["income"].to_numpy() / 1000 + rows["member"]

    grid = build_grid(whole["age"], points=6)
    texts = grid.texts
    truth = np.array([answer(whole.assign(age=whole["age"].iloc[s])).mean() for s in grid.sources])
    inside, ranges = [], []
    for seed in range(150):
        rows = whole.sample(200, random_state=seed)
        rows = pd.concat([rows, whole.iloc[grid.sources]])  # so that the grids can be compared
        effect = compute_effects(
            answer, rows, np.random.default_rng(seed), features=["age"], points=100
        )[0]
        places = [effect.grid.texts.index(text) for text in texts]
        inside.append((effect.low[places] <= truth) & (truth <= effect.high[places]))
        curve = effect.dependence_range
        true_curve = np.array(
            [answer(whole.assign(age=rows["age"].iloc[s])).mean() for s in effect.grid.sources]
        ) if seed < 60 else None  # fmt: skip
        if true_curve is not None:
            ranges.append(curve.low <= np.ptp(true_curve) <= curve.high)
    assert 0.91 < np.mean(inside) < 0.985
    assert np.mean(ranges) >= 0.93


def test_kinds_are_typed():
    assert isinstance(build_grid(make_frame()["age"]), Grid)
    assert isinstance(effects_of(lambda f: f["age"].to_numpy(float), make_frame())["age"], Effect)
