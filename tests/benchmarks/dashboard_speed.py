"""`make bench`: the dashboard on a run of 1,000,000 rows, one person and twenty at once.

A real server in a process of its own; the first page in Chromium, all else over the WebSocket that
Streamlit's page uses. A rerun is timed from the request until the script has ended and everything
it shows has arrived; CPU is the server's own, so that a busy machine can be told from slow pages.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow.parquet as pq

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # before tests/sample_models
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "dashboard"))
from browserless import Person, Ran
from million import NAME, ROWS, make_runs
from real_browser import ARGUMENTS, PLACES, find_chromium, start

from dashboard.catalogue import say

TARGETS = {"first page s": 5.0, "rerun ms": 300.0, "slider ms": 150.0, "worst of 20 s": 3.0,
           "session MB": 30.0}  # fmt: skip
REPEATS, STEPS = 9, 15
PEOPLE, SESSIONS = 20, 25
PATIENCE_S = 90.0

View = tuple[str, str, dict[str, str]]
"""What is opened: its name, its page, and what stands in the address."""


@dataclass
class Timed:
    """Reruns of one kind: seconds each, and the server's CPU seconds for all of them."""

    seconds: list[float] = field(default_factory=list)
    cpu: float = 0.0

    def median_ms(self) -> float:
        return 1000 * statistics.median(self.seconds)

    def render(self, name: str) -> str:
        each = 1000 * self.cpu / len(self.seconds)
        return (f"{name:34} {len(self.seconds):4} {self.median_ms():8.0f} "
                f"{1000 * max(self.seconds):8.0f} {each:8.0f}")  # fmt: skip


def read_cpu(pid: int) -> float:
    """Return the seconds of CPU that a process has used, its ended children left out."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def read_memory(pid: int) -> float:
    """Return a process's own memory in MB: files that are only mapped do not count."""
    text = Path(f"/proc/{pid}/status").read_text()
    return float(text.split("RssAnon:")[1].split()[0]) / 1024


def list_views(runs: Path) -> list[View]:
    """Return every page, and the views that read single rows."""
    evidence = runs / NAME / "evidence"
    explained = pq.read_table(evidence / "attributions.tree_shap.parquet", columns=["row"])
    answered = pq.read_table(evidence / "counterfactuals.parquet", columns=["row"])
    explained_row, answered_row = (table["row"][-1].as_py() for table in (explained, answered))
    views: list[View] = [(place or "overview", place, {}) for place in PLACES]
    one = {"part": say("explanations.row"), "row": explained_row}
    views.append(("explanations, one row", "explanations", one))
    views.append(("counterfactuals, one row", "counterfactuals", {"row": answered_row}))
    return views


async def time_runs(
    pid: int, times: int, run: Callable[[int], Awaitable[Ran]], rest: float = 0.05
) -> Timed:
    """Run something several times, one after the other."""
    found, used = Timed(), read_cpu(pid)
    for number in range(times):
        found.seconds.append((await run(number)).seconds)
        await asyncio.sleep(rest)
    found.cpu = read_cpu(pid) - used
    return found


async def warm(person: Person, views: Sequence[View]) -> None:
    """Open every view until nothing on it is still being opened."""

    def is_waiting(ran: Ran) -> bool:
        return any(text in line for line in ran.texts for text in waiting)

    waiting = (say("opening.data"), say("opening.model"))
    for name, place, params in views:
        deadline = time.monotonic() + PATIENCE_S
        await person.open(place, **params)  # what was chosen there before may win once
        while is_waiting(await person.open(place, **params)):
            if time.monotonic() > deadline:
                raise TimeoutError(f"{name} was not there after {PATIENCE_S:.0f} s")
            await asyncio.sleep(0.5)


async def measure_one(pid: int, address: str, views: Sequence[View]) -> tuple[Timed, Timed]:
    """Print one person's reruns; return all of the pages', and the slider's."""
    person = await Person.arrive(address, NAME)
    started = time.perf_counter()
    await warm(person, views)
    print(f"every view opened for the first time: {time.perf_counter() - started:.1f} s\n")
    print(f"{'one person':34} {'runs':>4} {'median ms':>8} {'worst ms':>8} {'CPU ms':>8}")
    every = Timed()
    for name, place, params in views:
        found = await time_runs(pid, REPEATS, lambda _, p=place, q=params: person.open(p, **q))
        print(found.render(name), flush=True)
        every.seconds += found.seconds
        every.cpu += found.cpu
    page = await person.open("fairness")
    groups = list(page.widgets["groups"].options)

    async def choose(number: int) -> Ran:
        return await person.change(
            "fairness", page, "groups", string_value=groups[number % len(groups)]
        )

    print((await time_runs(pid, 2 * len(groups), choose)).render("fairness, other groups"))
    page = await person.open("fairness")

    async def slide(number: int) -> Ran:
        return await person.change(
            "fairness", page, "threshold", double_array_value=0.2 + number / 25
        )

    slider = await time_runs(pid, STEPS, slide)
    print(slider.render("fairness, a step of the slider"), flush=True)
    await person.leave()
    return every, slider


async def measure_many(pid: int, address: str, views: Sequence[View]) -> Timed:
    """Let twenty people open views at once, each another one, all of them in turn."""
    people = [await Person.arrive(address, NAME) for _ in range(PEOPLE)]
    found, used = Timed(), read_cpu(pid)
    for step in range(len(views)):
        asked = []
        for number, person in enumerate(people):
            _, place, params = views[(number + step) % len(views)]
            asked.append(person.open(place, **params))
        found.seconds += [ran.seconds for ran in await asyncio.gather(*asked)]
    found.cpu = read_cpu(pid) - used
    for person in people:
        await person.leave()
    return found


async def measure_memory(pid: int, address: str, views: Sequence[View]) -> tuple[float, float]:
    """Return MB a session that has opened every view, and MB that each leaves when it goes."""
    before = read_memory(pid)
    people = []
    for _ in range(SESSIONS):
        person = await Person.arrive(address, NAME)
        for _, place, params in views:
            await person.open(place, **params)
        people.append(person)
    held = read_memory(pid)
    for person in people:
        await person.leave()
    await asyncio.sleep(2)
    return (held - before) / SESSIONS, (read_memory(pid) - before) / SESSIONS


def measure_first_page(runs: Path) -> float:
    """Return seconds from a server's start to the run's title in a Chromium that waits for it."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=ARGUMENTS)
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        started = time.perf_counter()
        with start(runs) as (pid, address):
            answered = time.perf_counter() - started
            page.goto(address)
            page.locator(".st-key-say-title-run").wait_for(timeout=60_000)
            shown = time.perf_counter() - started
            page.locator('[data-testid="stApp"][data-test-script-state="notRunning"]').wait_for()
            whole = time.perf_counter() - started
            print(f"the server answered {answered:.1f} s after its start, the page was there after "
                  f"{shown:.1f} s and whole after {whole:.1f} s; {read_cpu(pid):.1f} s of CPU\n")  # fmt: skip
        browser.close()
    return shown


def print_targets(measured: dict[str, float]) -> None:
    print(f"\n{'':18} {'measured':>9} {'target':>9}")
    for name, target in TARGETS.items():
        found = measured.get(name)
        text = "-" if found is None else f"{found:,.1f}"
        print(
            f"{name:18} {text:>9} {f'< {target:g}':>9} {'' if found is None or found < target else 'missed'}"
        )


def main() -> int:
    started = time.perf_counter()
    runs = make_runs(int(sys.argv[1]) if len(sys.argv) > 1 else ROWS)
    print(f"the run: {time.perf_counter() - started:.0f} s to make or find\n", flush=True)
    views = list_views(runs)
    measured: dict[str, float] = {}
    try:
        measured["first page s"] = measure_first_page(runs)
    except Exception as error:  # no Chromium, no Playwright: all else can be measured
        print(f"the first page was not measured in Chromium: {str(error).splitlines()[0]}")
    with start(runs) as (pid, address):
        every, slider = asyncio.run(measure_one(pid, address, views))
        measured["rerun ms"], measured["slider ms"] = every.median_ms(), slider.median_ms()
        idle = read_memory(pid)
        session, left = asyncio.run(measure_memory(pid, address, views))
        measured["session MB"] = session
        many = asyncio.run(measure_many(pid, address, views))
        measured["worst of 20 s"] = max(many.seconds)
        print(many.render(f"{PEOPLE} people at once"))
        print(f"\n{idle:,.0f} MB with the run open; {session:.1f} MB more for each of {SESSIONS} "
              f"sessions that opened every view, {left:.1f} MB of it after they had left (sessions "
              "are kept for five minutes, for who comes back)")  # fmt: skip
    print_targets(measured)
    return 0


if __name__ == "__main__":
    sys.exit(main())
