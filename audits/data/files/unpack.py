"""The one table in a zip archive, unpacked with limits: an archive can hold a million times what it
weighs."""

from __future__ import annotations

import shutil
import zipfile
import zlib
from pathlib import Path, PurePosixPath

from audits.core.errors import InputError, one_of
from audits.data.files.find import detect_format

MAX_MEMBERS = 10_000
MAX_BYTES = 64 << 30
"""No more is unpacked, whatever the archive says."""

_FREE_BYTES = 1 << 30
_MAX_TIMES = 200
# Real tables shrink to a tenth or a fiftieth; only above a gigabyte does more look like a trap.


def unpack_table(path: Path, copies: Path, role: str) -> Path:
    """Return the only data file of an archive, unpacked into the folder `copies`.

    Raises InputError where there is none or more than one, it is locked or damaged, or is far
    larger than its archive.
    """
    where = f"{role} {path.name!r}"
    try:
        with zipfile.ZipFile(path) as archive:
            member = _find_member(archive, where)
            inside = PurePosixPath(member.filename.replace("\\", "/")).name
            target = copies / str(len(list(copies.iterdir())))
            target.mkdir()
            ending = "".join(PurePosixPath(inside).suffixes[-2:])
            with archive.open(member) as packed, (target / f"table{ending}").open("wb") as file:
                shutil.copyfileobj(packed, file, 1 << 20)
            return target / f"table{ending}"
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
        raise InputError(f"{where} cannot be unpacked: {error}") from error


def _find_member(archive: zipfile.ZipFile, where: str) -> zipfile.ZipInfo:
    members = archive.infolist()
    if len(members) > MAX_MEMBERS:
        raise InputError(f"{where} has {len(members):,} files; unpack it, and name the table")
    tables = [one for one in members if _is_table(one)]
    tables = [one for one in tables if not one.filename.lower().endswith(".txt")] or tables
    if len(tables) != 1:
        names = [one.filename for one in tables] or [one.filename for one in members]
        what = f"{len(tables)} tables" if tables else "no table"
        raise InputError(
            f"{where} holds {what} ({one_of(names, 5)}); it must hold one: unpack it, and name the "
            "table's file"
        )
    member = tables[0]
    if member.flag_bits & 1:
        raise InputError(f"{where} is locked with a password; unpack it first")
    most = max(_FREE_BYTES, _MAX_TIMES * member.compress_size)
    if member.file_size > min(most, MAX_BYTES):
        raise InputError(
            f"{where} says that it unpacks to {member.file_size:,} bytes from "
            f"{member.compress_size:,}; unpack it yourself if you trust it, and name the table"
        )
    return member


def _is_table(member: zipfile.ZipInfo) -> bool:
    path = PurePosixPath(member.filename.replace("\\", "/"))
    if member.is_dir() or any(part.startswith((".", "__MACOSX")) for part in path.parts):
        return False
    try:
        return detect_format(Path(path.name)) != "zip"
    except InputError:
        return False
