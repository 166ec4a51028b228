"""The bytes of a text file: packed or not, and in which encoding; UTF-8 unless it says otherwise,
or is declared otherwise."""

from __future__ import annotations

import codecs
import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import pyarrow as pa

from audits.core.errors import InputError

PACKED = {".gz": "gzip", ".zst": "zstd", ".bz2": "bz2"}
"""Endings of packed text files, and what pyarrow calls each way of packing."""

_BLOCK = 1 << 20
_AROUND = 24
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)  # UTF-32's mark begins as UTF-16's does
_OTHERS = (
    (b"PK\x03\x04", "a zip archive or a workbook", ".zip or .xlsx"),
    (b"PAR1", "a Parquet file", ".parquet"),
    (b"ARROW1", "an Arrow file", ".arrow"),
    (b"FEA1", "a Feather file", ".feather"),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook", ".xls"),
    (b"\x1f\x8b", "packed with gzip", ".csv.gz"),
    (b"\x28\xb5\x2f\xfd", "packed with zstd", ".csv.zst"),
    (b"BZh", "packed with bzip2", ".csv.bz2"),
    (b"%PDF", "a PDF, which holds no table", ""),
)


@contextmanager
def open_bytes(path: Path) -> Iterator[IO[bytes]]:
    """Open a file for reading, unpacked on the way. Raises InputError where it is damaged."""
    kind = PACKED.get(path.suffix.lower())
    if kind is None:
        with path.open("rb") as plain:
            yield plain
        return
    try:
        with pa.OSFile(str(path), "rb") as packed, pa.CompressedInputStream(packed, kind) as stream:
            yield stream
    except (OSError, pa.ArrowException) as error:
        raise InputError(f"data {path.name!r} cannot be unpacked: {error}") from error


def read_head(path: Path, size: int) -> bytes:
    """Return a file's first bytes, unpacked."""
    with open_bytes(path) as stream:
        head = b""
        while len(head) < size and (block := stream.read(size - len(head))):
            head += block
        return head


def find_encoding(path: Path, declared: str | None, role: str) -> str:
    """Return the encoding: that of the file's byte-order mark, the declared one, else UTF-8.

    Raises InputError for a file that is no text, or whose mark contradicts the declaration.
    """
    head = read_head(path, 1 << 12)
    for magic, what, ending in _OTHERS:
        if head.startswith(magic):
            way = f"; name it {ending}" if ending else ""
            raise InputError(f"{role} {path.name!r} is {what} by its first bytes{way}")
    marked = next((name for mark, name in _MARKS if head.startswith(mark)), None)
    if marked is None and declared is None and b"\0" in head.split(b"\n")[0]:
        raise InputError(
            f"{role} {path.name!r} has zero bytes in its first line; if it is UTF-16 without a "
            'byte-order mark, declare encoding = "utf-16-le" or "utf-16-be"',
            setting="data.encoding",
        )
    if marked is None:
        return "utf-8" if declared is None else codecs.lookup(declared).name
    family = marked.removesuffix("-sig")
    if declared is not None and not codecs.lookup(declared).name.startswith(family):
        raise InputError(
            f"{role} {path.name!r} begins with the byte-order mark of {family}, and encoding = "
            f"{declared!r} is declared; leave encoding out",
            setting="data.encoding",
        )
    return marked


def is_utf8(encoding: str) -> bool:
    """Whether the database reads the encoding as it is."""
    return encoding in ("utf-8", "utf-8-sig", "ascii")


def iterate_text(path: Path, encoding: str, role: str) -> Iterator[str]:
    """Yield a file's text in blocks. Raises InputError at the first byte that is none, with its
    line and the encodings that would take it."""
    decoder = codecs.getincrementaldecoder("utf-8-sig" if is_utf8(encoding) else encoding)()
    lines = 1
    with open_bytes(path) as stream:
        while True:
            block = stream.read(_BLOCK)
            try:
                text = decoder.decode(block, final=not block)
            except UnicodeError as error:
                told = _describe_byte(error, encoding, lines, path, role)
                raise InputError(told, setting="data.encoding") from error
            lines += text.count("\n")
            yield text
            if not block:
                return


def _describe_byte(error: UnicodeError, encoding: str, lines: int, path: Path, role: str) -> str:
    where = f"{role} {path.name!r}"
    if not isinstance(error, UnicodeDecodeError):
        return f"{where} is not {encoding} text: {error}"
    before, after = error.object[: error.start], error.object[error.start :]
    line = lines + before.count(b"\n")
    byte = f"line {line} holds the byte 0x{after[0]:02X}"
    if not is_utf8(encoding):
        return (
            f"{where}: {byte}, which encoding = {encoding!r} does not have; declare another "
            "encoding, or save the file as UTF-8"
        )
    begin = before[-_AROUND:].splitlines()[-1:] or [b""]
    end = after[:_AROUND].splitlines()[0]
    read = {name: _try_read(begin[0] + end, name) for name in ("cp1252", "latin-1")}
    shown = " or ".join(f'encoding = "{name}" (reads {text!r})'
                        for name, text in read.items() if text is not None)  # fmt: skip
    return (
        f"{where}: {byte}, which is not UTF-8; declare {shown} under [data] (--encoding for init "
        "and convert), or save the file as UTF-8"
    )


def _try_read(content: bytes, encoding: str) -> str | None:
    try:
        text = content.decode(encoding)
    except UnicodeError:
        return None
    fields = [field for field in text.replace(";", ",").split(",") if not field.isascii()]
    return fields[0].strip() if fields else text


def has_mixed_ends(path: Path, encoding: str, role: str) -> bool:
    """Read the whole file as text, and return whether its lines end in more than one way.
    Raises InputError where it is not in that encoding."""
    breaks = returns = both = 0
    last = ""
    for text in iterate_text(path, encoding, role):
        breaks += text.count("\n")
        returns += text.count("\r")
        both += text.count("\r\n") + (last == "\r" and text.startswith("\n"))
        last = text[-1:]
    return sum(n > 0 for n in (both, breaks - both, returns - both)) > 1


def write_utf8(path: Path, encoding: str, target: Path, role: str, *, newlines: bool) -> None:
    """Write a text file anew as UTF-8, unpacked, a block at a time.

    newlines: write "\\n" at the end of every line, however lines ended.
    """
    ends = io.IncrementalNewlineDecoder(None, translate=True) if newlines else None
    with target.open("w", encoding="utf-8", newline="") as file:
        for text in iterate_text(path, encoding, role):
            file.write(text if ends is None else ends.decode(text))
        if ends is not None:
            file.write(ends.decode("", final=True))
