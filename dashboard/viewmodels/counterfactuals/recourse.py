"""What would change a decision: the rows searched, their answers, and how groups differ."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import pandas as pd
import pyarrow.parquet as pq

from audits.core.counterfactual import Counterfactual, NoRecourse
from audits.core.format import format_value, plain_text
from audits.core.groups import name_group_column
from audits.core.report.measurement import Unit
from audits.core.settings.recourse import RecourseSection, SoughtRange
from audits.figures import Chart, draw_changed_columns, draw_dots
from audits.recourse import name_block, read_counterfactuals, read_no_recourse
from dashboard.catalogue import say
from dashboard.viewmodels.cohorts.cohort_run import keep_rows
from dashboard.viewmodels.cohorts.rows import render_cell
from dashboard.viewmodels.numbers import (
    find_result,
    make_group_dots,
    render_point,
)
from dashboard.viewmodels.run import RunData
from dashboard.viewmodels.sentences import name_metric, render_finding
from dashboard.viewmodels.titles import find_extremes

OVERALL = (
    "recourse_share",
    "no_recourse_proven",
    "recourse_changes",
    "recourse_cost",
    "recourse_answers_failed",
)
FOUND, NONE = "counterfactuals.parquet", "no_recourse.parquet"


@dataclass(frozen=True, slots=True)
class Answers:
    """All rows that were searched: answers by row, best first, and rows without any."""

    by_row: dict[str, tuple[Counterfactual, ...]]
    without: dict[str, NoRecourse]

    @property
    def rows(self) -> list[str]:
        """The ids of all rows that were searched, those with an answer first."""
        return [*self.by_row, *self.without]


def has_answers(run: RunData) -> bool:
    """Whether counterfactuals were searched in this run."""
    return run.bundle.has_evidence(FOUND)


@lru_cache(maxsize=16)
def load_answers(run: RunData) -> Answers:
    """Read what was found of the rows that are looked at."""
    by_row: dict[str, list[Counterfactual]] = {}
    for answer in read_counterfactuals(pq.read_table(run.bundle.evidence_path(FOUND))):
        by_row.setdefault(answer.row, []).append(answer)
    without = {}
    if run.bundle.has_evidence(NONE):
        table = pq.read_table(run.bundle.evidence_path(NONE))
        without = {item.row: item for item in read_no_recourse(table)}
    ranked = {
        row: tuple(sorted(answers, key=lambda answer: answer.rank))
        for row, answers in by_row.items()
    }
    kept = set(keep_rows(run, [*ranked, *without]))
    return Answers(
        {row: answers for row, answers in ranked.items() if row in kept},
        {row: none for row, none in without.items() if row in kept},
    )


@lru_cache(maxsize=16)
def tabulate_rows(run: RunData) -> pd.DataFrame:
    """Return the searched rows: id, groups, score now, and what the best answer asks for."""
    answers = load_answers(run)
    path = run.bundle.evidence_path("predictions.parquet")
    name = name_score(run)
    columns = ["row", name, *map(name_group_column, run.attributes)]
    scored = pq.read_table(path, columns=columns, filters=[("row", "in", answers.rows)])
    known = {record["row"]: record for record in scored.to_pylist()}
    records = []
    for row in answers.rows:
        best = answers.by_row.get(row, (None,))[0]
        facts = known.get(row, {})
        score = facts.get(name)
        records.append(
            {
                say("column.row"): plain_text(row),
                say("column.score"): None if score is None else round(score, 3),
                say("column.answer"): say(
                    "recourse.proven_short" if is_proven(answers, row) else "recourse.none_short"
                )
                if best is None
                else plain_text(", ".join(change.column for change in best.changes)),
                say("column.cost"): None if best is None else round(best.cost, 3),
            }
            | {
                plain_text(name): plain_text(str(facts.get(name_group_column(name), "")))
                for name in run.attributes
            }
        )
    return pd.DataFrame(records)


def is_proven(answers: Answers, row: str) -> bool:
    """Return whether it is proven that a row has no recourse."""
    none = answers.without.get(row)
    return none is not None and none.proven


def render_none(none: NoRecourse) -> str:
    """Return in a sentence that a row has no answer: proven, or only not found."""
    return say(
        "recourse.no_answer_proven" if none.proven else "recourse.no_answer",
        reason=plain_text(none.reason.rstrip(".")),
    )


def render_searched(none: NoRecourse) -> str:
    """Return what was searched for a row without an answer."""
    return say("recourse.searched", searched=plain_text(none.searched.rstrip(".")))


def render_change(change: object, old: object, new: object) -> str:
    """Return one change as a phrase: "income were 3,400 instead of 2,900"."""
    return say(
        "recourse.change",
        column=plain_text(str(change)),
        old=plain_text(render_cell(old)),
        new=plain_text(render_cell(new)),
    )


def render_answer(run: RunData, answer: Counterfactual, score: float | None) -> str:
    """Return a counterfactual as a sentence. score: what the row has now, see `find_score`."""
    changes = [render_change(c.column, c.old, c.new) for c in answer.changes]
    joined = changes[0] if len(changes) == 1 else (
        ", ".join(changes[:-1]) + say("recourse.and") + changes[-1]
    )  # fmt: skip
    unit: Unit = "target" if run.task == "regression" else "score"
    old = say("number.none") if score is None else format_value(score, unit)
    new = format_value(answer.y_score, unit)
    target = run.spec.recourse.target
    if isinstance(target, SoughtRange):
        sought = render_sought(target)
        return say("recourse.sentence_value", changes=joined, new=new, old=old, range=sought)
    if run.task == "multiclass":
        name = plain_text(str(target))
        return say("recourse.sentence_class", changes=joined, name=name, new=new, old=old)
    threshold = f"{find_threshold(run):g}"
    return say("recourse.sentence", changes=joined, new=new, old=old, threshold=threshold)


def render_cost(answer: Counterfactual) -> str:
    """Return what a counterfactual costs, and whether it is like the rows in the data."""
    likely = "recourse.plausible" if answer.plausible else "recourse.implausible"
    return f"{say('recourse.cost', cost=f'{answer.cost:.2f}')} {say(likely)}"


def render_sought(target: SoughtRange) -> str:
    """Return where a prediction should lie: "10 to 20", "10 or more"."""
    low, high = target.ends
    key = "between" if math.isfinite(low) and math.isfinite(high) else (
        "least" if math.isfinite(low) else "most"
    )  # fmt: skip
    return say(f"recourse.range_{key}", low=f"{low:g}", high=f"{high:g}")


def list_notes(run: RunData, answer: Counterfactual) -> list[str]:
    """Return what else there is to say of an answer: what stays, what is broken, how like real
    rows it is."""
    fixed = [name for name in run.spec.recourse.immutable if name in answer.values]
    notes = [
        say("recourse.stays_fixed", columns=plain_text(", ".join(fixed)))
        if fixed
        else say("recourse.stays")
    ]
    notes += [say("recourse.already_broken", rule=plain_text(x)) for x in answer.broken_rules]
    if answer.distance is not None and answer.density is not None:
        notes.append(
            say(
                "recourse.distance",
                distance=f"{answer.distance:.3f}",
                density=f"{answer.density:.2f}",
            )
        )
    return notes


def name_score(run: RunData) -> str:
    """Return the column of `predictions.parquet` that recourse is about."""
    if run.task == "multiclass":
        return f"y_score[{run.spec.recourse.target}]"
    return "y_pred" if run.task == "regression" else "y_score"


def tabulate_answer(answer: Counterfactual) -> pd.DataFrame:
    """Return the columns that change, old beside new."""
    return pd.DataFrame(
        [
            {
                say("column.column"): plain_text(change.column),
                say("column.old"): plain_text(render_cell(change.old)),
                say("column.new"): plain_text(render_cell(change.new)),
            }
            for change in answer.changes
        ]
    )


def list_sentences(run: RunData) -> list[str]:
    """Return the overall findings on recourse."""
    items = [run.overall(name) for name in OVERALL]
    return [render_finding(item) for item in items if item is not None]


def make_group_chart(run: RunData, attribute: str) -> Chart | None:
    """Return the share with recourse by group."""
    items = [x for x in run.by_group("recourse_share", attribute) if x.estimate is not None]
    if not items:
        return None
    items.sort(key=lambda item: item.value or 0.0)
    title = say("recourse.group_title_even")
    if extremes := find_extremes(items):
        low, high = extremes
        title = say(
            "recourse.group_title",
            low_group=plain_text(low.group or ""),
            low=render_point(find_result(low), low.unit),
            high_group=plain_text(high.group or ""),
            high=render_point(find_result(high), high.unit),
        )
    return draw_dots(
        make_group_dots(items),
        title=title, axis=name_metric("recourse_share"), percent=True,
    )  # fmt: skip


def make_columns_chart(run: RunData) -> Chart | None:
    """Return which columns the best answers change on purpose, most often first."""
    best = [answers[0] for answers in load_answers(run).by_row.values()]
    if not best:
        return None
    section = run.spec.recourse
    counted = Counter(
        change.column
        for answer in best
        for change in answer.changes
        if not section.is_following(change.column, change.new)
    )
    pairs = counted.most_common()
    return draw_changed_columns(
        [plain_text(name) for name, _ in pairs],
        [count / len(best) for _, count in pairs],
        title=say(
            "recourse.columns_title",
            column=plain_text(pairs[0][0]),
            share=format_value(pairs[0][1] / len(best), "share"),
        ),
        axis=say("recourse.columns_axis"),
    )


def list_rules(run: RunData) -> list[str]:
    """Return what was not allowed to change, as sentences."""
    section = run.spec.recourse
    named: Sequence[tuple[str, Sequence[str]]] = (
        ("recourse.immutable", section.immutable),
        ("recourse.increase_only", section.increase_only),
        ("recourse.decrease_only", section.decrease_only),
    )
    sentences = [
        say(key, columns=plain_text(", ".join(columns))) for key, columns in named if columns
    ]
    sentences += [
        say("recourse.range", column=plain_text(name), low=f"{low:g}", high=f"{high:g}")
        for name, (low, high) in section.ranges.items()
    ]
    return [*sentences, *_list_values(section), *_list_costs(section), *_list_bounds(section)]


def _list_values(section: RecourseSection) -> Iterator[str]:
    for name, step in section.steps.items():
        yield say("recourse.step", column=plain_text(name), step=f"{step:g}")
    for name, values in section.allowed.items():
        listed = plain_text(", ".join(str(value) for value in values))
        yield say("recourse.allowed", column=plain_text(name), values=listed)
    for name, moves in section.transitions.items():
        listed = plain_text(", ".join(moves))
        yield say("recourse.transition", column=plain_text(name), moves=listed)
    for name, followers in section.list_followers().items():
        listed = plain_text(", ".join(followers))
        yield say("recourse.link", column=plain_text(name), followers=listed)
    for names in section.list_blocks():
        listed = plain_text(", ".join(names))
        yield say("recourse.one_hot", name=plain_text(name_block(names)), columns=listed)
    for rule in section.rules:
        yield say("recourse.between", rule=plain_text(rule))


def _list_costs(section: RecourseSection) -> Iterator[str]:
    for name, cost in section.costs.items():
        column = plain_text(name)
        if not isinstance(cost, Mapping):
            yield say("recourse.cost_unit", column=column, cost=f"{cost:g}")
            continue
        for move, price in cost.items():
            yield say("recourse.cost_move", column=column, cost=f"{price:g}", move=plain_text(move))


def _list_bounds(section: RecourseSection) -> Iterator[str]:
    if section.overrides:
        yield say("recourse.overrides", path=plain_text(section.overrides))
    if section.max_distance is not None:
        yield say("recourse.max_distance", distance=f"{section.max_distance:g}")
    if section.min_density is not None:
        yield say("recourse.min_density", density=f"{section.min_density:g}")


def find_threshold(run: RunData) -> float:
    """Return the score from which a row gets the favourable outcome."""
    return run.spec.model.cut if run.spec.model else 0.5


def find_values(run: RunData, row: str, rank: int) -> dict[str, object]:
    """Return the new values that one of a row's answers asks for, by column."""
    answers = load_answers(run).by_row.get(row, ())
    return {c.column: c.new for c in answers[rank].changes} if rank < len(answers) else {}
