"""How the model's answer changes along one column, and what is lost without each."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from audits.checks import name_quantile
from audits.core.arrays import FloatArray
from audits.core.format import format_count, format_range, format_value, plain_text
from audits.core.report.measurement import Unit, is_significant
from audits.core.report.parts import Part, PartKind
from audits.core.words.words import describe, lower
from audits.explain import QUANTILES
from audits.figures import Chart, EffectCurve, EffectWords, draw_effect, draw_permutation_importance
from dashboard.catalogue import say
from dashboard.viewmodels.numbers import make_dot, render_measurement, render_test
from dashboard.viewmodels.performance.performance import list_classes
from dashboard.viewmodels.run import RunData

CurveKind = Literal["dependence", "accumulated"]
FILE = "effects.parquet"
LOSSES = ("brier_score", "log_loss", "roc_auc", "squared_error")
_RANGES = {"dependence": "partial_dependence_range", "accumulated": "accumulated_effect_range"}
_COLUMNS = {"dependence": "pdp", "accumulated": "ale"}


def list_effect_features(run: RunData) -> list[str]:
    """Return the columns that have a curve, the one with the widest first."""
    if not run.bundle.has_evidence(FILE):
        return []
    items = [
        (-item.estimate.value, item.part_name)
        for item in run.by_group(_RANGES["dependence"], None)
        if item.part is not None and item.estimate is not None
    ]
    stored = pq.read_table(run.bundle.evidence_path(FILE), columns=["feature"])
    kept = dict.fromkeys(stored["feature"].to_pylist())
    ranked = [name for _, name in sorted(items)]
    return [*ranked, *(name for name in kept if name not in ranked)]


def list_without_effect(run: RunData) -> list[str]:
    """Return a sentence for each column that has no curve, with the reason."""
    drawn = set(list_effect_features(run))
    items = [
        (item.part_name, item.unavailable.reason)
        for item in run.by_group(_RANGES["dependence"], None)
        if item.part is not None and item.unavailable is not None
    ]
    return [
        say("effects.without", feature=plain_text(name), reason=plain_text(reason))
        for name, reason in items
        if name not in drawn
    ]


def load_points(run: RunData, feature: str) -> pd.DataFrame:
    """Return the points of one column, as in the evidence."""
    path = run.bundle.evidence_path(FILE)
    frame: pd.DataFrame = pq.read_table(path, filters=[("feature", "=", feature)]).to_pandas()
    return frame


def has_accumulated(points: pd.DataFrame) -> bool:
    """Whether the column has an accumulated effect."""
    return bool(points["ale"].notna().any())


def describe_effects(run: RunData) -> str:
    """Return what the curves rest on."""
    path = f"evidence/{FILE}"
    found = next((e.description for e in run.report.evidence if e.path == path), "")
    return say("effects.method", described=found)


def _unit(run: RunData) -> Unit:
    return "target" if run.task == "regression" else "score"


def _name_output(run: RunData) -> str:
    if run.task == "regression":
        return say("effects.output_number", target=plain_text(run.report.subject.data.target or ""))
    name = list_classes(run)[0 if run.task == "multiclass" else 1]
    return say("effects.output_class", name=name)


def make_effect_chart(run: RunData, feature: str, kind: CurveKind) -> tuple[Chart, pd.DataFrame]:
    """Return a column's curve as a figure and as a table. kind: accumulated only where there is
    one (`has_accumulated`)."""
    points = load_points(run, feature)
    name = _COLUMNS[kind]
    value, low, high = (
        points[column].to_numpy(dtype=np.float64)
        for column in (name, f"{name}_low", f"{name}_high")
    )
    curve = EffectCurve(
        texts=[plain_text(text) for text in points["value"]],
        numbers=points["number"].to_numpy(dtype=np.float64),
        n=points["n"].to_numpy(dtype=np.int64),
        value=value,
        low=low,
        high=high,
        fan=_find_fan(points) if kind == "dependence" else None,
    )
    words = EffectWords(
        say(f"effects.{kind}_curve"), say("effects.interval"), say("effects.most"),
        say("effects.half"), say("effects.rows"),
    )  # fmt: skip
    axis = say(f"effects.{kind}_axis", output=_name_output(run))
    chart = draw_effect(
        curve, title=_title(run, feature, kind, value), column=plain_text(feature), axis=axis,
        words=words,
    )  # fmt: skip
    return chart, _tabulate(run, curve)


def _find_fan(points: pd.DataFrame) -> FloatArray:
    """Return the rows' curves set on the mean's first point, as the figure draws them."""
    columns = [name_quantile(quantile) for quantile in QUANTILES]
    fan: FloatArray = points[columns].to_numpy(dtype=np.float64) + points["pdp"].iloc[0]
    return fan


def _title(run: RunData, feature: str, kind: CurveKind, value: FloatArray) -> str:
    named = Part(PartKind.FEATURE, feature)
    found = [item for item in run.by_group(_RANGES[kind], None) if item.part == named]
    number = (
        render_measurement(found[0])
        if found and found[0].estimate is not None
        else format_value(float(np.nanmax(value) - np.nanmin(value)), _unit(run))
    )
    return say(f"effects.{kind}_title", feature=plain_text(feature), number=number)


def _tabulate(run: RunData, curve: EffectCurve) -> pd.DataFrame:
    rows = []
    for position, text in enumerate(curve.texts):
        value, low, high = (part[position] for part in (curve.value, curve.low, curve.high))
        missing = say("number.none")
        known = not np.isnan([low, high]).any()
        rows.append(
            {
                say("column.value"): text,
                say("effects.rows"): format_count(int(curve.n[position])),
                say("effects.mean"): missing
                if np.isnan(value)
                else format_value(value, _unit(run)),
                say("column.interval"): format_range(low, high, _unit(run)) if known else missing,
            }
        )
    return pd.DataFrame(rows)


def list_losses(run: RunData) -> dict[str, str]:
    """Return the losses whose rise was measured, by the words that they are chosen by."""
    names = [f"permutation_{loss}" for loss in LOSSES]
    return {describe(name).title: name for name in names if run.by_group(name, None)}


def make_permutation_chart(run: RunData, metric: str) -> tuple[Chart, pd.DataFrame] | None:
    """Return what is lost without each column, as a figure and as a table; None where no column
    has a number."""
    items = [item for item in run.by_group(metric, None) if item.part is not None]
    names = {item.id: plain_text(item.part_name) for item in items}
    known = [item for item in items if item.value is not None]
    if not known:
        return None
    first = max(known, key=lambda item: item.value or 0.0)
    quiet = {item.id: not is_significant(item) for item in items}
    dots = [make_dot(item, names[item.id], quiet=quiet[item.id]) for item in items]
    word = describe(metric)
    title = say("effects.permutation_title", feature=names[first.id],
                number=render_measurement(first))  # fmt: skip
    if quiet[first.id]:
        title = say("effects.permutation_none", metric=lower(word.title))
    chart = draw_permutation_importance(
        dots, title=title, axis=word.title, nothing=say("effects.no_loss")
    )
    table = pd.DataFrame(
        [
            {
                say("column.feature"): names[item.id],
                word.title: render_measurement(item),
                say("effects.chance"): render_test(item),
            }
            for item in sorted(items, key=lambda item: -(item.value or 0.0))
        ]
    )
    return chart, table
