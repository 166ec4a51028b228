"""Check `fairness.counterfactual`: what the model decides of a row made one of another group."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from audits.checks.base import (
    PREDICTIONS_FILE,
    Check,
    CheckResult,
    Context,
    EvidenceFile,
    build_measurement,
)
from audits.core.arrays import BoolArray, FloatArray
from audits.core.errors import CheckNotApplicableError
from audits.core.groups import MISSING
from audits.core.limits import MIN_ROWS_TO_FLIP
from audits.core.report.estimate import Estimate, Unavailable
from audits.core.report.measurement import Direction, Measurement, Unit
from audits.core.report.parts import Part, PartKind
from audits.core.settings.pairs import read_pairs
from audits.core.words.words import list_words
from audits.cube import choose_reference, compute_mean_interval, estimate_share, to_result
from audits.recourse import compute_turned, match_column, replace_values

CODE = "fairness.counterfactual"
FLIPS = "evidence/flips.parquet"
FLIP_ROWS = 20_000
"""More rows are sampled with the run's seed: every flip is a prediction."""
MAX_GROUPS = 10
"""Groups beyond the largest ones are not flipped to or from."""

_EVIDENCE = (FLIPS, PREDICTIONS_FILE)


@dataclass(frozen=True, slots=True)
class _Drawn:
    """The rows that are flipped, in the data's order; scores float64 `[n]` as they are."""

    positions: np.ndarray
    names: np.ndarray
    frame: pd.DataFrame
    scores: FloatArray


@dataclass(frozen=True, slots=True)
class _Flip:
    """The rows `at` (positions among the drawn) of `group`, made rows of `other`."""

    attribute: str
    group: str
    other: str
    at: np.ndarray
    before: FloatArray
    after: FloatArray


def compute_flips(context: Context) -> CheckResult:
    """Flip every protected column that the model sees, with its descendants, and predict again."""
    if context.model is None:
        raise CheckNotApplicableError("decisions were audited without a model")
    if context.spec.audit.task == "multiclass":
        raise CheckNotApplicableError("flips are measured for yes-or-no decisions and for numbers")
    moved = {name: _list_moved(context, name) for name in context.spec.data.protected}
    if not any(moved.values()):
        raise CheckNotApplicableError(_explain_unseen(list(moved)))
    drawn = _draw(context)
    measurements: list[Measurement] = []
    flips: list[_Flip] = []
    for attribute, columns in moved.items():
        if not columns:
            unseen = Unavailable(reason=_explain_unseen([attribute]))
            measurements.append(_measure(attribute, _main_metric(context), unseen))
            continue
        mine = list(_flip(context, drawn, attribute, columns))
        flips += mine
        measurements += _measure_attribute(context, attribute, mine, len(drawn.positions))
    table = _tabulate(context, drawn, flips)
    pq.write_table(table, context.folder / FLIPS, compression="zstd")
    n, rows = len(drawn.positions), context.table.rows
    whom = "every row" if n == rows else f"{n:,} of {rows:,} rows, sampled with the run's seed,"
    about = f"Score and decision of {whom} as they are and as of another group"
    return CheckResult(tuple(measurements), (EvidenceFile(FLIPS, table.num_rows, about),))


def _list_moved(context: Context, attribute: str) -> list[str]:
    """Return the model's columns that a flip of `attribute` changes."""
    assert context.model is not None
    features = set(context.model.info.features)
    declared = context.spec.data.descendants.get(attribute, ())
    return [name for name in (attribute, *declared) if name in features]


def _explain_unseen(attributes: Sequence[str]) -> str:
    if not attributes:
        return "no protected column is named"
    return (
        f"the model is not given {list_words(list(attributes))}, and no column that it is given "
        "is declared to follow from it, so that a flip changes no prediction; that says nothing "
        "of columns that stand for it. To flip those as well, name them in audit.toml: "
        f'[data.descendants] {attributes[0]} = ["..."]'
    )


def _decides(context: Context) -> bool:
    return context.spec.audit.task == "binary"


def _main_metric(context: Context) -> str:
    return "flip_turned_share" if _decides(context) else "flip_score_change"


def _threshold(context: Context) -> float:
    assert context.spec.model is not None
    return context.spec.model.cut


def _draw(context: Context) -> _Drawn:
    positions = np.arange(context.table.rows)
    if len(positions) > FLIP_ROWS:
        chosen = context.generator(CODE).choice(positions, size=FLIP_ROWS, replace=False)
        positions = np.sort(chosen)
    frame = context.table.read_rows(positions)
    names = context.read_predictions(["row"])["row"].astype(str)[positions]
    return _Drawn(positions, names, frame, _predict(context, frame))


def _predict(context: Context, frame: pd.DataFrame) -> FloatArray:
    assert context.model is not None
    scores: FloatArray = context.model.predict(frame[list(context.model.info.features)])
    return scores if context.output is None else scores[:, context.output]


def _flip(
    context: Context, drawn: _Drawn, attribute: str, columns: Sequence[str]
) -> Iterator[_Flip]:
    """Yield every group made the reference group, and the reference group made every other."""
    own = context.read_groups([attribute])[attribute].astype(str)[drawn.positions]
    view = context.view((attribute,))
    reference = view.labels[choose_reference(view, context.wanted_reference((attribute,)))]
    members = {label: own == label for label in view.labels if label != MISSING}
    large = {label: mask for label, mask in members.items() if mask.sum() >= MIN_ROWS_TO_FLIP}
    kept = sorted(large, key=lambda label: -int(large[label].sum()))[:MAX_GROUPS]
    if reference not in kept:
        return
    pairs = [(label, reference) for label in kept if label != reference]
    for done, (group, other) in enumerate([*pairs, *((b, a) for a, b in pairs)]):
        context.progress(CODE, done / (2 * len(pairs)))
        at = np.flatnonzero(large[group])
        changed = _move(context, drawn.frame, large, (attribute, group, other), columns)
        yield _Flip(attribute, group, other, at, drawn.scores[at], _predict(context, changed))


def _move(
    context: Context,
    frame: pd.DataFrame,
    members: Mapping[str, BoolArray],
    flip: tuple[str, str, str],
    columns: Sequence[str],
) -> pd.DataFrame:
    """Return the rows of a group with the columns that a flip (attribute, group, other) moves."""
    _, group, other = flip
    declared = {
        pair.column: pair.values
        for pair in read_pairs(context.spec.data.pairs)
        if (pair.attribute, pair.group, pair.other) == flip
    }
    ours, theirs = frame[members[group]], frame[members[other]]
    changed = ours.copy()
    for name in columns:
        if name in declared:
            changed[name] = replace_values(ours[name], declared[name])
            continue
        generator = context.generator(f"{CODE}:{name}:{group}:{other}")
        changed[name] = match_column(ours[name], ours[name], theirs[name], generator)
    return changed


def _measure_attribute(
    context: Context, attribute: str, flips: Sequence[_Flip], n: int
) -> list[Measurement]:
    if not flips:
        few = Unavailable(reason=f"fewer than two groups have at least {MIN_ROWS_TO_FLIP} rows")
        return [_measure(attribute, _main_metric(context), few)]
    found: list[Measurement] = []
    if _decides(context):
        turned = np.zeros(n, dtype=np.bool_)
        reached = np.zeros(n, dtype=np.bool_)
        cut = _threshold(context)
        for flip in flips:
            turned[flip.at] |= (flip.before >= cut) != (flip.after >= cut)
            reached[flip.at] = True
        share = estimate_share(int(turned.sum()), int(reached.sum()))
        found.append(_measure(attribute, "flip_turned_share", share))
    for flip in flips:
        found += _measure_flip(context, flip)
    return found


def _measure_flip(context: Context, flip: _Flip) -> Iterator[Measurement]:
    n = len(flip.at)
    if _decides(context):
        gained, lost = compute_turned(flip.before, flip.after, _threshold(context))
        for metric, hits in (("flip_turned_share", gained + lost),
                             ("flip_gained_share", gained), ("flip_lost_share", lost)):  # fmt: skip
            yield _measure(flip.attribute, metric, estimate_share(hits, n), flip)
    change = flip.after - flip.before
    mean, variance = np.asarray(change.mean()), np.asarray(change.var(ddof=1))
    low, high = compute_mean_interval(mean, variance, np.asarray(float(n)))
    result = to_result(float(mean), float(low), float(high), n, "student_t", "no rows")
    yield _measure(
        flip.attribute, "flip_score_change", result, flip,
        unit="difference" if _decides(context) else "target",
    )  # fmt: skip


def _measure(
    attribute: str,
    metric: str,
    result: Estimate | Unavailable,
    flip: _Flip | None = None,
    unit: Unit = "share",
) -> Measurement:
    directed: Direction = "closer_to_zero" if metric == "flip_score_change" else "lower_is_better"
    return build_measurement(
        CODE, metric, result, unit=unit, direction=directed, attribute=attribute,
        group=None if flip is None else flip.group,
        part=None if flip is None else Part(PartKind.SWAP, flip.other), evidence=_EVIDENCE,
    )  # fmt: skip


def _tabulate(context: Context, drawn: _Drawn, flips: Sequence[_Flip]) -> pa.Table:
    """Return one row a flip: `row`, `attribute`, `group`, `flipped_to` text, `y_score` and
    `y_score_flipped` float64, for decisions `y_pred` and `y_pred_flipped` int32."""
    at = np.concatenate([flip.at for flip in flips]) if flips else np.zeros(0, dtype=np.int64)
    sizes = [len(flip.at) for flip in flips]

    def spread(values: Sequence[str]) -> pa.Array:
        return pa.array(np.repeat(np.array(values, dtype=object), sizes), pa.string())

    empty = [np.zeros(0)]
    before = np.concatenate([flip.before for flip in flips] or empty)
    after = np.concatenate([flip.after for flip in flips] or empty)
    columns = {
        "row": pa.array(drawn.names[at], pa.string()),
        "attribute": spread([flip.attribute for flip in flips]),
        "group": spread([flip.group for flip in flips]),
        "flipped_to": spread([flip.other for flip in flips]),
        "y_score": pa.array(before, pa.float64()),
        "y_score_flipped": pa.array(after, pa.float64()),
    }
    if _decides(context):
        cut = _threshold(context)
        columns["y_pred"] = pa.array((before >= cut).astype(np.int32))
        columns["y_pred_flipped"] = pa.array((after >= cut).astype(np.int32))
    return pa.table(columns)


COUNTERFACTUAL = Check(
    CODE,
    "The same row in another group",
    "Gives rows the protected value of another group, with the columns that are declared to "
    "follow from it (to declared values, else to learned ones), and counts the decisions that "
    "turn. It shows what the model does with these columns, not what causes what. On at most "
    f"{FLIP_ROWS:,} rows sampled with the run's seed.",
    compute_flips,
)
