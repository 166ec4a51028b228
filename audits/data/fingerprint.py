"""What a file is, in 64 hex digits: reports name data and models by content, not by path."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

_BLOCK = 1 << 20


def compute_sha256(path: Path) -> str:
    """Return the SHA-256 of one file's bytes."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while block := stream.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


def compute_fingerprint(files: Sequence[Path]) -> str:
    """Return the SHA-256 of a set of files: the file's own, or that of the list of theirs.

    Several files (a glob) are taken in the order given, without their names, so that a data
    set keeps its fingerprint when it is moved.
    """
    if len(files) == 1:
        return compute_sha256(files[0])
    joined = "\n".join(compute_sha256(path) for path in files)
    return hashlib.sha256(joined.encode()).hexdigest()
