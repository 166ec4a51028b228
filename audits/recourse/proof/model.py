"""A model as a proof of no recourse reads it: a sum of leaves or of weights, and the link from
that sum to the model's answer. The link is checked against the model's own predictions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from weakref import WeakKeyDictionary

import numpy as np
import pandas as pd
import treelite

from audits.core.arrays import FloatArray, IntArray
from audits.core.errors import CheckNotApplicableError
from audits.explain import ENGINES
from audits.models import Adapter, NativeModel, kind_of
from audits.recourse.proof.trees import Nodes, flatten_forest
from audits.trees import FORESTS, SINGLE_TREES, XGBOOST, load_forest

LINEAR = tuple(kind for kind, path in ENGINES.items() if path == "audits.explain.linear")
TREES = tuple(kind for kind, path in ENGINES.items() if path == "audits.explain.trees.engine")

NEARLY_ONE = 1 - 2.0**-25
"""A probability from here on is 1 in float32."""
AGREES = 1e-5
"""How far the sum, through its link, may be from the model's own answer: float32 boosters."""


UNSURE = 1e-3
"""Probabilities further than this from 0 and 1 tell one link from another."""


@dataclass(frozen=True, slots=True)
class Link:
    """A rising function from the sum to the answer. `slope` is that of the inverse."""

    apply: Callable[[FloatArray], FloatArray]
    invert: Callable[[float], float]
    slope: Callable[[float], float]


def _expit(margin: FloatArray) -> FloatArray:
    result: FloatArray = 1.0 / (1.0 + np.exp(-np.clip(margin, -700, 700)))
    return result


def _logit(score: float) -> float:
    inside = float(np.clip(score, 1e-300, NEARLY_ONE))
    return float(np.log(inside) - np.log1p(-inside))


def _logit_slope(score: float) -> float:
    inside = float(np.clip(score, 1e-300, NEARLY_ONE))
    return 1 / (inside * (1 - inside))


IDENTITY = Link(lambda margin: margin, lambda score: score, lambda score: 1.0)
SIGMOID = Link(_expit, _logit, _logit_slope)
STEEP_SIGMOID = Link(
    lambda margin: _expit(2 * margin),
    lambda score: _logit(score) / 2,
    lambda score: _logit_slope(score) / 2,
)
"""Boosting with the exponential loss (AdaBoost's): half the log-odds."""
EXPONENTIAL = Link(
    np.exp, lambda score: float(np.log(max(score, 1e-300))), lambda score: 1 / max(score, 1e-300)
)
"""Poisson, gamma and Tweedie regression."""
LINKS = {
    "identity": IDENTITY,
    "sigmoid": SIGMOID,
    "steep": STEEP_SIGMOID,
    "exponential": EXPONENTIAL,
}


@dataclass(frozen=True, slots=True)
class Additive:
    """What adds up to the model's answer for one output.

    nodes: of a tree ensemble, whose leaves add up with `offset`; weights: of a linear model,
    `[n_encoded]`. links: in which the sum may be. rounding: of one sum, relative to its parts.
    scale: how large these parts can get together (trees).
    """

    nodes: Nodes | None
    weights: FloatArray | None
    offset: float
    links: tuple[Link, ...]
    rounding: float
    scale: float


_READ: WeakKeyDictionary[Adapter, dict[int, Additive]] = WeakKeyDictionary()


def read_additive(adapter: Adapter, output: int) -> Additive:
    """Read what adds up to `output`, once. Raises CheckNotApplicableError where nothing does."""
    known = _READ.setdefault(adapter, {})
    if output not in known:
        known[output] = _read(adapter, output)
    return known[output]


def _read(adapter: Adapter, output: int) -> Additive:
    kind = kind_of(adapter.estimator)
    binary = adapter.info.task == "binary"
    if kind in LINEAR and adapter.info.task == "multiclass":
        raise CheckNotApplicableError(
            "a linear model of several classes mixes them in every answer"
        )
    if kind in LINEAR:
        return _read_linear(adapter, output)
    if kind not in TREES:
        raise CheckNotApplicableError(
            f"a model of kind {kind} is no sum of trees or of weights, so that no proof is known"
        )
    averaged = kind in (*SINGLE_TREES, *FORESTS)
    if adapter.info.task == "multiclass" and not averaged:
        raise CheckNotApplicableError("boosting of several classes mixes them in every answer")
    native = _native(adapter.estimator)
    try:
        forest = load_forest(native, output if averaged else 1)
    except (ValueError, treelite.TreeliteError) as error:
        raise CheckNotApplicableError(f"its trees cannot be read: {error}") from error
    nodes = flatten_forest(forest)
    leaves = np.where(nodes.left < 0, np.abs(nodes.value), 0.0)
    scale = abs(forest.offset) + float(np.maximum.reduceat(leaves, nodes.roots).sum())
    rounding = (len(forest.trees) + 1) * 2.0**-22 if kind_of(native) == XGBOOST else 1e-9
    if averaged:
        links: tuple[Link, ...] = (IDENTITY,)
    else:
        links = (SIGMOID, STEEP_SIGMOID) if binary else (IDENTITY, EXPONENTIAL)
    return Additive(nodes, None, forest.offset, links, rounding, scale)


def _read_linear(adapter: Adapter, output: int) -> Additive:
    model = adapter.estimator
    if getattr(model, "loss", "log_loss") != "log_loss" and adapter.info.task == "binary":
        raise CheckNotApplicableError(
            f"its probabilities come from the loss {model.loss!r}, not from log-odds"
        )
    weights = np.atleast_2d(np.asarray(model.coef_, dtype=np.float64))
    offset = float(np.ravel(np.asarray(model.intercept_, dtype=np.float64))[0])
    links = (SIGMOID,) if adapter.info.task == "binary" else (IDENTITY, EXPONENTIAL)
    return Additive(None, weights[0], offset, links, 1e-9, 0.0)


def _native(model: NativeModel) -> NativeModel:
    kind = kind_of(model)
    if kind.startswith("lightgbm.LGBM"):
        return model.booster_
    return model.get_booster() if kind.startswith("xgboost.XGB") else model


def is_mirrored(adapter: Adapter, output: int) -> bool:
    """Whether the sum is that of the other class, so that less of it is wanted."""
    averaged = kind_of(adapter.estimator) in (*SINGLE_TREES, *FORESTS)
    return adapter.info.task == "binary" and output == 0 and not averaged


def find_link(additive: Additive, sums: FloatArray, answers: FloatArray) -> Link:
    """Return the link that turns the sums into the model's own answers.

    Raises CheckNotApplicableError where none does: then the model is more than that sum. So it
    does where all answers are next to 0 or 1, for there every link looks alike.
    """
    inside = (answers > UNSURE) & (answers < 1 - UNSURE)
    if SIGMOID in additive.links and not inside.any():
        raise CheckNotApplicableError(
            "all its answers are next to 0 or 1, so that nothing shows how its sum becomes them"
        )
    gaps = [float(np.abs(link.apply(sums) - answers).max(initial=0.0)) for link in additive.links]
    best = int(np.argmin(gaps))
    if not gaps[best] <= AGREES * max(1.0, float(np.abs(answers).max(initial=0.0))):
        raise CheckNotApplicableError(
            f"its parts miss the model's own answers by {gaps[best]:.2g}, so that nothing can be "
            "proven from them"
        )
    return additive.links[best]


def find_target(
    additive: Additive, link: Link, threshold: float, scale: float, *, mirrored: bool
) -> tuple[float, float]:
    """Return the sum that is wanted, and how much of it rounding leaves open.

    mirrored: the sum of the other class must be at most what belongs to `1 - threshold`; the
    target is then the negative of that, for negated sums.
    """
    score = max(1 - threshold, 1 - NEARLY_ONE) if mirrored else threshold
    wanted = link.invert(score)
    single = 2.0**-20 if additive.rounding > 1e-8 else 1e-12
    slack = additive.rounding * (scale + 1) + single * link.slope(score)
    return (-wanted if mirrored else wanted), slack


def predict_output(adapter: Adapter, frame: pd.DataFrame, output: int) -> FloatArray:
    """Return the model's own answer for one output `[n_rows]`."""
    answer = adapter.predict(frame)
    return answer[:, output] if answer.ndim == 2 else answer


def find_encoded(owner: IntArray, place: int) -> IntArray:
    """Return which of the model's columns come from the raw column `place`."""
    return np.flatnonzero(owner == place)
