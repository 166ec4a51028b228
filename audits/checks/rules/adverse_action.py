"""Check `rules.adverse_action`: the reasons that rejected people can be told, where asked for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from audits.checks.base import Check, CheckResult, Context, EvidenceFile, build_measurement
from audits.core.arrays import FloatArray
from audits.core.attribution import Attribution
from audits.core.errors import CheckNotApplicableError, InputError, near_misses
from audits.core.limits import MIN_APPROVED_TO_COMPARE
from audits.core.report.measurement import Measurement
from audits.core.report.parts import Part, PartKind
from audits.core.settings.spec import AdverseActionSection
from audits.cube import estimate_mean, estimate_share
from audits.explain import (
    INTERVENTIONAL_SHAP,
    LINEAR_SHAP,
    MAX_REASONS,
    PERMUTATION_SHAP,
    ReasonCodes,
    Reasons,
    Settings,
    build_codes,
    compute_overlap,
    compute_reasons,
    concatenate,
    prepare_explainer,
)

CODE = "rules.adverse_action"
COMPARED = 256
"""Applicants near the cut-off that rejected ones are compared with, at most."""
TRIED_ROWS = 200
"""Rejected people whose reasons are worked out again, to see whether they stay the same."""
_FOUND = "evidence/reasons.parquet"
_NOT_ASKED = (
    "audit.toml has no [rules.adverse_action]; to get the reasons that rejected people can be "
    "told, add it"
)


@dataclass(frozen=True, slots=True)
class _People:
    """Positions of those who were rejected, of the approved ones near the cut-off (shuffled),
    and of as many drawn from all."""

    rejected: np.ndarray
    near: np.ndarray
    anybody: np.ndarray


def _read_settings(context: Context) -> AdverseActionSection:
    settings = context.spec.rules.adverse_action
    if settings is None:
        raise CheckNotApplicableError(_NOT_ASKED)
    if context.model is None:
        raise CheckNotApplicableError("decisions were audited without a model")
    features = list(context.model.info.features)
    for name in settings.codes:
        if name not in features:
            hint = near_misses(name, features)
            raise InputError(
                f"[rules.adverse_action] codes: the model has no column {name!r}{hint}"
            )
    return settings


def _choose_people(context: Context, settings: AdverseActionSection) -> _People:
    columns = context.read_predictions(["y_score", "y_pred"])
    scores, decided = columns["y_score"].astype(np.float64), columns["y_pred"].astype(np.int64)
    rejected, approved = np.flatnonzero(decided == 0), np.flatnonzero(decided == 1)
    if not len(rejected):
        raise CheckNotApplicableError("the model turned nobody down")
    if len(approved) < MIN_APPROVED_TO_COMPARE:
        raise CheckNotApplicableError(
            f"only {len(approved)} applicants are approved; {MIN_APPROVED_TO_COMPARE} are needed "
            "to compare with"
        )
    generator = context.generator(CODE)
    lowest = approved[np.argsort(scores[approved], kind="stable")]
    nearest = max(MIN_APPROVED_TO_COMPARE, round(settings.near * len(lowest)))
    near = generator.permutation(lowest[:nearest])[:COMPARED]
    if len(rejected) > settings.rows:
        rejected = np.sort(generator.choice(rejected, size=settings.rows, replace=False))
    anybody = generator.choice(len(scores), size=min(len(near), len(scores)), replace=False)
    return _People(rejected, near, anybody)


def _attribute(
    context: Context, rows: pd.DataFrame, reference: pd.DataFrame, name: str
) -> Attribution:
    """Explain the log-odds of approval against `reference`, by the first method that can."""
    assert context.model is not None
    for method in (INTERVENTIONAL_SHAP, LINEAR_SHAP, PERMUTATION_SHAP):
        settings = Settings(
            method=method, output="margin", target_class=context.output or 0, pairs=COMPARED,
            seed=context.spec.audit.seed,
        )  # fmt: skip
        try:
            explainer = prepare_explainer(context.model, rows, reference, settings, name=name)
        except CheckNotApplicableError:
            continue
        return concatenate(list(explainer.iterate(rows)))
    raise CheckNotApplicableError("no method explains this model's log-odds")


def _read(context: Context, positions: np.ndarray) -> pd.DataFrame:
    """Return the model's columns of rows, in the order of `positions`."""
    assert context.model is not None
    ordered, back = np.unique(positions, return_inverse=True)
    return context.table.read_rows(ordered)[list(context.model.info.features)].iloc[back]


def _try_again(
    context: Context, people: _People, codes: ReasonCodes, found: Reasons
) -> dict[str, FloatArray]:
    """Return, for the first tried rows, the overlap of reasons under other reference rows:
    between two halves of those near the cut-off, and with applicants at large."""
    tried = people.rejected[:TRIED_ROWS]
    rows = _read(context, tried)
    half = len(people.near) // 2
    orders = [
        compute_reasons(
            _attribute(context, rows, _read(context, chosen), name).values, codes
        ).order
        for name, chosen in (
            ("near 1", people.near[:half]), ("near 2", people.near[half:]),
            ("anybody", people.anybody),
        )
    ]  # fmt: skip
    return {
        "reason_stability": compute_overlap(orders[0], orders[1]),
        "reason_agreement": compute_overlap(found.order[: len(tried)], orders[2]),
    }


def _tabulate(
    names: np.ndarray, features: list[str], codes: ReasonCodes, found: Reasons, stable: FloatArray
) -> pa.Table:
    """Return one row a person and reason, the weightiest first."""
    row, rank = np.nonzero(found.order >= 0)
    reason = found.order[row, rank]
    known = np.full(len(found.order), np.nan)
    known[: len(stable)] = stable
    return pa.table(
        {
            "row": pa.array(names[row], pa.string()),
            "rank": pa.array(rank.astype(np.int32)),
            "reason": pa.array([codes.names[item] for item in reason], pa.string()),
            "columns": pa.array(
                [list(codes.columns(item, features)) for item in reason], pa.list_(pa.string())
            ),
            "shortfall": pa.array(found.shortfall[row, rank].astype(np.float32)),
            "share": pa.array((found.shortfall[row, rank] / found.total[row]).astype(np.float32)),
            "stability": pa.array(known[row].astype(np.float32), from_pandas=True),
        }
    )


def _measure(
    codes: ReasonCodes, found: Reasons, overlaps: dict[str, FloatArray]
) -> Iterator[Measurement]:
    n = len(found.order)
    for position, name in enumerate(codes.names):
        hits = int((found.order == position).any(axis=1).sum())
        if hits:
            yield build_measurement(
                CODE, "reason_share", estimate_share(hits, n), unit="share", direction="none",
                part=Part(PartKind.REASON, name), evidence=(_FOUND,),
            )  # fmt: skip
    few = f"only {n} rejected rows"
    for metric, overlap in overlaps.items():
        yield build_measurement(
            CODE, metric, estimate_mean(overlap, few, (0.0, 1.0)), unit="share",
            direction="higher_is_better",
            evidence=(_FOUND,),
        )  # fmt: skip
    yield build_measurement(
        CODE, "prohibited_reason_share", estimate_share(int(found.prohibited.sum()), n),
        unit="share", direction="lower_is_better", evidence=(_FOUND,),
    )  # fmt: skip


def compute_adverse_action(context: Context) -> CheckResult:
    """Work out up to four principal reasons for each rejected person, and how firm they are."""
    settings = _read_settings(context)
    assert context.model is not None
    people = _choose_people(context, settings)
    features = list(context.model.info.features)
    codes = build_codes(features, settings.codes, settings.barred(context.spec.data.protected))
    context.progress("reasons", 0.0)
    rows = _read(context, people.rejected)
    explained = _attribute(context, rows, _read(context, people.near), "near")
    found = compute_reasons(explained.values, codes)
    context.progress("reasons", 0.6)
    overlaps = _try_again(context, people, codes, found)
    names = context.read_predictions(["row"])["row"].astype(str)[people.rejected]
    table = _tabulate(names, features, codes, found, overlaps["reason_stability"])
    pq.write_table(table, context.folder / _FOUND, compression="zstd")
    described = (
        f"Up to {MAX_REASONS} reasons of {len(people.rejected)} rejected people, by "
        f"{explained.method} in log-odds of approval against {len(people.near)} approved "
        "applicants near the cut-off"
    )
    return CheckResult(
        tuple(_measure(codes, found, overlaps)),
        (EvidenceFile(_FOUND, table.num_rows, described),),
    )


ADVERSE_ACTION = Check(
    CODE,
    "Reasons for rejections",
    "Works out up to four principal reasons that a rejected applicant can be told, against "
    "applicants near the cut-off (12 CFR 1002.9), never a prohibited one, and whether they stay "
    "the same under other reference applicants.",
    compute_adverse_action,
)
