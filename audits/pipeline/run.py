"""One audit from start to end: the one place that knows the order."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import audits
from audits.checks import (
    BUILTIN,
    CUBE_FILE,
    PREDICTIONS_FILE,
    Check,
    Context,
    CubeCheck,
    EvidenceFile,
    Progress,
    class_cube_file,
    resolve_section,
)
from audits.core.groups import JOIN
from audits.core.report.report import (
    AuditReport,
    DataSubject,
    Evidence,
    ModelSubject,
    Notice,
    Run,
    SpecRecord,
    Subject,
)
from audits.core.settings.model import HALF
from audits.core.settings.read import load_spec
from audits.core.settings.spec import AuditSpec, PolicySection
from audits.cube import Cube, build_cube, count_classes
from audits.data import AuditTable, compute_sha256, connect, open_table
from audits.meaning import check_task, describe_ties, fit_names, resolve_model
from audits.models import ModelClient, open_declared
from audits.pipeline.checks import Ended, Ran, in_order, no_news, run_checks
from audits.pipeline.provenance import find_environment, find_tool
from audits.pipeline.scoring import (
    check_features,
    check_named_columns,
    check_sought_class,
    describe_ranks,
    find_cut,
    find_scale,
    write_predictions,
)
from audits.policy import IN_FORCE, Policy, check_policy_names, compute_verdicts, load_policy
from audits.recourse import check_rule_columns
from audits.store import ORIGIN, REPORT, Bundle, load_bundle, write_bundle

SERVICES = (
    "audits.explain.service",
    "audits.recourse.proof.service",
    "audits.recourse.worker.service",
)
"""What works in the model's own process, beside it."""

Finish = Callable[[AuditReport, Path], None]
"""Writes further files (the card) beside the report, before the bundle is sealed."""

Early = Callable[[AuditReport, Path], None]
"""Told the first result, while the rest is still being worked out: the report with the numbers of
all early checks and their verdicts, and the folder that is being written (its evidence so far)."""


@dataclass(frozen=True, slots=True)
class _Subject:
    """What is audited, opened and matched: see `_open_subject`.

    spec: as it is in force; declared: as its author wrote it.
    """

    spec: AuditSpec
    declared: AuditSpec
    base: Path
    table: AuditTable
    model: ModelClient | None
    classes: tuple[str, ...]
    output: int | None
    notices: tuple[Notice, ...] = ()


def no_progress(stage: str, fraction: float | None) -> None:
    """Say nothing."""


def run_audit(
    spec_path: Path,
    out: Path,
    *,
    device: str = "auto",
    progress: Progress = no_progress,
    finish: Finish | None = None,
    early: Early | None = None,
    ended: Ended = no_news,
    checks: tuple[Check | CubeCheck, ...] = BUILTIN,
) -> Bundle:
    """Audit what `spec_path` describes and write the run's folder `out`.

    The folder appears whole, or not at all. Checks that are quick run first, whatever their order
    in `checks`, which is the report's; `early` gets their result, `ended` is told of each check.
    Raises InputError for whatever in the settings, the data or the model cannot be used as it is;
    a check that fails is recorded, not raised.
    """
    started = time.monotonic()
    created = datetime.now(UTC).isoformat(timespec="seconds")
    progress("read", None)
    spec = load_spec(spec_path)
    base = spec_path.absolute().parent
    policy_path = base / spec.policy.path if spec.policy.path else None
    policy = load_policy(spec.policy.preset, policy_path, spec.audit.task)
    check_policy_names(policy, spec.data.protected, path=policy_path)
    with ExitStack() as stack:
        folder = stack.enter_context(write_bundle(out))
        subject = _open_subject(spec, base, device, stack, progress)
        _write_settings(folder, spec_path, base)
        context, written = _build_context(subject, policy.min_rows, folder, progress)
        subject = replace(subject, notices=(*subject.notices, *_describe_ties(context)))
        check_policy_names(policy, spec.data.protected, _list_groups(context), policy_path)

        def assemble(ran: Sequence[Ran]) -> AuditReport:
            report = _assemble(subject, policy, ran, written, created, folder)
            seconds = round(time.monotonic() - started, 3)
            return report.model_copy(
                update={"run": report.run.model_copy(update={"duration_s": seconds})}
            )

        first = run_checks(context, [check for check in checks if check.early], ended)
        if early is not None:
            early(assemble(in_order(checks, first)), folder)
        rest = run_checks(context, [check for check in checks if not check.early], ended)
        progress("judge", None)
        report = assemble(in_order(checks, first | rest))
        (folder / REPORT).write_text(report.to_json(), encoding="utf-8")
        if finish is not None:
            progress("card", None)
            finish(report, folder)
    return load_bundle(out)


def _write_settings(folder: Path, spec_path: Path, base: Path) -> None:
    (folder / ORIGIN).write_text(json.dumps({"folder": str(base)}) + "\n", encoding="utf-8")
    (folder / "audit.toml").write_bytes(spec_path.read_bytes())


def _open_subject(
    spec: AuditSpec, base: Path, device: str, stack: ExitStack, progress: Progress
) -> _Subject:
    """Open the data and the model and make sure that they fit each other."""
    connection = connect()
    stack.callback(connection.close)
    table = open_table(connection, spec, base)
    if spec.model is None:
        return _Subject(spec, spec, base, table, None, table.classes, None, table.notices)
    progress("open model", None)
    model = stack.enter_context(open_declared(spec.model, base, device=device, services=SERVICES))
    check_task(spec, model.info)
    renamed = fit_names(table, model)
    check_named_columns(spec, table)
    first = next(table.batches(1)).frame
    check_features(spec, table, model, first)
    check_rule_columns(spec.recourse, model.info.features)
    meant = resolve_model(spec, table, model, lambda done: progress("open model", done))
    check_sought_class(spec, meant.classes)
    resolved, notices = resolve_section(table, meant.spec, model.info.features)
    told = (*table.notices, *renamed, *meant.notices, *notices, *describe_ranks(model))
    return _Subject(resolved, spec, base, table, model, meant.classes, meant.output, told)


def _build_context(
    subject: _Subject, min_rows: int, folder: Path, progress: Progress
) -> tuple[Context, tuple[EvidenceFile, ...]]:
    """Score all rows, count them, and keep both as evidence."""
    spec, table = subject.spec, subject.table
    progress("predict", 0.0)
    cut = find_cut(spec, table)
    rows = write_predictions(
        folder / PREDICTIONS_FILE,
        spec,
        table,
        subject.model,
        subject.classes,
        cut,
        lambda fraction: progress("predict", fraction),
    )
    progress("count", None)
    predictions = folder / PREDICTIONS_FILE
    cube = build_cube(
        table.connection,
        predictions,
        task=spec.audit.task,
        attributes=table.grouped,
        classes=subject.classes,
        threshold=cut,
        scale=find_scale(table, subject.model),
    )
    class_cubes = count_classes(table.connection, predictions, cube)
    written = (
        EvidenceFile(PREDICTIONS_FILE, rows, "Outcome, decision, score and groups of every row"),
        *_save_cubes(folder, cube, class_cubes),
    )
    return (
        Context(
            spec=spec,
            cube=cube,
            class_cubes=class_cubes,
            min_rows=min_rows,
            table=table,
            model=subject.model,
            output=subject.output,
            folder=folder,
            progress=progress,
        ),
        written,
    )


def _describe_ties(context: Context) -> tuple[Notice, ...]:
    """Return what to know of scores of exactly one half, where the model takes the first class."""
    model, cut = context.model, context.cube.threshold
    if model is None or model.info.rule != "larger" or context.output != 1 or cut != HALF:
        return ()
    return describe_ties(int((context.read_predictions(["y_score"])["y_score"] == HALF).sum()))


def _list_groups(context: Context) -> dict[str, tuple[str, ...]]:
    """Return the groups of every protected column and of every two of them."""
    return {
        JOIN.join(attributes): context.view(attributes).labels for attributes in context.groupings
    }


def _save_cubes(
    folder: Path, cube: Cube, class_cubes: Mapping[str, Cube]
) -> Iterator[EvidenceFile]:
    bins = (
        "every score kept"
        if cube.score_bits is None
        else f"scores in bins 1/{2**cube.score_bits:,} wide"
    )
    cube.save(folder / CUBE_FILE)
    cells = len(cube.sums["count"])
    yield EvidenceFile(CUBE_FILE, cells, f"Counts of every combination, {bins}")
    for position, (name, one) in enumerate(class_cubes.items()):
        file = class_cube_file(position)
        one.save(folder / file)
        about = f"Counts of the class {name!r} against all others"
        yield EvidenceFile(file, len(one.sums["count"]), about)


def _assemble(
    subject: _Subject,
    policy: Policy,
    ran: Sequence[Ran],
    written: Sequence[EvidenceFile],
    created: str,
    folder: Path,
) -> AuditReport:
    spec = subject.spec
    results = [one.result for one in ran if one.result is not None]
    measurements = tuple(item for result in results for item in result.measurements)
    files = [*written, *(file for result in results for file in result.evidence)]
    described = _describe_subject(subject)
    effective = {
        **spec.model_dump(mode="json"),
        "policy": _record_policy(spec, policy),
        IN_FORCE: policy.model_dump(mode="json"),
    }
    identity = json.dumps([effective, described.model_dump(mode="json"), audits.__version__])
    run = Run(
        id=hashlib.sha256(identity.encode()).hexdigest()[:16],
        created=created,
        tool=find_tool(),
        seed=spec.audit.seed,
        device=subject.model.info.device if subject.model else "cpu",
        duration_s=0.0,
        environment=find_environment(),
    )
    return AuditReport(
        schema="assay.report/1",
        run=run,
        subject=described,
        spec=SpecRecord(
            effective=effective,
            explicit=subject.declared.model_dump(mode="json", exclude_unset=True),
        ),
        checks=tuple(one.outcome for one in ran),
        measurements=measurements,
        verdicts=compute_verdicts(policy, measurements, run.day),
        evidence=tuple(
            Evidence(
                path=file.path,
                sha256=compute_sha256(folder / file.path),
                rows=file.rows,
                description=file.description,
            )
            for file in files
        ),
        notices=subject.notices,
    )


def _record_policy(spec: AuditSpec, policy: Policy) -> dict[str, str | None]:
    """Return `[policy]` as it was in force: without one, with the preset made for the task."""
    section = spec.policy if spec.policy.path else PolicySection(preset=policy.name)
    return section.model_dump(mode="json")


def _describe_subject(subject: _Subject) -> Subject:
    spec, table, model = subject.spec, subject.table, subject.model
    positive = spec.data.positive if spec.audit.task == "binary" else None
    shown = None if positive is None else str(positive)
    reference = table.reference
    return Subject(
        name=spec.audit.name,
        task=spec.audit.task,
        model=None
        if model is None or spec.model is None
        else ModelSubject(
            format=model.info.format,
            path=spec.model.path,
            sha256=compute_sha256(subject.base / spec.model.path),
            classes=subject.classes,
            n_features=len(model.info.features),
        ),
        data=DataSubject(
            source=table.source.text,
            sha256=table.source.sha256,
            rows=table.rows,
            columns=len(table.columns),
            target=spec.data.target,
            positive=shown,
            protected=table.protected,
        ),
        reference=None
        if reference is None
        else DataSubject(
            source=reference.text,
            sha256=reference.sha256,
            rows=table.reference_rows,
            columns=table.reference_columns,
            target=spec.data.target,
            positive=shown,
            protected=(),
        ),
    )
