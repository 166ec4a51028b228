"""So much of large files as a look needs: pieces from all over a CSV, cut at the ends of lines."""

from __future__ import annotations

import codecs
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pyarrow as pa

from audits.core.errors import InputError
from audits.data.files.find import detect_format
from audits.data.files.form import FileForm
from audits.data.files.text_file import PACKED, find_encoding, is_utf8

PREVIEW_BYTES = 4 << 20
"""A CSV of up to this size is looked at as a whole."""

PREVIEW_ROWS = 50_000
"""So many rows of a file are looked at at most."""

_PIECES = 8


@dataclass(frozen=True, slots=True)
class Sample:
    """Files to look at instead of the whole. form: what is declared of them. share: of the bytes; 1
    where they are the whole."""

    files: tuple[Path, ...]
    form: FileForm
    share: float = 1.0

    @property
    def is_whole(self) -> bool:
        """Whether nothing was left out. (Parquet and Arrow are read row by row anyway.)"""
        return self.share >= 1.0


@contextmanager
def take_sample(files: tuple[Path, ...], form: FileForm) -> Iterator[Sample]:
    """Yield files that are small enough to look at; they are gone when the block ends.

    Lines of the pieces are whole lines of the file. A file with line breaks inside quoted fields,
    or in an encoding of several bytes a character, has none that a cut finds for sure, so that
    there only its beginning is taken. Raises InputError where a packed file is damaged.
    """
    size = sum(path.stat().st_size for path in files)
    is_packed = files[0].suffix.lower() in PACKED
    limit = PREVIEW_BYTES // 8 if is_packed else PREVIEW_BYTES
    if detect_format(files[0]) != "csv" or size <= limit:
        yield Sample(files, form)
        return
    encoding = find_encoding(files[0], form.encoding, "data")
    wide = not is_utf8(encoding) and "\n".encode(encoding) != b"\n"
    with tempfile.TemporaryDirectory(prefix="assay-look-") as folder:
        plain = files[0].with_suffix("") if is_packed else files[0]
        target = Path(folder) / f"sample{plain.suffix}"
        if is_packed or wide:
            content, used = _read_start(files[0])
        else:
            content, used = _read_plain(files[0])
        if wide:
            text = codecs.getincrementaldecoder(encoding)(errors="replace").decode(content)
            content = text[: text.rfind("\n") + 1].encode()
            form = replace(form, encoding=None)
        target.write_bytes(content if wide or not is_packed else _whole_lines(content))
        yield Sample((target,), form, min(used / size, 0.999))


def _read_start(path: Path) -> tuple[bytes, int]:
    """Return the beginning of a file, unpacked, and about how many of its bytes that took."""
    kind = PACKED.get(path.suffix.lower())
    if kind is None:
        with path.open("rb") as file:
            content = file.read(PREVIEW_BYTES)
            return content, max(len(content), 1)
    try:
        with pa.OSFile(str(path), "rb") as packed:
            unpacked = pa.CompressedInputStream(packed, kind)
            content, used = unpacked.read(PREVIEW_BYTES), packed.tell()
            unpacked.close()
    except (OSError, pa.ArrowException) as error:
        raise InputError(f"data {path.name!r} cannot be unpacked: {error}") from error
    return content, max(used, 1)


def _read_plain(path: Path) -> tuple[bytes, int]:
    """Return pieces from all over a file in whole lines, or all of a small one; how many bytes."""
    size, piece = path.stat().st_size, PREVIEW_BYTES // _PIECES
    with path.open("rb") as file:
        head = file.read(piece)
        if size <= PREVIEW_BYTES or _has_broken_lines(head):
            file.seek(0)
            content = file.read(PREVIEW_BYTES)
            content = content if size <= PREVIEW_BYTES else _whole_lines(content)
            return content, len(content)
        parts = [_whole_lines(head)]
        for position in range(1, _PIECES):
            file.seek(piece + (size - 2 * piece) * position // (_PIECES - 1))
            file.readline()
            parts.append(_whole_lines(file.read(piece)))
    content = b"".join(parts)
    return content, len(content)


def _whole_lines(content: bytes) -> bytes:
    end = content.rfind(b"\n") + 1
    return content[:end] if end else content


def _has_broken_lines(content: bytes) -> bool:
    """Whether a line ends within quotes."""
    lines = _whole_lines(content).split(b"\n")
    return any(line.count(b'"') % 2 for line in lines)
