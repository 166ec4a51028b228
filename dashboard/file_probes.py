"""Looks into files in the background: asked for by what the file is, remembered, never in the way
of a page."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from audits.core.errors import AssayError, InputError
from audits.data import PLAIN, DataPreview, FileForm, inspect_data
from dashboard.viewmodels.cohorts.rows import Absent
from dashboard.viewmodels.new_audit.audit_trial import try_decisions, try_outputs
from dashboard.viewmodels.new_audit.model_fit import Declared, ModelFit, try_model
from dashboard.viewmodels.new_audit.new_audit import Draft

T = TypeVar("T")
_KEPT = 64
_AT_ONCE = 2
AT_ONCE_S = 0.8
"""A page waits so long for an answer before it says that it is still looked for."""


class FileProbes:
    """Answers by key. Safe to share between sessions."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="assay probe")
        self._lock = threading.Lock()
        self._found: OrderedDict[Hashable, Future[Any]] = OrderedDict()

    def preview_data(
        self, path: Path, missing: tuple[str, ...], form: FileForm = PLAIN
    ) -> Future[DataPreview | Absent]:
        """Return what a data file holds, or why it cannot be read, now or later."""
        key = ("data", *_stamp(path), missing, form)
        return self._ask(key, lambda: inspect_data(path, missing, form))

    def try_model(
        self, path: Path, data: Path | None, declared: Declared
    ) -> Future[ModelFit | Absent]:
        """Return what a model is and whether it reads the data, now or later."""
        beside = tuple(_stamp(file) for file in sorted(path.parent.glob("*.safetensors")))
        key = ("model", *_stamp(path), beside, data and _stamp(data), declared)
        return self._ask(key, lambda: try_model(path, data, declared))

    def try_outputs(self, draft: Draft) -> Future[tuple[str, ...] | Absent]:
        """Return what a draft's model says on rows with known outcomes, or why the audit would
        refuse it, now or later."""
        key = ("meaning", draft, *_stamp_files(draft))
        return self._ask(key, lambda: try_outputs(draft))

    def try_decisions(self, draft: Draft) -> Future[tuple[str, ...] | Absent]:
        """Return what a draft's decisions and scores are read as, or why the audit would refuse
        them, now or later."""
        key = ("decisions", draft, *_stamp_files(draft))
        return self._ask(key, lambda: try_decisions(draft))

    def _ask(self, key: Hashable, work: Callable[[], T]) -> Future[T | Absent]:
        with self._lock:
            if key not in self._found:
                self._found[key] = self._pool.submit(_answer, work)
            self._found.move_to_end(key)
            for old in list(self._found)[:-_KEPT]:
                del self._found[old]
            return self._found[key]


def _answer(work: Callable[[], T]) -> T | Absent:
    try:
        return work()
    except InputError as error:
        return Absent(str(error), error.setting)
    except AssayError as error:
        return Absent(str(error))
    except OSError as error:
        return Absent(f"{error.filename or 'the file'}: {error.strerror}")
    except Exception as error:  # a strange file must not take the page down
        return Absent(f"{type(error).__name__}: {error}")


def _stamp_files(draft: Draft) -> tuple[Hashable, ...]:
    return tuple(_stamp(Path(name)) for name in (draft.model, draft.data, draft.reference))


def _stamp(path: Path) -> tuple[str, int, int]:
    """What changes when a file does; a pattern or an absent file has nothing but its name."""
    try:
        found = path.stat()
    except OSError:
        return str(path), 0, 0
    return str(path), found.st_mtime_ns, found.st_size


@cache
def shared_file_probes() -> FileProbes:
    """Return this server's probes."""
    return FileProbes()
