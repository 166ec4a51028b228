"""Check `explain.gap`: which columns drive the gap between two groups, adding up to it.

A group is set against its reference group and against those that the policy judges it by, so that
the gap that is explained is the gap that is told.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from audits.checks.base import Check, CheckResult, Context, EvidenceFile, build_measurement
from audits.checks.fairness.gap_pairs import People, list_pairs, read_people
from audits.core.errors import CheckNotApplicableError
from audits.core.groups import JOIN
from audits.core.limits import MIN_ROWS_TO_PAIR
from audits.core.report.estimate import Estimate
from audits.core.report.measurement import Measurement, Unit
from audits.core.report.parts import Part, PartKind
from audits.cube import CONFIDENCE, compute_holm
from audits.explain import GROUP_ROWS, GapShares, decompose_gap

CODE = "explain.gap"
_FOUND = "evidence/gap.parquet"


@dataclass(frozen=True, slots=True)
class _Pair:
    """One group against another, and the positions of the people drawn from each."""

    attribute: str
    group: str
    reference: str
    rows: np.ndarray
    others: np.ndarray
    gap: float


def _draw_pairs(context: Context, people: People) -> Iterator[_Pair]:
    """Yield the pairs with their people."""
    for one in list_pairs(context):
        rows, others = (
            people.find_rows(one.attributes, name) for name in (one.group, one.reference)
        )
        attribute = JOIN.join(one.attributes)
        yield _Pair(
            attribute, one.group, one.reference,
            _draw(context, f"{attribute}={one.group}", rows),
            _draw(context, f"{attribute}={one.reference}", others),
            people.mean(rows) - people.mean(others),
        )  # fmt: skip


def _draw(context: Context, purpose: str, rows: np.ndarray) -> np.ndarray:
    if len(rows) <= GROUP_ROWS:
        return rows
    generator = context.generator(f"{CODE}:{purpose}")
    return np.sort(generator.choice(rows, size=GROUP_ROWS, replace=False))


def _decompose(context: Context, people: People, pairs: list[_Pair]) -> Iterator[GapShares]:
    """Yield each pair's shares; the people of all pairs are read once."""
    assert context.model is not None
    wanted = np.unique(np.concatenate([p for pair in pairs for p in (pair.rows, pair.others)]))
    frame = context.table.read_rows(wanted)[list(context.model.info.features)]
    spec = context.spec
    threshold = spec.model.cut if spec.model and spec.audit.task == "binary" else None
    for done, pair in enumerate(pairs):
        context.progress("gap", done / len(pairs))
        mine, theirs = (
            frame.iloc[np.searchsorted(wanted, chosen)] for chosen in (pair.rows, pair.others)
        )
        purpose = f"{CODE}:{pair.attribute}={pair.group}|{pair.reference}"
        yield decompose_gap(
            context.model, mine, theirs,
            (people.weights[pair.rows], people.weights[pair.others]), pair.gap,
            context.generator(purpose), target_class=context.output, threshold=threshold,
        )  # fmt: skip


def _measure(pair: _Pair, shares: GapShares, features: list[str], unit: Unit) -> list[Measurement]:
    n = shares.rows + shares.reference_rows
    method = f"two_way_clusters over {shares.pairs} pairs"
    found = [
        build_measurement(
            CODE, "gap_share",
            Estimate(
                value=float(shares.shares[k]), low=float(shares.low[k]),
                high=float(shares.high[k]), n=n, method=method, confidence=CONFIDENCE,
            ),
            unit=unit, direction="none", attribute=pair.attribute, group=pair.group,
            reference_group=pair.reference, part=Part(PartKind.FEATURE, feature),
            p_value=float(shares.p_values[k]), evidence=(_FOUND,),
        )
        for k, feature in enumerate(features)
    ]  # fmt: skip
    found.append(
        build_measurement(
            CODE, "gap_pairing_error",
            Estimate.exact(abs(shares.gap - shares.paired_gap), n), unit=unit,
            direction="lower_is_better", attribute=pair.attribute, group=pair.group,
            reference_group=pair.reference, evidence=(_FOUND,),
        )
    )  # fmt: skip
    return found


def _tabulate(pair: _Pair, shares: GapShares, features: list[str]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "attribute": pair.attribute,
            "group": pair.group,
            "reference_group": pair.reference,
            "feature": features,
            "share": shares.shares,
            "low": shares.low,
            "high": shares.high,
            "p_value": shares.p_values,
            "p_value_holm": compute_holm(shares.p_values),
            "gap": shares.gap,
            "pairs": shares.pairs,
            "rows": shares.rows,
            "reference_rows": shares.reference_rows,
        }
    )


def compute_gaps(context: Context) -> CheckResult:
    """Lay each group's gap in selection (or in a regression's mean prediction) on the columns."""
    if context.model is None:
        raise CheckNotApplicableError("decisions were audited without a model")
    if context.spec.audit.task == "multiclass":
        raise CheckNotApplicableError(
            "a gap is attributed to columns for decisions and for regression"
        )
    people = read_people(context)
    pairs = list(_draw_pairs(context, people))
    if not pairs:
        raise CheckNotApplicableError(
            f"no protected column has two groups of at least {MIN_ROWS_TO_PAIR} rows"
        )
    features = list(context.model.info.features)
    unit: Unit = "points" if context.spec.audit.task == "binary" else "target"
    measured: list[Measurement] = []
    tables = []
    for pair, shares in zip(pairs, _decompose(context, people, pairs), strict=True):
        measured += _measure(pair, shares, features, unit)
        tables.append(_tabulate(pair, shares, features))
    table = pa.Table.from_pandas(pd.concat(tables, ignore_index=True), preserve_index=False)
    pq.write_table(table.replace_schema_metadata(None), context.folder / _FOUND, compression="zstd")
    described = (
        f"Shares of each column in {len(pairs)} gaps between groups, over pairs of at most "
        f"{GROUP_ROWS} people a group, sampled with the run's seed"
    )
    return CheckResult(tuple(measured), (EvidenceFile(_FOUND, table.num_rows, described),))


GAP = Check(
    CODE,
    "What drives the gap",
    "Changes people of one group into people of another, a column at a time, and attributes the "
    "gap in selection between the groups to the model's columns; the shares add up to the gap.",
    compute_gaps,
)
