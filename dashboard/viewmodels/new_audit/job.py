"""A job as people watch it: what is done, what runs, what waits, and what a failure means."""

from __future__ import annotations

import signal
from dataclasses import dataclass
from typing import Literal

from audits.checks import BUILTIN
from audits.core.format import plain_text
from dashboard.catalogue import has_words, say
from dashboard.job_state import JobState, Phase

StepStatus = Literal["done", "running", "waiting"]
SETUP = ("read", "open model", "predict", "count")
_EARLY = tuple(check.code for check in BUILTIN if check.early)
_LATE = tuple(check.code for check in BUILTIN if not check.early)
_RECOURSE = ("recourse.",)
_EXPLAIN = ("explain.", "rules.adverse_action")


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the list: a part of the audit. done, of: its checks. seconds: what it took so
    far, 0 while it waits. now: what is being done, in words, where it runs."""

    key: str
    title: str
    status: StepStatus
    done: int
    of: int
    seconds: float
    now: str


def _part(code: str) -> str:
    if code.startswith(_EXPLAIN):
        return "explanations"
    return "recourse" if code.startswith(_RECOURSE) else "patterns"


def list_parts() -> dict[str, tuple[str, ...]]:
    """Return the parts of an audit with the stages that each has. Every check is in one part."""
    late = {key: tuple(c for c in _LATE if _part(c) == key)
            for key in ("patterns", "explanations", "recourse")}  # fmt: skip
    return {"setup": SETUP, "measures": _EARLY, **late, "finish": ("judge", "card")}


def list_steps(state: JobState) -> list[Step]:
    """Return the parts of an audit in the order in which they run, each as far as it is."""
    began = dict(state.steps)
    done = dict(state.done)
    current = find_current(state)
    steps = []
    for key, codes in list_parts().items():
        ended = sum(_has_ended(code, state, began, set(done)) for code in codes)
        is_over = ended == len(codes)
        runs = current in codes and state.phase is Phase.RUNNING and not is_over
        status: StepStatus = "done" if is_over else "running" if runs or ended else "waiting"
        seconds = _measure(codes, state, began, {c: d.seconds for c, d in done.items()})
        now = name_stage(current) if current in codes and not is_over else ""
        steps.append(Step(key, say(f"job.part.{key}"), status, ended, len(codes), seconds, now))
    return steps


def _has_ended(code: str, state: JobState, began: dict[str, float], done: set[str]) -> bool:
    if state.run is not None or code in done:
        return True
    if code in SETUP:  # a stage of the setting up has ended once a later one began
        later = (*SETUP[SETUP.index(code) + 1 :], *_EARLY)
        return any(stage in began for stage in later)
    return code == "judge" and "card" in began


def _measure(
    codes: tuple[str, ...], state: JobState, began: dict[str, float], took: dict[str, float]
) -> float:
    ends = sorted([*began.values(), state.seconds])
    total = 0.0
    for code in codes:
        if code in took:
            total += took[code]
        elif code in began:
            later = [end for end in ends if end > began[code]]
            total += (later[0] if later else state.seconds) - began[code]
    return total


def find_current(state: JobState) -> str:
    """Return the stage that is being worked on: the check that began last and has not ended, else
    the stage that was told last."""
    known = {code for codes in list_parts().values() for code in codes}
    done = {code for code, _ in state.done}
    open_ones = [stage for stage, _ in state.steps if stage in known and stage not in done]
    return open_ones[-1] if open_ones else state.stage


def name_stage(stage: str) -> str:
    """Return a stage's words."""
    titles = {check.code: check.title for check in BUILTIN}
    key = f"stage.{stage}"
    return say(key) if has_words(key) else titles.get(stage, say("stage.other"))


def find_share(state: JobState) -> float:
    """Return how many of the audit's steps have ended, as a share of all."""
    steps = list_steps(state)
    return sum(step.done for step in steps) / sum(step.of for step in steps)


def render_progress(state: JobState) -> str:
    """Return one line on where a running job is."""
    steps = list_steps(state)
    now = name_stage(find_current(state))
    if state.fraction:
        now = say("job.now_share", stage=now, share=f"{state.fraction:.0%}")
    return say(
        "job.progress", now=now, done=sum(step.done for step in steps),
        of=sum(step.of for step in steps), seconds=render_seconds(state.seconds),
    )  # fmt: skip


def render_seconds(seconds: float) -> str:
    """Return a time as people say it: "8 s", "2 min 5 s"."""
    whole = int(seconds)
    if whole < 60:
        return say("job.seconds", seconds=whole)
    return say("job.minutes", minutes=whole // 60, seconds=whole % 60)


def render_failure(state: JobState) -> str:
    """Return why an ended job has no run, and what to do."""
    if state.message:
        return say("job.failed", message=plain_text(state.message))
    code = state.exit_code or 0
    if code < 0:
        return say("job.killed", signal=_name_signal(-code))
    return say("job.crashed", code=code)


def _name_signal(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return str(number)
