"""A run's folder: `report.json`, `manifest.json` and the evidence that the report points to."""

from __future__ import annotations

import json
import os
import shutil
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from pydantic import ValidationError

from audits.core.errors import EvidenceError, InputError
from audits.core.report.report import AuditReport
from audits.cube import Cube
from audits.data import compute_sha256

REPORT = "report.json"
MANIFEST = "manifest.json"
ORIGIN = "origin.json"
_PARTIAL = ".assay-partial-"


@dataclass(frozen=True, slots=True)
class Bundle:
    """A finished run. `origin` is the folder that the audit's relative paths start from."""

    path: Path
    report: AuditReport
    manifest: dict[str, str]
    origin: Path

    def evidence_path(self, name: str) -> Path:
        """Return where an evidence file is, by its name ("predictions.parquet")."""
        return self.path / "evidence" / name

    def has_evidence(self, name: str) -> bool:
        """Whether the run has that evidence file."""
        return f"evidence/{name}" in self.manifest

    def load_cube(self) -> Cube:
        """Read the audit cube."""
        return Cube.load(self.evidence_path("cube.parquet"))

    @property
    def key(self) -> str:
        """A name of the run's content, for caches."""
        return self.manifest[REPORT]


@dataclass(frozen=True, slots=True)
class BundleSummary:
    """A line in a list of runs; `problem` says why one cannot be opened. data: the digest of what
    was read."""

    path: Path
    name: str
    created: str
    task: str
    rows: int
    status_counts: dict[str, int]
    problem: str = ""
    data: str = ""


@contextmanager
def write_bundle(target: Path) -> Iterator[Path]:
    """Yield an empty folder that becomes `target` when the block ends well, else vanishes.

    The rename is the last step, so no reader ever sees half a run. Raises InputError where
    `target` exists already, or cannot be written.
    """
    target = target.absolute()
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise InputError(f"{target.name!r} exists already; choose another --out or remove it")
    partial = target.parent / f"{_PARTIAL}{os.getpid()}-{target.name}"
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        remove_partial(target.parent)
        partial.mkdir()
        (partial / "evidence").mkdir()
    except OSError as error:
        raise InputError(f"cannot write to {target.parent}: {error.strerror}") from error
    try:
        yield partial
        _write_manifest(partial)
        if target.exists():
            target.rmdir()
        partial.rename(target)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def remove_partial(folder: Path) -> None:
    """Remove what killed runs left behind: partial folders of processes that are gone."""
    for partial in folder.glob(f"{_PARTIAL}*"):
        owner = partial.name.removeprefix(_PARTIAL).split("-")[0]
        if owner.isdigit() and not is_alive(int(owner)):
            shutil.rmtree(partial, ignore_errors=True)


def is_alive(process: int) -> bool:
    """Whether a process of this machine is still there."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _write_manifest(folder: Path) -> None:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    digests = {path.relative_to(folder).as_posix(): compute_sha256(path) for path in files}
    (folder / MANIFEST).write_text(json.dumps(digests, indent=1) + "\n", encoding="utf-8")


def load_bundle(path: Path) -> Bundle:
    """Open a run's folder. Raises InputError where it is none, EvidenceError where it is broken."""
    if not (path / REPORT).is_file():
        raise InputError(f"{str(path)!r} is not a run's folder (it has no {REPORT})")
    try:
        manifest = json.loads((path / MANIFEST).read_text(encoding="utf-8"))
        report = AuditReport.from_json((path / REPORT).read_bytes())
        origin = json.loads((path / ORIGIN).read_text(encoding="utf-8"))["folder"]
    except (OSError, ValueError, KeyError, ValidationError) as error:
        first = str(error).splitlines()[0]
        raise EvidenceError(f"the run in {path.name!r} is damaged: {first}") from error
    return Bundle(path, report, manifest, Path(origin))


def verify_bundle(path: Path) -> list[str]:
    """Return what is wrong with a run's files; an empty list where all is as it was written."""
    bundle = load_bundle(path)
    problems = []
    for name, digest in bundle.manifest.items():
        file = path / name
        if not file.is_file():
            problems.append(f"{name} is missing")
        elif compute_sha256(file) != digest:
            problems.append(f"{name} has changed since the audit")
    for evidence in bundle.report.evidence:
        if bundle.manifest.get(evidence.path) != evidence.sha256:
            problems.append(f"{evidence.path}: report and manifest disagree")
    known = set(bundle.manifest) | {MANIFEST}
    for file in sorted(path.rglob("*")):
        name = file.relative_to(path).as_posix()
        if file.is_file() and name not in known:
            problems.append(f"{name} was added after the audit")
    return problems


def list_bundles(root: Path) -> list[BundleSummary]:
    """Return the runs in the folders directly under `root`, newest first."""
    if not root.is_dir():
        return []
    found = [
        _summarise(folder, _read_manifest(folder))
        for folder in root.iterdir()
        if folder.is_dir() and not folder.name.startswith(".") and (folder / REPORT).is_file()
    ]
    return sorted(found, key=lambda summary: (summary.created, summary.path.name), reverse=True)


def _read_manifest(folder: Path) -> bytes:
    try:
        return (folder / MANIFEST).read_bytes()
    except OSError:
        return b""


@lru_cache(maxsize=512)
def _summarise(folder: Path, manifest: bytes) -> BundleSummary:
    """Return a run's line. A report is as its manifest names it, so it is read once."""
    try:
        report = load_bundle(folder).report
    except EvidenceError as error:
        return BundleSummary(folder, folder.name, "", "", 0, {}, str(error))
    counts = Counter(verdict.status.value for verdict in report.verdicts)
    return BundleSummary(
        folder,
        report.subject.name,
        report.run.created,
        report.subject.task,
        report.subject.data.rows,
        dict(counts),
        data=report.subject.data.sha256,
    )
