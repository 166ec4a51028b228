"""Two runs side by side: what to compare with, what turned, what changed, what differs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from audits.compare import (
    Change,
    Comparison,
    Outcome,
    RunRef,
    VerdictChange,
    Way,
    drop_doubles,
    is_better,
    name_number,
    pick_varied,
    render_change,
    render_difference,
    render_headline,
    render_interval,
    render_left_out,
    render_signed,
    render_value,
    render_verdict,
    run_comparison,
)
from audits.core.format import format_count, format_p, format_time, plain_text
from audits.core.report.report import CheckOutcome
from audits.core.report.verdict import Status
from audits.figures import ChangeDot, Chart, Kind, draw_changes
from audits.store import BundleSummary
from dashboard.catalogue import say
from dashboard.viewmodels.run import RunData

MIN_CHANGES = (0.0, 0.01, 0.02, 0.05)
"""What a reader can ask a change to be at the least."""
LISTED = 8
"""So many sentences of a kind stand on the page; the table has the rest."""
DRAWN = 8
"""So many changes of a kind are drawn."""
IN_TABLE = 2000
MAX_LINES = 8
POINTS = " points"
"""Said by the axis, not beside every dot."""


@dataclass(frozen=True, slots=True)
class Turn:
    """A verdict that turned, as it is read."""

    before: Status | None
    after: Status | None
    sentence: str
    reason: str
    rule: str


@dataclass(frozen=True, slots=True)
class Listed:
    """Sentences of one kind; more: how many there are beyond those."""

    sentences: tuple[str, ...]
    more: int


@dataclass(frozen=True, slots=True)
class ComparePage:
    """All that the page shows, made once for two runs."""

    headline: str
    basis: str
    left_out: str
    runs: tuple[str, str]
    turns: tuple[Turn, ...]
    other_turns: Listed
    worsened: Listed
    improved: Listed
    shifted: Listed
    slight: Listed
    noted: Listed
    same: str
    chart: Chart | None
    table: pd.DataFrame
    table_cut: str
    differences: tuple[tuple[str, Listed], ...]


def list_candidates(summaries: Sequence[BundleSummary], run: RunData, folder: str) -> list[str]:
    """Return the folders of the runs that this one can be compared with, newest first.

    Runs that cannot be opened come last: choosing one says why.
    """
    others = [item for item in summaries if item.path.name != folder]
    usable = [item.path.name for item in others if not item.problem and item.task == run.task]
    return usable + [item.path.name for item in others if item.problem]


def find_default(summaries: Sequence[BundleSummary], run: RunData, folder: str) -> str | None:
    """Return the newest older run of the same audit or the same data; None without one."""
    subject, created = run.report.subject, run.report.run.created
    for item in summaries:  # newest first
        alike = item.name == subject.name or item.data == subject.data.sha256
        usable = not item.problem and item.task == run.task and item.path.name != folder
        if usable and alike and item.created <= created:
            return item.path.name
    return None


def make_page(before: RunData, after: RunData, min_change: float = 0.0) -> ComparePage:
    """Compare two runs. Raises InputError where they are of different questions.

    min_change: the least change that counts (`audits.compare.scale.is_slight`).
    """
    found = run_comparison(before.bundle, after.bundle, min_change)
    titles = {rule.name: rule.title for run in (before, after) if run.policy is not None
              for rule in run.policy.rules}  # fmt: skip
    turned = [item for item in found.verdicts if item.way in (Way.WORSE, Way.BETTER, Way.OPEN)]
    others = [item for item in found.verdicts if item not in turned[:LISTED]]
    table, cut = tabulate_changes(found)
    return ComparePage(
        headline=render_headline(found),
        basis=found.basis_reason,
        left_out=render_left_out(found),
        runs=(
            _describe_run("compare.run_before", found.before),
            _describe_run("compare.run_after", found.after),
        ),
        turns=tuple(_read_turn(item, titles) for item in turned[:LISTED]),
        other_turns=_cut([render_verdict(item, titles) for item in others], MAX_LINES),
        worsened=_list(found, Outcome.WORSENED),
        improved=_list(found, Outcome.IMPROVED),
        shifted=_list(found, Outcome.SHIFTED),
        slight=_list(found, Outcome.SLIGHT),
        noted=_list(found, Outcome.NOTED),
        same=say("compare.same", n=format_count(len(found.find(Outcome.SAME)))),
        chart=make_chart(found, after.task),
        table=table,
        table_cut=cut,
        differences=tuple(list_differences(found)),
    )


def name_least(least: float, task: str) -> str:
    """Return a least change in words."""
    if not least:
        return say("compare.least_any")
    key = "compare.least_errors" if task == "regression" else "compare.least_points"
    return say(key, points=f"{least * 100:g}")


def _describe_run(key: str, run: RunRef) -> str:
    facts = f"{format_count(run.rows)} rows, {format_time(run.created)}"
    return say(key, name=plain_text(run.name), facts=facts)


def _read_turn(item: VerdictChange, titles: dict[str, str]) -> Turn:
    before, after = (None if side is None else side.status for side in (item.before, item.after))
    judged = item.after if item.after is not None else item.before
    both = before is not None and after is not None
    noise = say("compare.sure" if item.sure else "compare.unsure") if both else ""
    reason = "" if judged is None else plain_text(judged.reason)
    return Turn(
        before=before,
        after=after,
        sentence=name_number(item.item),
        reason=" ".join(part for part in (reason, noise) if part),
        rule=say("compare.rule", rule=plain_text(titles.get(item.rule, item.rule))),
    )


def _list(found: Comparison, outcome: Outcome) -> Listed:
    changes = drop_doubles(found.find(outcome))
    shown = tuple(map(render_change, pick_varied(changes, LISTED)))
    return Listed(shown, len(changes) - len(shown))


def _cut(sentences: list[str], most: int) -> Listed:
    return Listed(tuple(sentences[:most]), max(0, len(sentences) - most))


def make_chart(found: Comparison, task: str) -> Chart | None:
    """Return the changes of shares and gaps (of a regression: in the target's unit) as dots.

    The surest of each kind; without any, the main numbers, quiet. None where there are none.
    """
    units = ("target",) if task == "regression" else ("share", "points")
    worse, better = (
        [x for x in drop_doubles(found.find(outcome)) if x.shown.unit in units]
        for outcome in (Outcome.WORSENED, Outcome.IMPROVED)
    )
    quiet = [
        x for x in found.find(Outcome.SAME)
        if x.shown.unit in units and x.shown.direction != "none" and x.shown.part is None
    ]  # fmt: skip
    shown = [*pick_varied(worse, DRAWN), *pick_varied(better, DRAWN)]
    dots = [_make_dot(x) for x in shown or quiet[:DRAWN]]
    if not dots:
        return None
    kind = {(True, True): "mixed", (True, False): "worse", (False, True): "better"}.get(
        (bool(worse), bool(better)), "none"
    )
    regression = task == "regression"
    return draw_changes(
        dots,
        title=say(f"compare.chart_{kind}", worse=len(worse), better=len(better)),
        axis=say("compare.axis_target" if regression else "compare.axis"),
    )


def _make_dot(item: Change) -> ChangeDot:
    assert item.change is not None  # both lists hold numbers that were compared
    better = is_better(1.0, item.shown.direction)
    scale = (-1.0 if better is False else 1.0) * (1.0 if item.shown.unit == "target" else 100.0)
    ends = sorted((item.change.low * scale, item.change.high * scale))
    kinds: dict[Outcome, Kind] = {Outcome.WORSENED: "worse", Outcome.IMPROVED: "better"}
    return ChangeDot(
        name=name_number(item.shown),
        value=item.change.value * scale,
        low=ends[0],
        high=ends[1],
        text=render_signed(item).removesuffix(POINTS),
        kind=kinds.get(item.outcome, "same"),
    )


def tabulate_changes(found: Comparison) -> tuple[pd.DataFrame, str]:
    """Return every number with its change, the surest first, and a note where it is cut."""
    ordered = [item for outcome in Outcome for item in found.find(outcome)]
    shown = ordered[:IN_TABLE]
    names = ("what", "before", "after", "change", "interval", "chance", "outcome")
    records = [
        (
            name_number(item.shown),
            render_value(item.before),
            render_value(item.after),
            render_signed(item),
            render_interval(item),
            "" if item.adjusted is None else format_p(item.adjusted),
            say(f"compare.outcome.{item.outcome.value}"),
        )
        for item in shown
    ]
    table = pd.DataFrame(records, columns=[say(f"compare.column.{name}") for name in names])
    if len(shown) == len(ordered):
        return table, ""
    counts = {"shown": format_count(len(shown)), "total": format_count(len(ordered))}
    return table, say("compare.table_cut", **counts)


def list_differences(found: Comparison) -> list[tuple[str, Listed]]:
    """Return what is not the same in both runs, by topic."""
    topics: dict[str, list[str]] = {}
    for item in found.differences:
        topics.setdefault(item.topic, []).append(render_difference(item))
    for check in found.checks:
        ends = {"before": _name_end(check.before), "after": _name_end(check.after)}
        line = say("compare.check", title=plain_text(check.title), **ends)
        topics.setdefault("checks", []).append(line)
    return [
        (say(f"compare.topic.{topic}"), _cut(lines, MAX_LINES)) for topic, lines in topics.items()
    ]


def _name_end(check: CheckOutcome | None) -> str:
    return say("compare.check_absent") if check is None else check.status.value.replace("_", " ")
