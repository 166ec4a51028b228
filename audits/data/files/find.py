"""Which files a path, a folder or a pattern names, and of what kind they are."""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from urllib.parse import unquote

from audits.core.errors import InputError, near_misses
from audits.data.files.text_file import PACKED

FORMATS = {
    ".csv": "csv",
    ".tsv": "csv",
    ".tab": "csv",
    ".txt": "csv",
    ".parquet": "parquet",
    ".parq": "parquet",
    ".pq": "parquet",
    ".arrow": "arrow",
    ".feather": "arrow",
    ".ipc": "arrow",
    ".xlsx": "excel",
    ".xlsm": "excel",
    ".xlsb": "excel",
    ".xls": "excel",
    ".ods": "excel",
    ".zip": "zip",
}
"""File endings that are read, after a trailing ".gz", ".zst" or ".bz2" of a text file is taken
off."""

MAX_FILES = 20_000
"""No more files are looked at, in a folder or by a pattern."""

_PARTITION = re.compile(r"([^=]+)=(.*)")
_CONTROL = re.compile(r"[\x01-\x1f\x7f]")
_NO_VALUE = "__HIVE_DEFAULT_PARTITION__"


def detect_format(path: Path) -> str:
    """Return the kind of a file by its ending, see `FORMATS`. Raises InputError for others."""
    suffixes = [suffix.lower() for suffix in path.suffixes]
    packed = bool(suffixes) and suffixes[-1] in PACKED
    ending = next((suffix for suffix in reversed(suffixes) if suffix not in PACKED), "")
    kind = FORMATS.get(ending)
    if kind is None:
        raise InputError(
            f"{path.name!r}: unknown kind of data file; allowed endings are {', '.join(FORMATS)}"
        )
    if packed and kind != "csv":
        raise InputError(
            f"{path.name!r}: only text files are read packed; unpack it to "
            f"{path.with_suffix('').name!r}"
        )
    return kind


def find_files(text: str, base: Path, role: str) -> tuple[Path, ...]:
    """Return the files that a path, a folder or a pattern names, sorted.

    Of a folder all data files are taken, those in its folders too, but for names that begin with
    "." or "_". Raises InputError for none, for files of several kinds and for an empty one.
    """
    if "://" in text:
        raise InputError(f"{role} {text!r}: only local files are read; copy the data here first")
    if not text or "\0" in text:
        raise InputError(f"{role} {text!r}: this is no path of a file")
    if _CONTROL.search(text):
        raise InputError(
            f'{role} {text!r} holds a control character, as "C:\\temp" does in TOML; write a path '
            "with \\ in 'single quotes', or with / instead"
        )
    try:
        files = _list_files(Path(text) if Path(text).is_absolute() else base / text, text, role)
        sizes = [path.stat().st_size for path in files]
    except OSError as error:
        raise InputError(f"{role} {text!r}: {error.strerror or error}") from error
    formats = {detect_format(path) for path in files}
    if len(formats) > 1:
        raise InputError(f"{role} {text!r} mixes kinds of files: {', '.join(sorted(formats))}")
    for path, size in zip(files, sizes, strict=True):
        if size == 0:
            raise InputError(f"{role} {path.name!r} is an empty file")
    return files


def _list_files(path: Path, text: str, role: str) -> tuple[Path, ...]:
    if path.is_file():
        return (path,)
    if path.is_dir():
        found = sorted(_bound(_walk(path), text, role))
        known = tuple(one for one in found if _is_known(one))
        if not known:
            raise InputError(
                f"{role} {text!r} is a folder without data files (endings: {', '.join(FORMATS)})"
            )
        return known
    found = sorted(_bound(map(Path, glob.iglob(str(path), recursive=True)), text, role))  # noqa: PTH207
    files = tuple(one for one in found if one.is_file())
    if not files:
        there = path.parent
        names = islice(there.iterdir(), MAX_FILES) if there.is_dir() else ()
        hint = near_misses(path.name, (one.name for one in names))
        raise InputError(f"{role} {text!r}: no such file (looked in {there}){hint}")
    return files


def _walk(path: Path) -> Iterator[Path]:
    """Yield the files in a folder and in its folders, but for hidden ones and links to folders."""
    for folder, folders, files in os.walk(path):
        folders[:] = sorted(name for name in folders if not name.startswith((".", "_")))
        yield from (Path(folder) / name for name in files if not name.startswith((".", "_")))


def _bound(found: Iterable[Path], text: str, role: str) -> list[Path]:
    """Return what was found. Raises InputError where that is more than a table has parts: a path
    such as "/" would have the whole machine read."""
    files = list(islice(found, MAX_FILES + 1))
    if len(files) > MAX_FILES:
        raise InputError(
            f"{role} {text!r} holds more than {MAX_FILES:,} files; name a folder or a pattern of "
            "the table's own"
        )
    return files


def _is_known(path: Path) -> bool:
    try:
        detect_format(path)
    except InputError:
        return False
    return True


def read_partitions(files: Sequence[Path]) -> dict[str, tuple[str | None, ...]]:
    """Return the values that the folders' names give every file ("sex=Female"), by column, where
    all files have the same columns so; else nothing."""
    found = [_split_parts(path) for path in files]
    names = list(found[0])
    if not names or any(list(one) != names for one in found):
        return {}
    return {name: tuple(one[name] for one in found) for name in names}


def _split_parts(path: Path) -> dict[str, str | None]:
    parts = {}
    for folder in path.parent.parts:
        if found := _PARTITION.fullmatch(folder):
            value = unquote(found[2])
            parts[unquote(found[1])] = None if value == _NO_VALUE else value
    return parts
