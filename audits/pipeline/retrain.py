"""One retraining from start to end: train on the reference, save, measure on the audited rows."""

from __future__ import annotations

import os
import zlib
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from audits.checks import Progress
from audits.core.arrays import FloatArray
from audits.core.errors import InputError, near_misses, one_of
from audits.core.groups import name_group_column
from audits.core.settings.read import load_spec
from audits.core.settings.spec import AuditSpec
from audits.cube import Cube, build_cube, compute_view
from audits.data import AuditTable, connect, open_table, read_training_rows
from audits.meaning import check_task, fit_names, resolve_model
from audits.mitigate import (
    GOALS,
    GROUP,
    SERVICE,
    TRUE,
    Costs,
    GroupRule,
    Method,
    Mixture,
    Outcome,
    Part,
    compute_group_rules,
    compute_outcome,
    compute_sha256,
    decide_by_group,
    find_method,
    open_mixture,
)
from audits.models import (
    ModelClient,
    describe_refused,
    find_refused_types,
    open_declared,
    open_model,
)
from audits.pipeline.scoring import BATCH, check_features

_AFTER = "\ue000assay after"
_Decide = Callable[[pd.DataFrame, np.ndarray, FloatArray], FloatArray]
"""From rows, their groups and the audited model's scores to probabilities."""


@dataclass(frozen=True, slots=True)
class Retraining:
    """What was done and what it does. files: what was written, the predictor first.

    left_out: groups of the reference without rows of both outcomes, decided as before.
    same_rows: whether the audited rows are the ones that were trained on.
    """

    method: Method
    goal: str
    attribute: str
    files: tuple[Path, ...]
    trained_on: int
    left_out: tuple[str, ...]
    same_rows: bool
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class _Job:
    """What is asked, opened and matched."""

    spec: AuditSpec
    table: AuditTable
    client: ModelClient
    model: Path
    output: int
    method: Method
    goal: str
    attribute: str
    gap: float
    out: Path


def run_retraining(
    spec_path: Path,
    *,
    method: str,
    goal: str,
    attribute: str,
    out: Path,
    gap: float | None = None,
    progress: Progress,
) -> Retraining:
    """Train what `method` asks for, write it to `out`, and measure it on the audited rows.

    gap: the largest allowed, [mitigate] gap where None. Raises InputError for whatever cannot be
    used as it is; then nothing is written.
    """
    progress("read", None)
    spec = load_spec(spec_path)
    chosen, aim = find_method(method, goal)
    base = spec_path.absolute().parent
    _check_request(spec, chosen, attribute, out)
    with ExitStack() as stack:
        connection = connect()
        stack.callback(connection.close)
        table = open_table(connection, spec, base)
        training = read_training_rows(table, spec, attribute, (TRUE, GROUP))
        progress("open model", None)
        assert spec.model is not None  # checked above
        model = base / spec.model.path
        client = stack.enter_context(open_declared(spec.model, base, services=(SERVICE,)))
        check_task(spec, client.info)
        if chosen.retrains and client.info.format != "skops":
            raise InputError(
                f"--method {chosen.name} fits the model again, which takes a scikit-learn model "
                f"(skops); {spec.model.path} is {client.info.format}: use --method "
                "threshold-optimizer"
            )
        fit_names(table, client)
        check_features(spec, table, client, next(table.batches(1)).frame)
        meant = resolve_model(spec, table, client, lambda done: progress("open model", done))
        spec, output = meant.spec, meant.output
        assert output is not None  # binary, as checked
        allowed = spec.mitigate.gap if gap is None else gap
        job = _Job(spec, table, client, model, output, chosen, aim, attribute, allowed, out)
        progress("train", None)
        folder = Path(stack.enter_context(TemporaryDirectory(dir=_make_parent(out))))
        left_out = _train(job, training, folder)
        progress("predict", 0.0)
        cube = _count(job, folder, progress)
        written = _move_into_place(folder, out)
    reference = table.reference
    return Retraining(
        method=chosen,
        goal=aim,
        attribute=attribute,
        files=written,
        trained_on=len(training),
        left_out=left_out,
        same_rows=reference is not None and reference.sha256 == table.source.sha256,
        outcome=_measure(job, cube),
    )


def _check_request(spec: AuditSpec, method: Method, attribute: str, out: Path) -> None:
    if spec.audit.task != "binary" or spec.model is None:
        raise InputError(
            "only a binary model can be mitigated, and this audit "
            + ("has decisions without a model" if spec.model is None else f"is {spec.audit.task}")
        )
    if attribute not in spec.data.protected:
        hint = near_misses(attribute, spec.data.protected)
        raise InputError(
            f"attribute {attribute!r} is not protected in this audit{hint} "
            f"(there are {one_of(spec.data.protected) or 'none'})"
        )
    suffix = ".skops" if method.name == "reweighing" else ".json"
    if out.suffix.lower() != suffix:
        raise InputError(f"{out.name!r}: --method {method.name} writes a {suffix} file; name it so")
    if out.exists():
        raise InputError(f"{out} exists already; choose another name or remove it")


def _make_parent(out: Path) -> Path:
    try:
        out.absolute().parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"cannot write to {out.parent}: {error.strerror}") from error
    return out.absolute().parent


def _train(job: _Job, training: pd.DataFrame, folder: Path) -> tuple[str, ...]:
    """Write the predictor into `folder` under its name; return the groups that are left out."""
    if job.method.name == "threshold-optimizer":
        return _train_thresholds(job, training, folder)
    if job.method.name == "reweighing":
        table, _ = job.client.call("reweigh", training, {"output": job.output})
        _write_model(folder / job.out.name, table["content"][0].as_py())
        return ()
    params = {"constraint": job.method.goals[job.goal], "gap": job.gap}
    table, details = job.client.call("reduce", training, params)
    parts = [
        Part(probability=probability, constant=decision)
        for decision, probability in details["constants"]
    ]
    for place, probability in enumerate(details["probabilities"]):
        name = f"{job.out.stem}.{place}.skops"
        _write_model(folder / name, table["content"][place].as_py())
        parts.append(
            Part(probability=probability, model=name, sha256=compute_sha256(folder / name))
        )
    _write_mixture(job, folder, tuple(parts), {})
    return ()


def _train_thresholds(job: _Job, training: pd.DataFrame, folder: Path) -> tuple[str, ...]:
    groups = training[GROUP].to_numpy(dtype=object).astype(str)
    true = training[TRUE].to_numpy(np.int64)
    both = {str(group) for group in np.unique(groups) if len(np.unique(true[groups == group])) == 2}
    if len(both) < 2:
        raise InputError(
            f"fewer than two groups of {job.attribute!r} have rows of both outcomes in the "
            "reference; thresholds cannot be compared"
        )
    kept = np.isin(groups, sorted(both))
    scores = job.client.predict(training)[:, job.output]
    rules = compute_group_rules(scores[kept], true[kept], groups[kept], job.goal)
    # The base model stays where it is, and is found from where the predictor will lie.
    part = Part(
        probability=1.0,
        model=os.path.relpath(job.model, job.out.absolute().parent),
        sha256=compute_sha256(job.model),
        output=job.output,
    )
    _write_mixture(job, folder, (part,), rules)
    return tuple(sorted(set(groups.tolist()) - both))


def _write_model(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    if refused := find_refused_types(path):
        raise InputError(describe_refused("the retrained model", refused))


def _write_mixture(
    job: _Job, folder: Path, parts: tuple[Part, ...], rules: dict[str, GroupRule]
) -> None:
    assert job.spec.model is not None  # checked at the start
    mixture = Mixture(
        schema="assay.mitigated/1",
        method=job.method.name,
        goal=job.goal,
        attribute=job.attribute,
        positive=str(job.spec.data.positive),
        threshold=job.spec.model.cut,
        parts=parts,
        groups=rules,
        features=job.client.renamed,
        reading=job.spec.model.reading,
    )
    (folder / job.out.name).write_text(mixture.to_json(), encoding="utf-8")


def _count(job: _Job, folder: Path, progress: Progress) -> Cube:
    """Count the audited rows by group, true outcome, decision before and decision after."""
    generator = np.random.default_rng([job.spec.audit.seed, zlib.crc32(b"mitigate:draw")])
    assert job.spec.model is not None
    threshold, path = job.spec.model.cut, folder / "assay-decisions.parquet"
    written, writer = 0, None
    with ExitStack() as stack:
        decide = _open_decider(job, folder, stack)
        for batch in job.table.batches(BATCH):
            score = job.client.predict(batch.frame)[:, job.output]
            groups = batch.kept[name_group_column(job.attribute)].to_numpy(dtype=object).astype(str)
            chance = decide(batch.frame, groups, score)
            columns = {
                "y_true": pa.array(batch.kept["y_true"], pa.int32(), from_pandas=True),
                "y_pred": pa.array((score >= threshold).astype(np.int32)),
                name_group_column(job.attribute): pa.array(groups, pa.string()),
                _AFTER: pa.array((chance > generator.random(len(chance))).astype(int).astype(str)),
            }
            if "weight" in batch.kept:
                columns["weight"] = pa.array(batch.kept["weight"], pa.float64())
            part = pa.table(columns)
            if writer is None:
                writer = stack.enter_context(pq.ParquetWriter(path, part.schema))
            writer.write_table(part)
            written += len(chance)
            progress("predict", written / job.table.rows)
    try:
        return build_cube(
            job.table.connection, path, task="binary", attributes=(job.attribute, _AFTER)
        )
    finally:
        path.unlink()


def _open_retrained(job: _Job, path: Path) -> ModelClient:
    """Open the saved model: it calls its inputs as the audited one does, and answers alike."""
    return open_model(path, features=job.client.renamed)


def _open_decider(job: _Job, folder: Path, stack: ExitStack) -> _Decide:
    """Return what gives each row's probability of the favourable outcome after the mitigation,
    from the files as they were written."""
    path = folder / job.out.name
    if job.method.name == "threshold-optimizer":  # its model's scores are known already
        mixture = Mixture.model_validate_json(path.read_text(encoding="utf-8"))
        return lambda frame, groups, score: decide_by_group(mixture, score, groups)
    if job.method.name == "exponentiated-gradient":
        drawn = stack.enter_context(open_mixture(path))
        return lambda frame, groups, score: drawn(frame, groups)
    assert job.spec.model is not None
    client, threshold = stack.enter_context(_open_retrained(job, path)), job.spec.model.cut
    return lambda frame, groups, score: (client.predict(frame)[:, job.output] >= threshold).astype(
        np.float64
    )


def _move_into_place(folder: Path, out: Path) -> tuple[Path, ...]:
    """Move the written files beside one another, the predictor last: it names the others."""
    names = sorted(path.name for path in folder.iterdir() if path.name != out.name)
    taken = [name for name in names if (out.absolute().parent / name).exists()]
    if taken:
        raise InputError(f"{taken[0]} exists already beside {out.name}; choose another name")
    for name in (*names, out.name):
        (folder / name).rename(out.absolute().parent / name)
    return (out, *(out.parent / name for name in names))


def _measure(job: _Job, cube: Cube) -> Outcome:
    view = compute_view(cube, (job.attribute,))
    after = np.array([int(text) for text in cube.groups[_AFTER]])[cube.group_codes[:, 1]]
    decided = replace(cube, codes={**cube.codes, "y_pred": after})
    section = job.spec.mitigate
    return compute_outcome(
        view,
        decided,
        GOALS[job.goal].gap,
        Costs(section.cost_false_positive, section.cost_false_negative),
    )
