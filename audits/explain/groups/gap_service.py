"""Decomposing a gap inside the model's worker, and asking for it from the audit's side."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from audits.core.arrays import FloatArray, IndexArray
from audits.explain.columns import TARGET
from audits.explain.groups.gap import GapShares, compute_gap_shares, compute_pair_steps, draw_evenly
from audits.explain.sampled.any_model import build_score, check_class
from audits.explain.sampled.blend import Score, build_blender
from audits.models import Adapter, ModelClient, select_features

DECISION = "decision"
GROUP_ROWS = 5_000
PAIRS = 10_000


def compute_gap_steps(
    adapter: Adapter, frame: pd.DataFrame, params: dict[str, Any]
) -> tuple[pa.Table, dict[str, Any]]:
    """Answer `gap`: the steps of pairs of people.

    frame: the people of the group, then those of the reference group. params: `rows` and `others`
    (positions in `frame` of each pair's two people), `space` ("decision" or "target"),
    `target_class`, `threshold`, `seed`. Returns float64 columns "0", "1", ... of each pair's steps.
    """
    check_class(adapter, params)
    blender = build_blender(adapter, frame, frame, _build_output(params))
    rows, others = (np.asarray(params[name], dtype=np.intp) for name in ("rows", "others"))
    generator = np.random.default_rng(int(params["seed"]))
    steps = compute_pair_steps(blender, rows, others, generator)
    names = [str(index) for index in range(steps.shape[1])]
    return pa.table([pa.array(np.ascontiguousarray(step)) for step in steps.T], names=names), {}


def _build_output(params: dict[str, Any]) -> Score:
    if params["space"] == TARGET:
        return build_score(TARGET, 0)
    target_class, threshold = int(params["target_class"]), float(params["threshold"])

    def decide(answer: FloatArray, rows: IndexArray) -> FloatArray:
        del rows
        return (answer[:, target_class] >= threshold).astype(np.float64)

    return decide


def decompose_gap(
    client: ModelClient,
    group: pd.DataFrame,
    reference: pd.DataFrame,
    weights: tuple[FloatArray, FloatArray],
    gap: float,
    generator: np.random.Generator,
    *,
    target_class: int | None,
    threshold: float | None,
    pairs: int = PAIRS,
) -> GapShares:
    """Lay the gap between two groups of people on the model's columns.

    group, reference: rows with the model's columns, at most GROUP_ROWS each is sensible. weights:
    what each row stands for. gap: the measured difference of the groups' mean outputs (selection
    rates where `threshold` is given, predictions of a regression otherwise).
    """
    mine = draw_evenly(weights[0], pairs, generator)
    theirs = draw_evenly(weights[1], pairs, generator)
    features = client.info.features
    both = pd.concat(
        [select_features(group, features), select_features(reference, features)],
        ignore_index=True,
    )
    table, _ = client.call(
        "gap",
        both,
        {
            "rows": mine.tolist(),
            "others": (theirs + len(group)).tolist(),
            "space": TARGET if threshold is None else DECISION,
            "target_class": target_class or 0,
            "threshold": 0.0 if threshold is None else threshold,
            "seed": int(generator.integers(2**31)),
        },
    )
    steps = np.column_stack([column.to_numpy() for column in table.columns])
    return compute_gap_shares(steps, mine, theirs, gap)
