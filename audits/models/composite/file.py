"""`assay.composite/1`: a skops file that holds, beside scikit-learn's objects, boosters in their
own libraries' formats.

The archive is skops' own with two additions: `assay.json` names the boosters, `parts/` has them.
What stands for a booster among the objects is `booster_part`. Nothing here executes: scikit-learn's
part is read as every skops file, each booster as its library's own file is.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from audits.core.errors import InputError
from audits.models.adapters.adapter import Adapter, NativeModel
from audits.models.files.skops_file import check_archive, import_skops, load_estimator
from audits.models.files.skops_types import ALLOWED
from audits.models.formats import (
    catboost as catboost_format,
    lightgbm as lightgbm_format,
    xgboost as xgboost_format,
)

SCHEMA = "assay.composite/1"
MANIFEST = "assay.json"
SUFFIXES = {"xgboost": "ubj", "lightgbm": "txt", "catboost": "cbm"}
TYPES = frozenset(
    f"audits.models.booster_part.{name}" for name in ("BoosterClassifier", "BoosterRegressor")
)
_MAX_PARTS = 10_000
_MAX_MANIFEST_BYTES = 4 << 20


@dataclass(frozen=True, slots=True)
class Part:
    """A booster: its format, and the content of a file of that format."""

    format: str
    content: bytes


def save_composite(model: NativeModel, parts: Sequence[Part], target: Path) -> None:
    """Write objects among which `booster_part`s stand for `parts`, by their place.

    Without a booster this is a plain skops file.
    """
    import_skops().dump(model, target)
    if not parts:
        return
    named = [
        {"path": f"parts/{number}.{SUFFIXES[part.format]}", "format": part.format}
        for number, part in enumerate(parts)
    ]
    with zipfile.ZipFile(target, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(MANIFEST, json.dumps({"schema": SCHEMA, "parts": named}, indent=1))
        for entry, part in zip(named, parts, strict=True):
            archive.writestr(entry["path"], part.content)


def load_composite(path: Path, device: str) -> NativeModel:
    """Return the fitted objects, their boosters opened.

    Raises InputError where the file is damaged, or anything in it is refused.
    """
    from audits.models.booster_part import parts_from  # noqa: PLC0415

    check_archive(path)
    boosters = _Boosters(path, device)
    with parts_from(boosters.open):
        return load_estimator(path, ALLOWED | TYPES)


class _Boosters:
    """The boosters of one file, each opened once."""

    def __init__(self, path: Path, device: str) -> None:
        self._path, self._device = path, device
        self._named = _read_manifest(path)
        self._open: dict[int, Adapter] = {}

    def open(self, number: int) -> Adapter:
        """Return a booster by its number. Raises InputError where it is missing or damaged."""
        if number not in self._open:
            self._open[number] = self._read(number)
        return self._open[number]

    def _read(self, number: int) -> Adapter:
        if not 0 <= number < len(self._named):
            raise _damaged(self._path, f"it has no booster {number}")
        place, kind = self._named[number]["path"], self._named[number]["format"]
        try:
            with zipfile.ZipFile(self._path) as archive:
                content = archive.read(place)
        except (KeyError, zipfile.BadZipFile, OSError) as error:
            raise _damaged(self._path, f"its part {place!r} is missing") from error
        name = f"{self._path.name}/{place}"
        if kind == "xgboost":
            return xgboost_format.open_content(content, name, self._device)
        if kind == "lightgbm":
            return lightgbm_format.open_content(content, name)
        return catboost_format.open_content(content, name)


def _read_manifest(path: Path) -> list[dict[str, str]]:
    try:
        with zipfile.ZipFile(path) as archive:
            if archive.getinfo(MANIFEST).file_size > _MAX_MANIFEST_BYTES:
                raise _damaged(path, f"its {MANIFEST} is too large")
            document = json.loads(archive.read(MANIFEST))
    except (KeyError, ValueError, RecursionError, zipfile.BadZipFile, OSError) as error:
        raise _damaged(path, f"its {MANIFEST} cannot be read") from error
    if not isinstance(document, dict) or document.get("schema") != SCHEMA:
        raise _damaged(path, f"its {MANIFEST} is not of the schema {SCHEMA}")
    parts = document.get("parts")
    if not isinstance(parts, list) or len(parts) > _MAX_PARTS or not all(map(_is_entry, parts)):
        raise _damaged(path, f"its {MANIFEST} does not name its parts")
    return parts


def _is_entry(entry: object) -> bool:
    return (
        isinstance(entry, dict)
        and isinstance(entry.get("path"), str)
        and entry.get("format") in SUFFIXES
    )


def _damaged(path: Path, why: str) -> InputError:
    return InputError(f"the composite file {path.name} is damaged: {why}; convert the model again")
