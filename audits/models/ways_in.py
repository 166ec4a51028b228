"""The ways in that a refusal names: a model whose file cannot be opened can still be audited."""

from __future__ import annotations

import shlex

TABLE = "or audit a table of its decisions or scores without it ([predictions])"


def offer_host(name: str, kind: str) -> str:
    """Return the sentence that offers `assay host` for a file. kind: how its script loads it."""
    return (
        f"`assay host {shlex.quote(name)} --kind {kind}` writes a script that answers for it in "
        f"its own environment; {TABLE}"
    )


def offer_conversion(name: str) -> str:
    """Return the words that offer `assay convert` for a person's own file."""
    return f"`assay convert {shlex.quote(name)}`"


def offer_python() -> str:
    """Return the sentence for a model that a few lines of Python can ask, wherever it lives."""
    return "write a Python file with a predict(frame) that asks it, then " + offer_host(
        "predict.py", "python"
    )
