"""Errors that people read: what happened, which value, what is allowed, what to do next."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class AssayError(Exception):
    """An expected failure with a message for people. `exit_code` is the command's."""

    exit_code = 3


class InputError(AssayError):
    """The files, the spec or the command line are not usable as they are (exit code 2).

    setting: what a form can offer to declare, "model.output"; "" where no one setting mends it.
    """

    exit_code = 2

    def __init__(self, message: str, *, setting: str = "") -> None:
        super().__init__(message)
        self.setting = setting


class MissingPackageError(InputError):
    """A library that this needs is not installed; see `audits.core.package.extras`."""


class ModelCrashError(AssayError):
    """The model's worker process died or answered nonsense; the audit itself goes on."""


class EvidenceError(AssayError):
    """A stored number or file no longer agrees with its evidence (exit code 4)."""

    exit_code = 4


class CheckNotApplicableError(Exception):
    """A check has nothing to say here (no scores, no model, ...). Carries the reason."""


class CheckSkippedError(Exception):
    """A check was left out on purpose (turned off, an optional package absent)."""


class CancelledError(AssayError):
    """The person who started the work stopped it."""

    exit_code = 130


def near_misses(word: str, allowed: Iterable[str]) -> str:
    """Return "; did you mean 'x' or 'y'?" for the closest names, or ""."""
    names = list(allowed)
    folded = {name.casefold(): name for name in names}
    close = difflib.get_close_matches(word.casefold(), list(folded), n=2, cutoff=0.6)
    if not close:
        return ""
    return "; did you mean " + " or ".join(repr(folded[name]) for name in close) + "?"


def one_of(allowed: Iterable[object], limit: int = 12) -> str:
    """Return a readable, bounded list of the allowed values."""
    names = [repr(str(value)) for value in allowed]
    rest = len(names) - limit
    return ", ".join(names[:limit]) + (f" and {rest} more" if rest > 0 else "")
