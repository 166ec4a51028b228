"""What takes seconds to open is opened in a thread of its own, so that no page waits for it."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, TimeoutError as NotYet
from typing import Generic, TypeVar

T = TypeVar("T")

_POOL = ThreadPoolExecutor(max_workers=2, thread_name_prefix="assay-open")


class BackgroundTask(Generic[T]):
    """Something that is being made, or is made. `make` is called once, in another thread."""

    def __init__(self, make: Callable[[], T]) -> None:
        self._started = time.monotonic()
        self._future: Future[T] = _POOL.submit(make)

    def get(self, patience: float) -> T | None:
        """Return it, or None where it is not made `patience` seconds after its start.

        Raises what `make` raised.
        """
        left = max(self._started + patience - time.monotonic(), 0.0)
        try:
            return self._future.result(left)
        except NotYet:
            return None

    @property
    def failed(self) -> bool:
        """Whether `make` raised."""
        return self._future.done() and self._future.exception() is not None

    def release(self, close: Callable[[T], None]) -> None:
        """Close it, now or when it is made."""

        def let_go(future: Future[T]) -> None:
            if not future.cancelled() and future.exception() is None:
                close(future.result())

        if not self._future.cancel():
            self._future.add_done_callback(let_go)
