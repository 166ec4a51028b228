"""The first result of a running audit: a small bundle that is there until the audit ends.

It lies in a hidden folder beside the finished runs, under the name that the finished run will
have, so that one name leads to whichever of the two there is.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from audits.core.report.report import AuditReport
from audits.store.bundle import ORIGIN, REPORT, is_alive, remove_partial, write_bundle

PREVIEWS = ".previews"
OWNER = "preview.json"
"""The file that only a preview has: which process keeps it."""


def find_place(out: Path) -> Path:
    """Return where the preview of the run `out` lies."""
    out = out.absolute()
    return out.parent / PREVIEWS / out.name


@contextmanager
def keep_preview(out: Path) -> Iterator[Path]:
    """Yield where the preview of `out` goes; when the block ends, however it ends, it is gone."""
    place = find_place(out)
    try:
        yield place
    finally:
        _remove(place)


def save_preview(report: AuditReport, source: Path, place: Path) -> None:
    """Write a preview to `place`: the report, and of `source`, the bundle that is being written,
    the settings and the evidence that the report names. It appears whole or not at all.

    Raises InputError where it cannot be written.
    """
    _remove(place)
    with write_bundle(place) as folder:
        (folder / REPORT).write_text(report.to_json(), encoding="utf-8")
        (folder / OWNER).write_text(json.dumps({"process": os.getpid()}), encoding="utf-8")
        for name in (ORIGIN, "audit.toml", *(item.path for item in report.evidence)):
            _share(source / name, folder / name)


def _share(source: Path, target: Path) -> None:
    """Give a file that nobody writes any more a second name; copy it where that is not possible."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)


def find_preview(root: Path, name: str) -> Path | None:
    """Return the preview of the run called `name`; None where there is none, or where the audit
    that kept it is no more. name: a plain name; anything with a path in it finds nothing."""
    if not name or name != Path(name).name or name.startswith("."):
        return None
    place = root / PREVIEWS / name
    return place if (place / REPORT).is_file() and _is_kept(place) else None


def is_preview(path: Path) -> bool:
    """Whether a run's folder is a preview."""
    return (path / OWNER).is_file()


def find_runs_folder(path: Path) -> Path:
    """Return the folder with the runs that a run's folder, or a preview's, belongs to."""
    return path.parent.parent if path.parent.name == PREVIEWS else path.parent


def remove_abandoned(root: Path) -> None:
    """Remove what killed audits left in the folder of runs: half-written bundles and previews."""
    remove_partial(root)
    if not (root / PREVIEWS).is_dir():
        return
    remove_partial(root / PREVIEWS)
    for place in (root / PREVIEWS).iterdir():
        if is_preview(place) and not _is_kept(place):
            shutil.rmtree(place, ignore_errors=True)
    _remove_if_empty(root / PREVIEWS)


def _is_kept(place: Path) -> bool:
    try:
        process = json.loads((place / OWNER).read_text(encoding="utf-8"))["process"]
        return is_alive(int(process))
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _remove(place: Path) -> None:
    shutil.rmtree(place, ignore_errors=True)
    _remove_if_empty(place.parent)


def _remove_if_empty(folder: Path) -> None:
    with suppress(OSError):  # others' previews are in it, or it is not there
        folder.rmdir()
