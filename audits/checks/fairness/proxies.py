"""Check `fairness.proxies`: which columns give away a protected attribute that the model may not
even see."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from audits.checks.base import (
    PREDICTIONS_FILE,
    Check,
    CheckResult,
    Context,
    EvidenceFile,
    build_measurement,
)
from audits.checks.data.audited_columns import choose_audited_columns
from audits.core.arrays import BoolArray
from audits.core.errors import CheckNotApplicableError
from audits.core.groups import MISSING
from audits.core.limits import MIN_ROWS_TO_LEARN
from audits.core.report.codes import PROXIES_CHECK
from audits.core.report.estimate import Estimate, Unavailable
from audits.core.report.measurement import Measurement
from audits.core.report.parts import Part, PartKind
from audits.cube import CONFIDENCE, choose_reference, compute_holm
from audits.diagnostics import Separation, compute_proxies, compute_separation

CODE = PROXIES_CHECK
ROWS = 50_000
MAX_GROUPS = 8
_FOUND = "evidence/proxies.parquet"
_TOGETHER = Part(PartKind.ALL_COLUMNS)


@dataclass(frozen=True, slots=True)
class _Row:
    """One number: how well `source` tells a group from the others, or why that is not known.

    source: a feature, all columns, or None for the model's score.
    """

    attribute: str
    group: str
    source: Part | None
    found: Separation | Unavailable


@dataclass(frozen=True, slots=True)
class _Groups:
    """A protected column of the drawn rows. codes: position in `labels`, -1 for a missing one;
    wanted: those to tell from the others."""

    attribute: str
    labels: tuple[str, ...]
    codes: NDArray[np.int64]
    wanted: tuple[int, ...]


def _list_groups(context: Context, positions: NDArray[np.int64]) -> Iterator[_Groups]:
    """Yield the protected columns; of two groups one is enough, the other is its mirror image."""
    for attribute in context.spec.data.protected:
        view = context.view((attribute,))
        values = context.read_groups([attribute])[attribute][positions].astype(str)
        known = [label for label in view.labels if label != MISSING]
        if len(known) < 2:
            continue
        places = {label: place for place, label in enumerate(view.labels)}
        sizes = {label: int(view.rows[places[label]]) for label in known}
        largest = sorted(known, key=lambda label: (-sizes[label], label))
        shown, rest = largest[:MAX_GROUPS], largest[MAX_GROUPS:]
        codes = np.full(len(values), -1, dtype=np.int64)
        for code, label in enumerate(shown):
            codes[values == label] = code
        codes[np.isin(values, rest)] = len(shown)
        reference = view.labels[choose_reference(view, context.wanted_reference((attribute,)))]
        chosen = [p for p, label in enumerate(shown) if len(known) > 2 or label != reference]
        yield _Groups(attribute, tuple(shown), codes, tuple(chosen))


def _describe_small(groups: _Groups, group: int) -> Unavailable | None:
    """Return why a group cannot be measured, None where it can."""
    inside = int((groups.codes == group).sum())
    others = int((groups.codes >= 0).sum()) - inside
    if min(inside, others) >= MIN_ROWS_TO_LEARN:
        return None
    return Unavailable(
        reason=f"{groups.labels[group]} has {inside} rows and the others {others}; at least "
        f"{MIN_ROWS_TO_LEARN} of each are needed, half of them to learn from"
    )


def _measure_columns(
    context: Context, names: list[str], groups: _Groups, positions: NDArray[np.int64]
) -> Iterator[_Row]:
    # The attribute's own column is not its proxy, whether the model is given it or not.
    features = [name for name in names if name != groups.attribute]
    small = {group: _describe_small(groups, group) for group in groups.wanted}
    measured = [group for group, reason in small.items() if reason is None]
    sources = [*(Part(PartKind.FEATURE, name) for name in features), _TOGETHER]
    for group, reason in small.items():
        if reason is not None:
            yield _Row(groups.attribute, groups.labels[group], _TOGETHER, reason)
    if not measured or not features:
        return
    frame = context.table.read_rows(positions)[features]
    found = compute_proxies(
        frame, groups.codes, measured, context.generator(f"{CODE}:{groups.attribute}"),
        progress=lambda fraction: context.progress(CODE, fraction),
    )  # fmt: skip
    for group, one in zip(measured, found, strict=True):
        for source, result in zip(sources, (*one.columns, one.together), strict=True):
            yield _Row(groups.attribute, groups.labels[group], source, result)


def _read_scores(context: Context, positions: NDArray[np.int64]) -> NDArray[np.float64] | None:
    """Return the model's score of the drawn rows (a regression's prediction), None without one."""
    names = pq.read_schema(context.folder / PREDICTIONS_FILE).names
    if context.spec.audit.task == "regression":
        wanted = "y_pred"
    elif context.spec.audit.task == "multiclass":
        wanted = next((name for name in names if name.startswith("y_score[")), "")
    else:
        wanted = "y_score"
    if wanted not in names:
        return None
    return context.read_predictions([wanted])[wanted].astype(np.float64)[positions]


def _measure_score(scores: NDArray[np.float64], groups: _Groups) -> Iterator[_Row]:
    known = groups.codes >= 0
    for group in groups.wanted:
        reason = _describe_small(groups, group)
        inside: BoolArray = groups.codes[known] == group
        result = reason or compute_separation(scores[known], inside, two_sided=True)
        yield _Row(groups.attribute, groups.labels[group], None, result)


def measure_proxies(context: Context) -> CheckResult:
    """Measure how well each column, all together and the score tell the protected groups apart."""
    names = choose_audited_columns(context)
    positions = _draw_rows(context)
    rows: list[_Row] = []
    scores = _read_scores(context, positions)
    for groups in _list_groups(context, positions):
        rows += _measure_columns(context, names, groups, positions)
        if scores is not None:
            rows += _measure_score(scores, groups)
    if not rows:
        raise CheckNotApplicableError("no protected column has two known groups")
    known = [row.found.p_value for row in rows if isinstance(row.found, Separation)]
    adjusted = iter(compute_holm(np.array(known, dtype=np.float64)).tolist())
    p_values = [next(adjusted) if isinstance(row.found, Separation) else None for row in rows]
    _save(context, rows, p_values)
    drawn = "" if len(positions) == context.table.rows else ", sampled with the run's seed"
    described = (
        "How well each column, all columns and the score tell each group from the others: "
        f"{len(positions):,} of {context.table.rows:,} rows{drawn}, learned on one half and "
        "measured on the other (the score on both)"
    )
    return CheckResult(
        tuple(_build(row, p, len(known)) for row, p in zip(rows, p_values, strict=True)),
        (EvidenceFile(_FOUND, len(rows), described),),
    )


def _draw_rows(context: Context) -> NDArray[np.int64]:
    total = context.table.rows
    if total <= ROWS:
        return np.arange(total, dtype=np.int64)
    chosen = context.generator(f"{CODE}:rows").choice(total, size=ROWS, replace=False)
    return np.sort(chosen).astype(np.int64)


def _build(row: _Row, p_value: float | None, tests: int) -> Measurement:
    result: Estimate | Unavailable
    if isinstance(row.found, Separation):
        one = row.found
        result = Estimate(
            value=one.auc, low=one.low, high=one.high, n=one.n, method="delong_logit",
            confidence=CONFIDENCE,
        )  # fmt: skip
    else:
        result = row.found
    return build_measurement(
        CODE, "score_proxy_auc" if row.source is None else "proxy_auc", result, unit="score",
        direction="none" if row.source is None else "lower_is_better", attribute=row.attribute,
        group=row.group, part=row.source, p_value=p_value, adjusted_for=tests or None,
        evidence=(_FOUND,),
    )  # fmt: skip


def _save(context: Context, rows: list[_Row], p_values: list[float | None]) -> None:
    records = [
        {
            "attribute": row.attribute,
            "group": row.group,
            "source": "score" if row.source is None else row.source.text,
            "auc": None if isinstance(row.found, Unavailable) else row.found.auc,
            "low": None if isinstance(row.found, Unavailable) else row.found.low,
            "high": None if isinstance(row.found, Unavailable) else row.found.high,
            "p_holm": p_value,
            "rows": None if isinstance(row.found, Unavailable) else row.found.n,
        }
        for row, p_value in zip(rows, p_values, strict=True)
    ]
    numbers = ("auc", "low", "high", "p_holm")
    texts = ("attribute", "group", "source")
    schema = pa.schema(
        [(n, pa.string()) for n in texts]
        + [(n, pa.float64()) for n in numbers]
        + [("rows", pa.int64())]
    )
    table = pa.Table.from_pylist(records, schema)
    pq.write_table(table, context.folder / _FOUND, compression="zstd")


PROXIES = Check(
    CODE,
    "Proxies",
    "Measures how well each column, all columns together and the model's score tell the people of "
    f"a protected group from the others, on at most {ROWS:,} rows: learned on one random half, "
    "measured on the other; p-values are adjusted by Holm over all of them.",
    measure_proxies,
)
