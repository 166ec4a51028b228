"""The ways in that a refusal names: a model whose file cannot be opened can still be audited."""

from __future__ import annotations

import shlex

TABLE = "a table of its decisions or scores is audited without it: [predictions]"
_PYTHON = "predict.py"


def offer_host(name: str, kind: str) -> str:
    """Return the last ways in for a file: `assay host`, or a table. kind: how it is loaded."""
    return (
        f"`assay host {shlex.quote(name)} --kind {kind}` writes a script that answers for it in "
        f"its own environment; or {TABLE}"
    )


def offer_conversion(name: str) -> str:
    """Return the way in of a person's own file."""
    return f"`assay convert {shlex.quote(name)}` writes one that runs no code"


def offer_python() -> str:
    """Return the way in for a model that a few lines of Python can ask, wherever it lives."""
    return f"write {_PYTHON} with a predict(frame) that asks it; {offer_host(_PYTHON, 'python')}"
