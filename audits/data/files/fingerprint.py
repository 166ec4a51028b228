"""What a file is, in 64 hex digits: reports name data and models by content, not by path."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path

_BLOCK = 1 << 20


def compute_sha256(path: Path) -> str:
    """Return the SHA-256 of one file's bytes."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while block := stream.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


def compute_fingerprint(
    files: Sequence[Path], partitions: Mapping[str, Sequence[str | None]] | None = None
) -> str:
    """Return the SHA-256 of a set of files: the file's own, or that of the list of theirs.

    Several files (a glob) are taken in the order given, without their names, so that a data
    set keeps its fingerprint when it is moved. partitions: the values that their folders' names
    give each file, by column, which are data.
    """
    if len(files) == 1 and not partitions:
        return compute_sha256(files[0])
    lines = [compute_sha256(path) for path in files]
    for name, values in (partitions or {}).items():
        lines = [f"{line} {name}={value}" for line, value in zip(lines, values, strict=True)]
    joined = "\n".join(lines)
    return hashlib.sha256(joined.encode()).hexdigest()
