"""What the first page needs, made ready while the browser still loads; and what keeps pages quick.

Streamlit's pages import what they show when they are first opened, and Python looks through all
living objects for garbage. Both cost more than most pages: the first is done ahead here, in a
thread, and what was imported or read from a run is taken out of the second.
"""

from __future__ import annotations

import asyncio
import gc
import importlib
import logging
import pkgutil
import threading
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

FIRST = "dashboard.components.page"
PACKAGES = ("dashboard.viewmodels", "dashboard.components")
FIRST_PAGE_S = 5.0
"""So long the rest waits, because the first page would share the interpreter with it."""

LATER = ("scipy.stats",)
"""Slow to import, and asked for only when a page computes an interval by itself."""

_LOG = logging.getLogger(__name__)


@asynccontextmanager
async def live_beside(app: object) -> AsyncGenerator[None]:
    """Warm up when the server starts, without holding it up, and end its audits with it: told to
    stop, it leaves no time for anything later (the server's lifespan)."""
    threading.Thread(
        target=warm_up, args=(FIRST_PAGE_S,), name="assay-warm-up", daemon=True
    ).start()
    yield
    from dashboard.jobs import shared_board  # noqa: PLC0415  # the server listens before this

    await asyncio.to_thread(shared_board().close)


def warm_up(pause: float = 0.0) -> None:
    """Open the run that is shown first and, after a pause, import what other pages show.

    Never raises.
    """
    try:
        importlib.import_module(FIRST)
        _open_newest()
        time.sleep(pause)
        for package in PACKAGES:
            for module in pkgutil.iter_modules(importlib.import_module(package).__path__):
                importlib.import_module(f"{package}.{module.name}")
        for name in LATER:
            importlib.import_module(name)
        _tidy()
        freeze_memory()
    except Exception:  # the pages do the same again, and say what is wrong
        _LOG.warning("the dashboard could not be warmed up", exc_info=True)


def _open_newest() -> None:
    """Open the newest run and its cube, as the first page will."""
    from dashboard import state  # noqa: PLC0415  # the server listens before this is imported
    from dashboard.viewmodels.cohorts.rows import Absent  # noqa: PLC0415

    name = state.find_newest_run()
    folder = None if name is None else state.find_run(name)
    run = None if folder is None else state.open_run(folder)
    if run is not None and not isinstance(run, Absent):
        _ = run.cube


def _tidy() -> None:
    """Remove what killed audits and forms that nobody came back to have left."""
    from audits.store import remove_abandoned  # noqa: PLC0415
    from dashboard.state import runs_root  # noqa: PLC0415
    from dashboard.viewmodels.new_audit.audit_form import remove_old_forms  # noqa: PLC0415

    remove_abandoned(runs_root())
    remove_old_forms(runs_root())


def freeze_memory() -> None:
    """Take every object that lives now out of the search for garbage.

    Objects still go when nothing holds them; only rings of them, made before and dropped later,
    stay until the next call, which looks at everything once.
    """
    gc.unfreeze()
    gc.collect()
    gc.freeze()
