"""Failures of the system around the command, as one line and an exit code that is never 1: that
means the policy failed and nothing else."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from typer.core import TyperGroup

from audits.core.errors import AssayError, InputError

TRACEBACK = "ASSAY_TRACEBACK"
"""With this variable set, a fault of Assay's own shows where in its code it is."""

_MENDED_BY_CALLER = frozenset({
    errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOENT, errno.EISDIR, errno.ENOTDIR,
    errno.ENAMETOOLONG, errno.ELOOP, errno.EEXIST,
})  # fmt: skip
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})


class OutputClosedError(AssayError):
    """Whoever read the output went away before it ended."""


@contextmanager
def explain_system_errors() -> Iterator[None]:
    """Turn what the system refuses into an AssayError: paths and permissions exit with 2, a full
    disk, a closed pipe and all else with 3."""
    try:
        yield
    except BrokenPipeError as error:
        raise OutputClosedError("the output was closed before all was written") from error
    except OSError as error:
        raise _explain(error) from error
    except UnicodeEncodeError as error:
        raise InputError(
            f"the terminal's encoding, {error.encoding}, has no "
            f"{error.object[error.start : error.end]!r}; set PYTHONIOENCODING=utf-8, or write to a "
            "file with -o"
        ) from error
    except MemoryError as error:
        raise AssayError(
            "the machine's memory is used up; free some, or take fewer rows"
        ) from error


def _explain(error: OSError) -> AssayError:
    name = error.filename if error.filename is not None else ""
    what = f"{os.fsdecode(name)!r}: " if isinstance(name, str | bytes) and name else ""
    why = error.strerror or str(error)
    if error.errno in _FULL:
        return AssayError(f"{what}{why}; free some space, or write elsewhere")
    if not what and error.errno == errno.ENOENT:
        return InputError("the working folder is gone; change to one that is there")
    if error.errno in _MENDED_BY_CALLER:
        return InputError(f"{what}{why}; check the path and its permissions")
    return AssayError(f"{what}{why}")


class Group(TyperGroup):
    """The commands, whose system errors are told as the command tells its own."""

    @explain_system_errors()
    def invoke(self, ctx: Any) -> Any:  # noqa: ANN401 - the library does not export its Context
        """Run the chosen command."""
        return super().invoke(ctx)


def close_output() -> None:
    """Write out what is left, and let nothing more be written where nobody reads it."""
    try:
        sys.stdout.flush()
    except OSError:
        with suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def show_fault(error: Exception) -> None:
    """Say in one line that Assay itself is at fault, and how to see where."""
    first = next(iter(str(error).strip().splitlines()), "")
    print(
        f"assay: a fault of Assay's own, {type(error).__name__}: {first} (please report it; "
        f"{TRACEBACK}=1 shows where)",
        file=sys.stderr,
    )
