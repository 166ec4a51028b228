"""Check `explain.anchors`: rules that hold single decisions in place, counted on the data."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from audits.checks.base import Check, CheckResult, Context, EvidenceFile, build_measurement
from audits.checks.explain.sampled import describe_rows, draw_positions, require_model
from audits.core.arrays import FloatArray, IntArray
from audits.core.errors import CheckNotApplicableError, CheckSkippedError
from audits.core.report.codes import ANCHORS_CHECK
from audits.core.report.estimate import Estimate
from audits.cube import compute_share_interval
from audits.explain import LICENCE, Anchor, NoAnchor, find_covered, search_anchors

CODE = ANCHORS_CHECK
REFERENCE_ROWS = 2000
MEASURED_ROWS = 20_000
"""Rules are counted on at most so many audited rows."""

_FILE = "evidence/anchors.parquet"
_NEAR, _DRAWN = "nearest to another decision", "sampled with the run's seed"
_SCHEMA = pa.schema(
    [
        ("row", pa.string()),
        ("chosen", pa.string()),
        ("decision", pa.string()),
        ("conditions", pa.list_(pa.string())),
        ("reached", pa.bool_()),
        *((name, pa.float64()) for name in ("precision", "precision_low", "precision_high")),
        ("precision_n", pa.int64()),
        *((name, pa.float64()) for name in ("coverage", "coverage_low", "coverage_high")),
        ("coverage_n", pa.int64()),
        ("alibi_precision", pa.float64()),
        ("alibi_coverage", pa.float64()),
        ("reason", pa.string()),
    ]
)


@dataclass(frozen=True, slots=True, eq=False)
class _Decided:
    """All rows' decisions, as numbers, and how far each is from another one `[n_rows]`.

    above: on which side of the threshold; all alike for a multiclass model.
    """

    names: tuple[str, ...]
    decision: IntArray
    distance: FloatArray
    above: IntArray


def _read_decided(context: Context) -> _Decided:
    model, spec = require_model(context), context.spec
    assert spec.model is not None  # a model is audited
    names = tuple(spec.model.classes or model.info.classes)
    if spec.audit.task == "binary":
        kept = context.read_predictions(["y_pred", "y_score"])
        positive, output = str(spec.data.positive), context.output
        other = names[1 - (output or 0)] if positive in names else f"not {positive}"
        decision = kept["y_pred"].astype(np.intp)
        distance = np.abs(kept["y_score"].astype(np.float64) - spec.model.cut)
        return _Decided((other, positive), decision, distance, decision)
    columns = [f"y_score[{name}]" for name in names]
    kept = context.read_predictions(columns)
    scores = np.column_stack([kept[name] for name in columns]).astype(np.float64)
    ranked = np.sort(scores, axis=1)
    distance = ranked[:, -1] - ranked[:, -2]
    return _Decided(names, scores.argmax(axis=1), distance, np.zeros(len(scores), dtype=np.intp))


def choose_rows(
    distance: FloatArray, above: IntArray, wanted: int, generator: np.random.Generator
) -> tuple[IntArray, IntArray]:
    """Return positions of half of the rows nearest to another decision, as many from either
    side as there are, and of the other half drawn from the rest."""
    wanted = min(wanted, len(distance))
    near = (wanted + 1) // 2
    order = np.argsort(distance, kind="stable")
    sides = [order[above[order] == side] for side in (1, 0)]
    take = near // 2 if min(map(len, sides)) else 0
    first = sides[0][: max(take, near - len(sides[1]))]
    chosen = np.concatenate([first, sides[1][: near - len(first)]])
    rest = np.setdiff1d(np.arange(len(distance)), chosen)
    drawn = generator.choice(rest, size=wanted - len(chosen), replace=False)
    return np.sort(chosen), np.sort(drawn)


@dataclass(frozen=True, slots=True, eq=False)
class _Measured:
    """The audited rows on which rules are counted."""

    frame: pd.DataFrame
    positions: IntArray
    decision: IntArray


def _share(hits: int, n: int) -> tuple[float | None, float | None, float | None]:
    if not n:
        return None, None, None
    low, high = compute_share_interval(np.array([hits / n]), np.array([float(n)]))
    return hits / n, float(low[0]), float(high[0])


def count_rule(found: Anchor, own: int, decision: int, rows: _Measured) -> dict[str, object]:
    """Return a rule's precision and coverage on the data, as columns of the evidence.

    Precision: of the other rows for which the rule holds, the share decided like this one; none
    where it holds for no other. Coverage: the share of rows for which it holds.
    """
    covered = find_covered(found.conditions, rows.frame)
    others = covered & (rows.positions != own)
    hits = int((rows.decision[others] == decision).sum())
    n, total = int(others.sum()), len(covered)
    named: dict[str, object] = {"precision_n": n, "coverage_n": total}
    for name, share in (
        ("precision", _share(hits, n)),
        ("coverage", _share(int(covered.sum()), total)),
    ):
        named |= {name: share[0], f"{name}_low": share[1], f"{name}_high": share[2]}
    return named


def _tabulate(
    context: Context,
    found: tuple[Anchor | NoAnchor, ...],
    chosen: list[tuple[int, str]],
    decided: _Decided,
) -> pa.Table:
    positions = draw_positions(context, MEASURED_ROWS, f"{CODE}:measured")
    frame = context.table.read_rows(positions)
    measured = _Measured(frame, positions, decided.decision[positions])
    names = context.read_predictions(["row"])["row"].astype(str)
    records: list[dict[str, object]] = []
    for item, (position, why) in zip(found, chosen, strict=True):
        decision = int(decided.decision[position])
        record: dict[str, object] = {
            "row": names[position], "chosen": why, "decision": decided.names[decision],
        }  # fmt: skip
        if isinstance(item, NoAnchor):
            records.append(record | {"reason": item.reason})
            continue
        record |= {
            "conditions": [condition.render() for condition in item.conditions],
            "reached": item.reached,
            "alibi_precision": item.precision,
            "alibi_coverage": item.coverage,
        }
        records.append(record | count_rule(item, position, decision, measured))
    return pa.Table.from_pylist(records, _SCHEMA)


def measure_anchors(context: Context) -> CheckResult:
    """Search a rule for a handful of rows and count on the audited rows how far it holds."""
    model, settings = require_model(context), context.spec.explain
    if context.spec.audit.task == "regression":
        raise CheckNotApplicableError("rules hold decisions in place, and a number is none")
    if not settings.anchors:
        raise CheckSkippedError("[explain] anchors = 0")
    features, output, spec = list(model.info.features), context.output, context.spec

    def decide(frame: pd.DataFrame) -> IntArray:
        scores = model.predict(frame)
        if spec.audit.task == "multiclass" or spec.model is None:
            return np.asarray(scores.argmax(axis=1))
        return (scores[:, 1 if output is None else output] >= spec.model.cut).astype(np.intp)

    decided = _read_decided(context)
    near, drawn = choose_rows(
        decided.distance, decided.above, settings.anchors, context.generator(f"{CODE}:rows")
    )
    chosen = [(int(p), _NEAR) for p in near] + [(int(p), _DRAWN) for p in drawn]
    rows = pd.concat([context.table.read_rows(part)[features] for part in (near, drawn)])
    reference = context.table.sample_reference(
        REFERENCE_ROWS, context.generator(f"{CODE}:reference")
    )
    found = search_anchors(
        decide,
        reference[features],
        rows,
        context.generator(CODE),
        seconds=settings.anchor_seconds,
        progress=lambda fraction: context.progress(CODE, fraction),
    )
    table = _tabulate(context, found, chosen, decided)
    pq.write_table(table, context.folder / _FILE, compression="zstd")
    reached = sum(isinstance(item, Anchor) and item.reached for item in found)
    described = (
        f"Rules for {len(near)} rows {_NEAR} and {len(drawn)} {_DRAWN}, searched by alibi on "
        f"made-up rows, counted on {describe_rows(context, MEASURED_ROWS)}. {LICENCE}"
    )
    counted = build_measurement(
        CODE, "anchors_found", Estimate.exact(reached, len(found)), unit="count",
        direction="none", evidence=(_FILE,),
    )  # fmt: skip
    return CheckResult((counted,), (EvidenceFile(_FILE, table.num_rows, described),))


ANCHORS = Check(
    CODE,
    "Rules",
    "Searches conditions under which single decisions stay as they are (anchors, by alibi), and "
    "counts on the data how often they do.",
    measure_anchors,
)
