"""So much of large files as a look needs: pieces from all over a CSV, cut at the ends of lines."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from audits.core.errors import InputError
from audits.data.source import detect_format

LOOK_BYTES = 4 << 20
"""A CSV of up to this size is looked at as a whole."""

LOOK_ROWS = 50_000
"""So many rows of a file are looked at at most."""

_PIECES = 8


@dataclass(frozen=True, slots=True)
class Sample:
    """Files to look at instead of the whole. share: of the bytes; 1 where they are the whole."""

    files: tuple[Path, ...]
    share: float = 1.0

    @property
    def is_whole(self) -> bool:
        """Whether nothing was left out. (Parquet and Arrow are read row by row anyway.)"""
        return self.share >= 1.0


@contextmanager
def take_sample(files: tuple[Path, ...]) -> Iterator[Sample]:
    """Yield files that are small enough to look at; they are gone when the block ends.

    Lines of the pieces are whole lines of the file. A file with line breaks inside quoted fields
    has none that a cut finds for sure, so that there only its beginning is taken.
    Raises InputError where a compressed file is damaged.
    """
    size = sum(path.stat().st_size for path in files)
    is_packed = files[0].suffix.lower() in (".gz", ".zst")
    limit = LOOK_BYTES // 8 if is_packed else LOOK_BYTES
    if detect_format(files[0]) != "csv" or size <= limit:
        yield Sample(files)
        return
    with tempfile.TemporaryDirectory(prefix="assay-look-") as folder:
        plain = files[0].with_suffix("") if is_packed else files[0]
        target = Path(folder) / f"sample{plain.suffix}"
        content, used = _read_packed(files[0]) if is_packed else _read_plain(files[0])
        target.write_bytes(content)
        yield Sample((target,), min(used / size, 0.999))


def _read_packed(path: Path) -> tuple[bytes, int]:
    """Return the beginning of a compressed file in whole lines, and about how many of its bytes
    that took."""
    try:
        with pa.OSFile(str(path), "rb") as packed:
            kind = "gzip" if path.suffix.lower() == ".gz" else "zstd"
            unpacked = pa.CompressedInputStream(packed, kind)
            content, used = unpacked.read(LOOK_BYTES), packed.tell()
            unpacked.close()
    except (OSError, pa.ArrowException) as error:
        raise InputError(f"data {path.name!r} cannot be unpacked: {error}") from error
    return _whole_lines(content), max(used, 1)


def _read_plain(path: Path) -> tuple[bytes, int]:
    """Return pieces from all over a file in whole lines, or all of a small one; how many bytes."""
    size, piece = path.stat().st_size, LOOK_BYTES // _PIECES
    with path.open("rb") as file:
        head = file.read(piece)
        if size <= LOOK_BYTES or _has_broken_lines(head):
            file.seek(0)
            content = file.read(LOOK_BYTES)
            content = content if size <= LOOK_BYTES else _whole_lines(content)
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
