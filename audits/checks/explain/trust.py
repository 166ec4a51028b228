"""Check `explain.trust`: how far the run's own attributions can be relied on, on a few rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from audits.checks.base import Check, CheckResult, Context, EvidenceFile, build_measurement
from audits.checks.explain.attributions import build_settings, prepare, sample_reference
from audits.checks.explain.trust_compare import (
    explain_against_halves,
    explain_moved,
    iterate_rivals,
    join_errors,
)
from audits.checks.explain.trust_rows import Shown, read_shown
from audits.core.arrays import FloatArray
from audits.core.attribution import Attribution
from audits.core.errors import CheckNotApplicableError, CheckSkippedError
from audits.core.report.codes import TRUST_CHECK
from audits.core.report.estimate import Estimate, Unavailable
from audits.core.report.measurement import Direction, Measurement, Unit
from audits.core.report.parts import Part, PartKind
from audits.explain import (
    METHODS,
    PERMUTATION_SHAP,
    Explainer,
    FrameBlender,
    build_score,
    choose_top,
    compute_changes,
    compute_curves,
    compute_gaps,
    compute_overlaps,
    compute_rank_correlations,
    estimate_mean,
)

CODE = TRUST_CHECK
_FILE = "evidence/trust.parquet"
_RANKS = (-1.0, 1.0)
_SHARES = (0.0, 1.0)


@dataclass(slots=True)
class _Tests:
    """What was measured, and the rows' own numbers behind it."""

    method: str
    measured: list[Measurement] = field(default_factory=list)
    rows: dict[str, FloatArray] = field(default_factory=dict)

    def add(
        self,
        metric: str,
        result: Estimate | Unavailable,
        direction: Direction = "higher_is_better",
        unit: Unit = "score",
        other: str = "",
    ) -> None:
        self.measured.append(
            build_measurement(
                CODE, metric, result, unit=unit, direction=direction,
                part=Part(PartKind.METHOD, self.method, other), evidence=(_FILE,),
            )
        )  # fmt: skip

    def add_mean(
        self,
        metric: str,
        values: FloatArray,
        undefined: str,
        bounds: tuple[float, float],
        *,
        direction: Direction = "higher_is_better",
        unit: Unit = "score",
        other: str = "",
    ) -> None:
        self.rows[f"{metric}|{other}" if other else metric] = values
        self.add(metric, estimate_mean(values, undefined, bounds), direction, unit, other)


def _measure_additivity(tests: _Tests, shown: Shown) -> None:
    gaps = compute_gaps(shown.values, shown.base, shown.output)
    tests.add_mean(
        "trust_additivity", gaps, "the model's output is the same for every row", (0.0, np.inf),
        direction="lower_is_better", unit="share",
    )  # fmt: skip
    if shown.error is not None:
        total = np.abs(shown.values).sum(axis=1)
        share = np.divide(
            shown.error.sum(axis=1), total, out=np.full(len(total), np.nan), where=total > 0
        )
        tests.add_mean(
            "trust_sampling", share, "no column moves these rows", (0.0, np.inf),
            direction="lower_is_better", unit="share",
        )  # fmt: skip


def _measure_agreement(tests: _Tests, context: Context, own: Explainer, shown: Shown) -> None:
    top = choose_top(shown.values.shape[1])
    found = False
    for rival in iterate_rivals(context, own, shown):
        found = True
        kind = "agreement" if rival.same_question else "other_agreement"
        mine, theirs = shown.values[rival.places], rival.found.values
        stated = None if shown.error is None else shown.error[rival.places]
        error = join_errors(stated, rival.found.error)
        undefined = "too few rows have values that are more than their sampling error"

        def fill(values: FloatArray, places: np.ndarray = rival.places) -> FloatArray:
            whole = np.full(len(shown.names), np.nan)
            whole[places] = values
            return whole

        tests.add_mean(
            f"trust_{kind}", fill(compute_rank_correlations(mine, theirs, error)),
            undefined, _RANKS, other=rival.method,
        )  # fmt: skip
        tests.add_mean(
            f"trust_{kind}_top", fill(compute_overlaps(mine, theirs, top, error)),
            undefined, _SHARES, unit="share", other=rival.method,
        )  # fmt: skip
    if not found:
        tests.add("trust_agreement", Unavailable(reason="no other method explains this model"))


def _measure_stability(tests: _Tests, context: Context, own: Explainer, shown: Shown) -> None:
    def compare(kind: str, first: Attribution | Shown, others: list[Attribution]) -> None:
        pairs = [(first.values, one.values, join_errors(first.error, one.error)) for one in others]
        ranks = np.array([compute_rank_correlations(*pair) for pair in pairs])
        changes = np.array([compute_changes(one, other) for one, other, _ in pairs])
        undefined = "too few rows have attributions to compare"
        tests.add_mean(f"trust_{kind}", ranks.mean(axis=0), undefined, _RANKS)
        tests.add_mean(
            f"trust_{kind}_change", changes.max(axis=0), undefined, (0.0, np.inf),
            direction="lower_is_better", unit="share",
        )  # fmt: skip

    try:
        compare("noise", shown, explain_moved(context, own, shown, CODE))
    except CheckNotApplicableError as error:
        tests.add("trust_noise", Unavailable(reason=str(error)))
    try:
        first, second = explain_against_halves(context, own, shown)
        compare("background", first, [second])
    except CheckNotApplicableError as error:
        tests.add("trust_background", Unavailable(reason=str(error)))


def _measure_faithfulness(tests: _Tests, context: Context, own: Explainer, shown: Shown) -> None:
    columns = list(own.client.info.features)
    reference = sample_reference(context, METHODS[PERMUTATION_SHAP].reference_rows)[columns]
    score = build_score(own.space, own.settings.target_class)
    blender = FrameBlender(own.client.predict, score, shown.frame, reference.reset_index(drop=True))
    generator = context.generator(f"{CODE}:curves")
    curves = compute_curves(blender, shown.values, len(reference), generator)
    top = choose_top(len(columns))
    deletion, insertion = curves.estimate_areas()
    tests.add("trust_deletion", curves.estimate_deletion(top), unit="ratio")
    tests.add("trust_insertion", curves.estimate_insertion(top), unit="ratio")
    tests.add("trust_claim", curves.estimate_claim(), "closer_to_one", unit="ratio")
    tests.add("trust_deletion_area", deletion, unit="points")
    tests.add("trust_insertion_area", insertion, unit="points")
    for name, curve in (("top", curves.top), ("random", curves.random), ("last", curves.reverse)):
        for place, count in enumerate(curves.counts):
            tests.rows[f"distance|{name}|{count}"] = curve[:, place]
    tests.rows["distance|all"] = curves.whole
    tests.rows["claim|covered"], tests.rows["claim|spread"] = curves.covered, curves.spread


def _tabulate(shown: Shown, tests: _Tests) -> pa.Table:
    columns = {"row": pa.array(shown.names, pa.string())}
    columns |= {name: pa.array(values, from_pandas=True) for name, values in tests.rows.items()}
    return pa.table(columns)


def _list_steps(
    tests: _Tests, context: Context, own: Explainer, shown: Shown
) -> Iterator[Callable[[], None]]:
    yield lambda: _measure_additivity(tests, shown)
    yield lambda: _measure_faithfulness(tests, context, own, shown)
    yield lambda: _measure_agreement(tests, context, own, shown)
    yield lambda: _measure_stability(tests, context, own, shown)


def compute_trust(context: Context) -> CheckResult:
    """Put the run's own attributions, as stored, to the test on rows sampled with the run's
    seed."""
    if context.model is None:
        raise CheckNotApplicableError("decisions were audited without a model")
    if not context.spec.explain.trust_rows:
        raise CheckSkippedError("[explain] trust_rows = 0")
    if len(context.model.info.features) < 2:
        raise CheckNotApplicableError("the model has one column; there is nothing to rank")
    own = prepare(context, build_settings(context), "trust:own")
    shown = read_shown(context, own.method, CODE)
    tests = _Tests(own.method)
    for done, step in enumerate(_list_steps(tests, context, own, shown)):
        context.progress(CODE, done / 4)
        step()
    pq.write_table(_tabulate(shown, tests), context.folder / _FILE, compression="zstd")
    described = (
        f"Tests of the attributions by {own.method} on {len(shown.names)} of {shown.total} rows, "
        "sampled with the run's seed: agreement and stability of each row, and how far its score "
        "moves when columns take reference values"
    )
    return CheckResult(tuple(tests.measured), (EvidenceFile(_FILE, len(shown.names), described),))


TRUST = Check(
    CODE,
    "Trust in the explanations",
    "Puts the run's attributions to the test on a few rows: whether they add up, agree with other "
    "methods, stay the same under small changes, and name the columns that the score depends on.",
    compute_trust,
)
