"""The frontier of the threshold lab: what every threshold for everybody would bring and cost."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from audits.core.arrays import FloatArray, IntArray
from audits.core.format import format_value, list_words, lower, plain_text
from audits.core.groups import FEW_ROWS
from audits.cube import RATES
from audits.figures import Chart, Path, Place, draw_tradeoff
from audits.mitigate import Costs
from dashboard.catalogue import say
from dashboard.viewmodels.fairness.thresholds import audited_threshold, compute_spread
from dashboard.viewmodels.run import RunData
from dashboard.viewmodels.sentences import name_metric

ROOM = 0.01
"""How much accuracy a narrower gap may cost to be pointed out: one point."""


@dataclass(frozen=True, slots=True)
class Tradeoff:
    """The figure, what it finds in a sentence, and which groups are too small to trust it."""

    chart: Chart
    sentence: str
    caution: str


def make_tradeoff(run: RunData, grouping: str, metric: str, threshold: float) -> Tradeoff | None:
    """Return gap against accuracy (or cost, or selection where there is no truth) over all
    thresholds, with the audited and the current one; None where the gap is defined nowhere."""
    paid_in = choose_paid(run)
    path = compute_path(run, grouping, metric, paid_in)
    if np.isnan(path.gap).all():
        return None
    audited = audited_threshold(run)
    here, there = (_place(run, grouping, metric, paid_in, one) for one in (threshold, audited))
    places = [Place(say("tradeoff.audited"), *there, current=False)]
    if threshold != audited:
        places.append(
            Place(say("tradeoff.here", threshold=f"{threshold:.2f}"), *here, current=True)
        )
    sentence = _tell(path, here, threshold, metric, paid_in)
    chart = draw_tradeoff(
        path, [place for place in places if not np.isnan([place.gap, place.paid]).any()],
        title=sentence,
        axes=(say("tradeoff.gap", title=lower(name_metric(metric))), say(f"tradeoff.{paid_in}")),
        words=(say("tradeoff.all"), say("tradeoff.best")),
        share=paid_in != "cost",
    )  # fmt: skip
    return Tradeoff(chart, sentence, _warn(run, grouping))


def choose_paid(run: RunData) -> str:
    """Return what a gap is paid in: "accuracy" where both mistakes cost the same in the audit's
    settings, "cost" where they do not, "selected" where the true outcomes are unknown."""
    if not run.view(None).has_truth:
        return "selected"
    section = run.spec.mitigate
    equal = section.cost_false_positive == section.cost_false_negative
    return "accuracy" if equal else "cost"


def compute_path(run: RunData, grouping: str, metric: str, paid_in: str) -> Path:
    """Return what every threshold of the run's sweep does to the groups."""
    sweep = run.sweep(grouping)
    gap = compute_spread(metric, sweep.weight, sweep.count, run.min_rows)
    paid = _pay(run, sweep.weight.sum(axis=1), paid_in)
    best = np.zeros(0, dtype=np.int64) if paid_in == "selected" else find_best(
        gap, paid if paid_in == "cost" else -paid
    )  # fmt: skip
    return Path(sweep.thresholds, gap, paid, best)


def find_best(gap: FloatArray, cost: FloatArray) -> IntArray:
    """Return the positions that no other beats in both, from the narrowest gap on: each is cheaper
    than all with a gap as narrow. NaN is never among them."""
    known = np.flatnonzero(~np.isnan(gap) & ~np.isnan(cost))
    order = known[np.lexsort((cost[known], gap[known]))]
    cheapest = np.minimum.accumulate(cost[order])
    better = np.concatenate([[True], cost[order][1:] < cheapest[:-1] - 1e-12])[: len(order)]
    found: IntArray = order[better]
    return found


def _pay(run: RunData, whole: FloatArray, paid_in: str) -> FloatArray:
    """Return what confusion weights `[..., 3, 2]` of everybody are worth."""
    if paid_in != "cost":
        name = "accuracy" if paid_in == "accuracy" else "selection_rate"
        return RATES[name].share(whole)
    section = run.spec.mitigate
    costs = Costs(section.cost_false_positive, section.cost_false_negative)
    wrong = costs.false_positive * whole[..., 0, 1] + costs.false_negative * whole[..., 1, 0]
    rows = whole[..., :2, :].sum(axis=(-1, -2))
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(rows > 0, wrong / rows, np.nan)


def _place(
    run: RunData, grouping: str, metric: str, paid_in: str, threshold: float
) -> tuple[float, float]:
    decided = run.sweep(grouping).decide(threshold)
    gap = compute_spread(metric, decided.weight, decided.count, run.min_rows)
    return float(gap), float(_pay(run, decided.weight.sum(axis=0), paid_in))


def _tell(
    path: Path, here: tuple[float, float], threshold: float, metric: str, paid_in: str
) -> str:
    """Return the finding: the narrowest gap that costs no more than a point beside this one."""
    gap, paid = here
    title = lower(name_metric(metric))
    if np.isnan([gap, paid]).any():
        return say("tradeoff.undefined", threshold=f"{threshold:.2f}", title=title)
    fields = {
        "threshold": f"{threshold:.2f}", "title": title, "gap": format_value(gap, "points"),
        "paid": _write(paid, paid_in), "paid_in": lower(say(f"tradeoff.{paid_in}")),
    }  # fmt: skip
    if paid_in == "selected":
        return say("tradeoff.sentence_selected", **fields)
    loss = (path.paid - paid) if paid_in == "cost" else (paid - path.paid)
    room = ROOM if paid_in == "accuracy" else ROOM * max(abs(paid), 1e-9)
    allowed = path.best[loss[path.best] <= room + 1e-12]
    if not len(allowed) or path.gap[allowed[0]] >= gap - 0.0005:
        return say(f"tradeoff.none_{paid_in}", **fields)
    found = int(allowed[0])  # the narrowest: `best` starts there
    return say(
        f"tradeoff.narrower_{paid_in}", **fields,
        other=format_value(float(path.thresholds[found]), "score"),
        other_gap=format_value(float(path.gap[found]), "points"),
        other_paid=_write(float(path.paid[found]), paid_in),
    )  # fmt: skip


def _write(paid: float, paid_in: str) -> str:
    return format_value(paid, "score" if paid_in == "cost" else "share")


def _warn(run: RunData, grouping: str) -> str:
    view = run.view(grouping)
    few = [
        plain_text(label)
        for label, rows in zip(view.labels, view.rows, strict=True)
        if rows < FEW_ROWS
    ]
    return say("tradeoff.few", n=FEW_ROWS, groups=list_words(few, limit=6)) if few else ""
