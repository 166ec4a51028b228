"""The threshold lab: what the decisions would be if the cut were elsewhere, live on the cube."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from audits.core.arrays import FloatArray
from audits.core.format import format_range, format_value, lower, plain_text
from audits.core.report.measurement import Unit
from audits.cube import (
    DISPARITIES,
    RATES,
    Decided,
    Disparity,
    DisparityResult,
    Values,
    compute_summary,
)
from audits.figures import Chart, Curve, draw_moved, draw_thresholds
from dashboard.catalogue import say
from dashboard.viewmodels.run import SLIDER, RunData
from dashboard.viewmodels.sentences import name_metric

LAB_RATES = (
    "selection_rate",
    "true_positive_rate",
    "false_positive_rate",
    "positive_predictive_value",
    "accuracy",
)


@dataclass(frozen=True, slots=True)
class Moved:
    """A threshold's consequences: a chart and tables of "audited" against "moved"."""

    threshold: float
    chart: Chart
    groups: pd.DataFrame
    overall: pd.DataFrame
    sentence: str


def can_move(run: RunData) -> bool:
    """Whether the run has scores, so that there is a threshold to move."""
    return run.task == "binary" and run.view(None).has_scores


def audited_threshold(run: RunData) -> float:
    """Return where the slider starts: the audit's threshold, else one half."""
    threshold = run.cube.threshold
    return 0.5 if threshold is None or np.isnan(threshold) else float(threshold)


def render_threshold(run: RunData, threshold: float) -> str:
    """Return "0.50", with the score that it stands for where scores have a scale of their own."""
    scale, place = run.cube.scale, f"{threshold:.2f}"
    if scale is None:
        return place
    return say("lab.on_scale", place=place, score=f"{scale.from_unit(threshold):.4g}")


def list_rates(run: RunData) -> tuple[str, ...]:
    """Return the rates that the lab can show."""
    return LAB_RATES if run.view(None).has_truth else LAB_RATES[:1]


def compute_moved(run: RunData, grouping: str, metric: str, threshold: float) -> Moved:
    """Return what a threshold would do to every group's `metric`, to the gaps and to accuracy."""
    before, here = run.view(grouping), render_threshold(run, threshold)
    decided = run.sweep(grouping).decide(threshold)
    audited = Decided(before.weight, before.weight_squared, before.count)
    old, new = _compute(metric, audited), _compute(metric, decided)
    names = [plain_text(name) for name in before.labels]
    texts = [_percent(value) for value in new.value]
    chart = draw_moved(
        names, old.value, new.value, texts,
        title=_title(names, old.value, new.value, metric, here),
        axis=name_metric(metric),
        legend=(say("lab.audited"), say("lab.moved", threshold=here)),
        rows=before.rows,
    )  # fmt: skip
    groups = pd.DataFrame(
        {
            say("column.group"): names,
            say("column.rows"): before.rows,
            say("lab.audited"): [_percent(value) for value in old.value],
            say("lab.moved", threshold=here): texts,
            say("column.interval"): [
                say("lab.interval", low=_percent(low), high=_percent(high))
                for low, high in zip(new.low, new.high, strict=True)
            ],
            say("column.change"): [
                _points(b - a) for a, b in zip(old.value, new.value, strict=True)
            ],
        }
    )
    overall = _compare_overall(before.has_truth, audited, decided, run.min_rows)
    names_of = (
        say("column.measure"),
        say("lab.audited"),
        say("lab.moved", threshold=here),
    )
    table = pd.DataFrame([one.cells for one in overall], columns=list(names_of))
    return Moved(threshold, chart, groups, table, _sentence(run, overall, threshold))


def _compute(metric: str, decided: Decided) -> Values:
    return RATES[metric].compute_from(decided.weight, decided.weight_squared, decided.count)


@dataclass(frozen=True, slots=True)
class _Compared:
    """A number over all groups, as audited and moved: the points, and their intervals in words."""

    name: str
    old: str
    new: str
    old_range: str
    new_range: str

    @property
    def cells(self) -> tuple[str, str, str]:
        """Name, audited, moved: the numbers with their intervals."""
        return self.name, _join(self.old, self.old_range), _join(self.new, self.new_range)


def _join(point: str, ends: str) -> str:
    return f"{point} ({ends})" if ends else point


def _compare_overall(
    truth: bool, audited: Decided, moved: Decided, min_rows: int
) -> list[_Compared]:
    """Return accuracy, selection and the gaps between groups, audited and moved."""
    rows = []
    for metric in ("accuracy", "selection_rate") if truth else ("selection_rate",):
        pair = [_compute(metric, one.everybody) for one in (audited, moved)]
        points = (_percent(values.value[0]) for values in pair)
        ranges = (_range(values.low[0], values.high[0], "share") for values in pair)
        rows.append(_Compared(name_metric(metric), *points, *ranges))
    for disparity in DISPARITIES:
        if disparity.kind != "difference" or (disparity.needs_truth and not truth):
            continue
        gaps = [compute_gap(disparity, one, min_rows) for one in (audited, moved)]
        points = (_points(gap.value) for gap in gaps)
        ranges = (_range(gap.low, gap.high, "points") for gap in gaps)
        rows.append(_Compared(name_metric(disparity.name), *points, *ranges))
    return rows


def compute_gap(disparity: Disparity, decided: Decided, min_rows: int) -> DisparityResult:
    """Return the largest gap of the rates between groups, as the audit makes it."""
    rates = [_compute(name, decided) for name in disparity.rates]
    rows = np.rint(decided.count.sum(axis=(1, 2))).astype(np.int64)
    return compute_summary(disparity, rates, rows, min_rows)


def compute_spread(metric: str, weight: FloatArray, count: FloatArray, min_rows: int) -> FloatArray:
    """Return the largest gap of a rate between groups, of confusion weights and rows
    `[..., n_groups, 3, 2]`: `[...]`, in [0, 1]. Groups in which it rests on fewer than `min_rows`
    rows are left out; NaN where fewer than two are left."""
    rate = RATES[metric]
    share = rate.share(weight)
    rows = np.einsum("...ij,ij->...", count, rate.rows.astype(float))
    known = ~np.isnan(share) & (rows >= min_rows)
    high = np.where(known, share, -np.inf).max(axis=-1)
    low = np.where(known, share, np.inf).min(axis=-1)
    with np.errstate(invalid="ignore"):
        spread: FloatArray = np.where(known.sum(axis=-1) > 1, high - low, np.nan)
    return spread


def _sentence(run: RunData, overall: list[_Compared], threshold: float) -> str:
    here = render_threshold(run, threshold)
    if run.cube.threshold == threshold:
        facts = [say("lab.fact", title=one.name, value=one.old) for one in overall[:3]]
        return say("lab.sentence_audited", threshold=here, facts="; ".join(facts))
    changed = [
        say("lab.change", title=lower(one.name), old=one.old, new=one.new) for one in overall[:3]
    ]
    return say("lab.sentence", threshold=here, changes="; ".join(changed))


def _title(names: list[str], old: FloatArray, new: FloatArray, metric: str, here: str) -> str:
    known = np.flatnonzero(~np.isnan(new) & ~np.isnan(old))
    fields = {"lower": lower(name_metric(metric)), "threshold": here}
    if not len(known):
        return say("lab.title_none", **fields)
    low, high = known[np.argmin(new[known])], known[np.argmax(new[known])]
    return say(
        "lab.title", low_group=names[low], low=_percent(new[low]),
        high_group=names[high], high=_percent(new[high]), **fields,
    )  # fmt: skip


def _percent(value: float) -> str:
    return say("number.none") if np.isnan(value) else format_value(float(value), "share")


def _points(value: float) -> str:
    return say("number.none") if np.isnan(value) else format_value(float(value), "points")


def _range(low: float, high: float, unit: Unit) -> str:
    """Return both ends, "" where there are none."""
    return "" if np.isnan(low) or np.isnan(high) else format_range(float(low), float(high), unit)


def make_threshold_chart(run: RunData, grouping: str, metric: str, threshold: float) -> Chart:
    """Return each group's `metric` at every threshold."""
    view = run.view(grouping)
    sweep = run.sweep(grouping)
    steps = np.searchsorted(sweep.thresholds, SLIDER)
    shares = RATES[metric].share(sweep.weight[steps])
    order = np.argsort(-view.rows, kind="stable")[:8]
    curves = [
        Curve(plain_text(view.labels[g]), SLIDER[known], shares[known, g])
        for g in order
        if (known := ~np.isnan(shares[:, g])).any()
    ]
    return draw_thresholds(
        curves,
        current=threshold,
        title=say("lab.curves_title", title=name_metric(metric)),
        axes=(say("lab.threshold"), name_metric(metric)),
        here=render_threshold(run, threshold),
    )
