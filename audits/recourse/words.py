"""Counterfactuals as sentences that a person can act on."""

from __future__ import annotations

from collections.abc import Sequence

from audits.core.counterfactual import Counterfactual, NoRecourse


def render_counterfactual(cf: Counterfactual, wanted: str, fixed: Sequence[str] = ()) -> str:
    """Return what would have to be different, and what stays.

    wanted: the outcome in the reader's words, as "Approved". "Approved instead, if duration
    went from 48 to 36 and savings from 'A61' to 'A65'; everything else stays." fixed: columns
    that cannot change, which are then named.
    """
    names = [change.column for change in cf.changes]
    moves = [f"from {render_value(c.old)} to {render_value(c.new)}" for c in cf.changes]
    parts = [f"{name} {move}" for name, move in zip(names, moves, strict=True)]
    parts[0] = f"{names[0]} went {moves[0]}"
    if len(parts) > 1:
        parts[-2:] = [f"{parts[-2]} and {parts[-1]}"]
    stays = "everything else stays" + (f" ({', '.join(fixed)} cannot change)" if fixed else "")
    broken = [
        f" The row itself breaks the rule {rule!r}; this does not make it worse."
        for rule in cf.broken_rules
    ]
    return f"{wanted} instead, if {', '.join(parts)}; {stays}.{''.join(broken)}"


def render_no_recourse(none: NoRecourse, wanted: str) -> str:
    """Return that there is no answer, proven or only not found; why, and what was searched."""
    start = f"No way to {wanted!r} was found."
    if none.proven:
        start = f"Proven: there is no way to {wanted!r}."
    return f"{start} {none.reason} Searched: {none.searched}"


def render_value(value: object) -> str:
    """Return a value as people write it: 36, 0.25, 'A61', yes, missing."""
    if value is None:
        return "missing"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return repr(value)
