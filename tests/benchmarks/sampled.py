"""`make bench`: sampled Shapley values beside shap's samplers, at equal error, in the same run.

Exact values come from all 2^14 subsets of fourteen columns. Each of shap's explainers runs once; then
ours runs with growing budgets until its error is no larger, and the times are compared."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable
from itertools import product
from math import factorial

import numpy as np
import shap
from sklearn.datasets import make_classification
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.neural_network import MLPClassifier

from audits.explain.sampled.blend import MatrixBlender
from audits.explain.sampled.engine import Budget, SampledShapley, compute_permutation_shap
from audits.models.adapters.adapter import Encoded

COLUMNS, ROWS, REFERENCE = 14, 8, 100
PAIRS = (32, 48, 64, 80, 100, 150, 200, 300, 400, 600, 800, 1_200, 1_600, 2_400)
TARGET = 5.0

Predict = Callable[[np.ndarray], np.ndarray]


def compute_exact(predict: Predict, rows: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """Return the Shapley values by their definition."""
    masks = np.array(list(product([False, True], repeat=COLUMNS)))
    size = masks.sum(axis=1)
    shares = np.array(
        [factorial(s) * factorial(COLUMNS - s - 1) / factorial(COLUMNS) for s in range(COLUMNS)]
    )
    code = masks @ (1 << np.arange(COLUMNS))
    found = np.empty((len(rows), COLUMNS))
    for position, row in enumerate(rows):
        worth = np.zeros(len(masks))
        for other in reference:
            worth[code] += predict(np.where(masks, row, other)) / len(reference)
        for player in range(COLUMNS):
            without = np.flatnonzero(~masks[:, player])
            weight = shares[size[without]]
            gained = worth[code[without] + (1 << player)] - worth[code[without]]
            found[position, player] = weight @ gained
    return found


def explain(
    predict: Predict, rows: np.ndarray, reference: np.ndarray, pairs: int
) -> SampledShapley:
    owner = np.arange(COLUMNS)
    blender = MatrixBlender(
        predict, lambda answer, _: answer, Encoded(rows, owner), Encoded(reference, owner), COLUMNS
    )
    generator = np.random.default_rng(0)
    return compute_permutation_shap(
        blender, len(rows), len(reference), Budget(pairs, 0.0), generator
    )


def run_shap(name: str, predict: Predict, rows: np.ndarray, reference: np.ndarray) -> np.ndarray:
    if name.startswith("Permutation"):
        masker = shap.maskers.Independent(reference, max_samples=len(reference))
        explainer = shap.PermutationExplainer(predict, masker, seed=0)
        return np.asarray(explainer(rows, silent=True).values)
    explainer = shap.KernelExplainer(predict, reference)
    samples: str | int = "auto" if name == "KernelExplainer" else 200
    return np.asarray(explainer.shap_values(rows, nsamples=samples, silent=True))


def compare(model: str, predict: Predict, data: np.ndarray) -> float:
    """Print one model's lines; return the smallest ratio of times."""
    rows, reference = data[1_000 : 1_000 + ROWS], data[:REFERENCE]
    exact = compute_exact(predict, rows, reference)
    ours: list[tuple[int, float, float, float]] = []
    for pairs in PAIRS:
        started = time.perf_counter()
        found = explain(predict, rows, reference, pairs)
        seconds = time.perf_counter() - started
        miss = found.values - exact
        inside = float((np.abs(miss) <= found.error + 1e-12).mean())
        ours.append((pairs, float(np.sqrt((miss**2).mean())), seconds, inside))
    least = np.inf
    for name in ("PermutationExplainer", "KernelExplainer, 200 samples", "KernelExplainer"):
        started = time.perf_counter()
        values = run_shap(name, predict, rows, reference)
        seconds = time.perf_counter() - started
        error = float(np.sqrt(((values - exact) ** 2).mean()))
        near = next((item for item in ours if item[1] <= error), None)
        if near is None:
            print(f"{model:12} {name:30} error {error:.5f}: not reached with {PAIRS[-1]} pairs")
            least = 0.0
            continue
        ratio = seconds / near[2]
        least = min(least, ratio)
        print(
            f"{model:12} {name:30} error {error:.5f} in {seconds:6.2f} s; "
            f"ours {near[1]:.5f} in {near[2]:5.2f} s ({near[0]} pairs): {ratio:.0f} times"
        )
    covered = min(item[3] for item in ours)
    print(f"{model:12} the stated 95% error held for at least {covered:.1%} of the values")
    return least


def main() -> None:
    warnings.filterwarnings("ignore")
    data, target = make_classification(
        2_000, COLUMNS, n_informative=10, n_redundant=2, random_state=0
    )
    models = {
        "network": MLPClassifier((64, 32), max_iter=200, random_state=0),
        "boosting": HistGradientBoostingClassifier(random_state=0),
    }
    ratios = []
    for name, model in models.items():
        fitted = model.fit(data, target)
        ratios.append(compare(name, lambda m, fitted=fitted: fitted.predict_proba(m)[:, 1], data))
    print(f"smallest ratio {min(ratios):.1f} (target {TARGET:g})")


if __name__ == "__main__":
    main()
