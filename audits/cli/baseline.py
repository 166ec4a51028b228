"""`assay run --baseline`: an audit that is held against an earlier run as soon as it is done."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from audits.cli.after.compare import check_min_change, describe_comparison, show_comparison
from audits.compare import Comparison, ask, ask_before, check_comparable, run_comparison
from audits.core.errors import EvidenceError, InputError
from audits.core.settings.read import load_spec
from audits.store import Bundle, load_bundle


@dataclass(frozen=True, slots=True)
class Against:
    """What was asked for: the earlier run's folder, if any, and the least change that counts."""

    run: Path | None = None
    min_change: float = 0.0


NO_BASELINE = Against()


@dataclass(frozen=True, slots=True)
class Baseline:
    """The earlier run, opened."""

    bundle: Bundle
    min_change: float

    def compare(self, bundle: Bundle) -> Comparison:
        """Return what changed from the earlier run to this one."""
        return run_comparison(self.bundle, bundle, self.min_change)


def open_baseline(against: Against, audit: Path, out: Path | None) -> Baseline | None:
    """Open the run that an audit is to be held against, before any work starts.

    Raises InputError where it cannot be opened, answers another question, or would be written over.
    """
    if against.run is None:
        if against.min_change:
            raise InputError("--min-change needs --baseline RUN, the run to compare with")
        return None
    check_min_change(against.min_change)
    if out is not None and out.resolve() == against.run.resolve():
        raise InputError(f"--out {str(out)!r} is the baseline itself; choose another folder")
    try:
        bundle = load_bundle(against.run)
        check_comparable(ask(bundle.report), ask_before(load_spec(audit)))
    except (InputError, EvidenceError) as error:
        raise InputError(f"--baseline {str(against.run)!r}: {error}") from error
    return Baseline(bundle, against.min_change)


def worsen(code: int, found: Comparison | None) -> int:
    """Return an audit's exit code, 1 in place of 0 where it got worse than its baseline."""
    return code or int(found is not None and found.got_worse)


def show_baseline(console: Console, found: Comparison | None) -> None:
    """Print what changed from the baseline; nothing without one."""
    if found is not None:
        console.print()
        show_comparison(console, found)


def describe_baseline(found: Comparison | None) -> dict[str, object]:
    """Return what the last event says of the baseline; nothing without one."""
    return {} if found is None else {"comparison": describe_comparison(found)}
