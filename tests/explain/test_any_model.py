"""Models without an engine of their own, through their workers: chosen, explained, named."""

import numpy as np
import pandas as pd
import pytest
import skops.io
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import PCA
from sklearn.ensemble import GradientBoostingClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from audits.core.errors import CheckNotApplicableError
from audits.explain.engine import SERVICE, Settings, prepare_explainer
from tests.explain.all_rows import compute_attributions
from tests.explain.brute_force import interventional
from tests.near import open_near


@pytest.fixture(scope="module")
def frame():
    generator = np.random.default_rng(3)
    n = 240
    return pd.DataFrame(
        {
            "age": generator.integers(18, 80, n),
            "job": generator.choice(["clerk", "nurse", "König"], n).astype(object),
            "income": generator.lognormal(8, 0.5, n).round(2),
        }
    )


@pytest.fixture(scope="module")
def target(frame):
    score = frame["age"] / 20 + (frame["job"] == "nurse") + frame["income"] / 5_000
    return np.where(score > score.median(), "yes", "no")


def encoder():
    return ColumnTransformer(
        [
            ("words", OneHotEncoder(sparse_output=False), ["job"]),
            ("numbers", StandardScaler(), ["age", "income"]),
        ]
    )


def opened(model, path):
    skops.io.dump(model, path)
    return open_near(path, services=[SERVICE])


def exact(model, rows, reference, link):
    """Brute force over raw columns, through the model's own prediction."""
    jobs = ["clerk", "nurse", "König"]
    both = [table.assign(job=table["job"].map(jobs.index)) for table in (rows, reference)]

    def predict(matrix):
        mixed = pd.DataFrame(matrix, columns=rows.columns)
        mixed["job"] = [jobs[int(code)] for code in mixed["job"]]
        return link(model.predict_proba(mixed)[:, 1])

    mine, theirs = (table.to_numpy(dtype=float) for table in both)
    return np.array([interventional(predict, row, theirs) for row in mine])


@pytest.mark.parametrize("output", ["probability", "margin"])
@pytest.mark.parametrize("mixing", [False, True], ids=["by column", "mixing columns"])
def test_sampled_values_equal_brute_force(frame, target, tmp_path, output, mixing):
    steps = [encoder(), PCA(3, random_state=0)] if mixing else [encoder()]
    model = make_pipeline(*steps, GaussianNB()).fit(frame, target)
    rows, reference = frame.iloc[:6], frame.iloc[100:140]
    settings = Settings(output=output, pairs=1_200, error=1e-9)
    with opened(model, tmp_path / "model.skops") as client:
        found = compute_attributions(client, rows, background=reference, settings=settings)
        mirror = compute_attributions(
            client, rows, background=reference,
            settings=Settings(output=output, pairs=1_200, error=1e-9, target_class=0),
        )  # fmt: skip
    link = (lambda p: p) if output == "probability" else (lambda p: np.log(p) - np.log1p(-p))
    np.testing.assert_allclose(
        found.values, exact(model, rows, reference, link), atol=2 * found.error.max() + 1e-9
    )
    assert (found.method, found.space, found.exact) == ("permutation_shap", output, False)
    assert found.additivity_error < 1e-9
    assert found.error.shape == found.values.shape
    np.testing.assert_allclose(mirror.values, -found.values, atol=1e-9)


def test_a_regression_without_an_engine(frame, tmp_path):
    model = make_pipeline(StandardScaler(), KNeighborsRegressor(3))
    rows = frame[["age", "income"]].astype(float)
    model.fit(rows, rows["age"] * 2)
    with opened(model, tmp_path / "model.skops") as client:
        found = compute_attributions(client, rows.iloc[:5], background=rows)
        np.testing.assert_allclose(found.output, client.predict(rows.iloc[:5]))
        with pytest.raises(CheckNotApplicableError, match="a regression has no probability"):
            prepare_explainer(client, rows, rows, Settings(output="probability"))
    assert found.space == "target"


def test_the_method_is_chosen_and_the_reason_is_given(frame, target, tmp_path):
    booster = make_pipeline(encoder(), GradientBoostingClassifier(n_estimators=5, random_state=0))
    booster.fit(frame, target)
    with opened(booster, tmp_path / "model.skops") as client:
        own = prepare_explainer(client, frame, frame)
        probability = prepare_explainer(client, frame, frame, Settings(output="probability"))
        with pytest.raises(CheckNotApplicableError, match="explains this model's margin, not its"):
            prepare_explainer(
                client, frame, frame, Settings(method="tree_shap", output="probability")
            )
        with pytest.raises(CheckNotApplicableError, match=r"what does: 'tree_shap', .*'permut"):
            prepare_explainer(client, frame, frame, Settings(method="deeplift"))
        with pytest.raises(CheckNotApplicableError, match=r"there are none"):
            prepare_explainer(client, frame, None, Settings(output="probability")).explain(frame)
    assert (own.method, own.space, own.why) == ("tree_shap", "margin", "")
    assert (probability.method, probability.space) == ("permutation_shap", "probability")
    assert "explains this model's margin, not its probability" in probability.why


def test_pairs_and_seed_are_followed(frame, target, tmp_path):
    model = make_pipeline(encoder(), GaussianNB()).fit(frame, target)
    rows = frame.iloc[:20]

    def run(client, **wanted):
        settings = Settings(pairs=64, error=1e-9, **wanted)
        return compute_attributions(client, rows, background=frame, settings=settings)

    with opened(model, tmp_path / "model.skops") as client:
        one, same, other = run(client), run(client), run(client, seed=1)
    np.testing.assert_array_equal(one.values, same.values)
    assert not np.array_equal(one.values, other.values)
    assert one.budget < 64 * 4 + 20  # two mixtures less than columns, each way, and the ends
