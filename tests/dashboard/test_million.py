"""Every page of a run of 1,000,000 rows in a real Chromium: `make soak`.

Left out of `make test`: making the run takes minutes (tests/million.py keeps it for the next time).
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from real_browser import ARGUMENTS, PLACES, Watch, find_chromium, serve, settle

from dashboard.catalogue import say

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # before tests/sample_models
from million import NAME, make_runs, read_data

playwright_api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
pytestmark = [pytest.mark.browser, pytest.mark.slow]

LOADING_MS = 120_000


@pytest.fixture(scope="module")
def million() -> Path:
    return make_runs()


@pytest.fixture(scope="module")
def page(million: Path) -> Iterator[Any]:
    """One page for the whole walk; afterwards nothing must have been logged or asked elsewhere."""
    with serve(million) as address, playwright_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=ARGUMENTS)
        opened = browser.new_page(viewport={"width": 1440, "height": 900}, base_url=address)
        watch = Watch(address)
        watch.attach(opened)
        yield opened
        browser.close()
        assert watch.problems == []


def visit(page: Any, place: str) -> None:
    page.goto(f"/{place}{'&' if '?' in place else '?'}run={NAME}")
    settle(page, LOADING_MS)
    assert page.locator('[data-testid="stException"]').count() == 0


@pytest.mark.parametrize("place", PLACES)
def test_page_opens_without_a_complaint(page: Any, place: str) -> None:
    visit(page, place)
    assert page.locator('[data-testid="stText"]').count() > 0


def find_row(million: Path, name: str) -> str:
    table = pq.read_table(million / NAME / "evidence" / name, columns=["row"])
    return str(table["row"][-1].as_py())


def test_row_is_explained_with_its_own_values(page: Any, million: Path) -> None:
    row = find_row(million, "attributions.tree_shap.parquet")
    visit(page, f"explanations?part={say('explanations.row')}&row={row}")
    waiting = page.get_by_text(say("opening.data"))
    waiting.wait_for(state="detached", timeout=LOADING_MS)
    settle(page, LOADING_MS)
    found = read_data(million).set_index("application").loc[row]
    drawn = page.locator(".st-key-chart-row .js-plotly-plot").inner_text(timeout=LOADING_MS)
    assert str(found["district"]) in drawn
    assert f"{found['loan_amount']:,.0f}" in drawn


def test_row_is_edited_and_asked_again(page: Any, million: Path) -> None:
    visit(page, f"counterfactuals?row={find_row(million, 'counterfactuals.parquet')}")
    page.locator(".st-key-prediction").wait_for(timeout=LOADING_MS)
    assert say("whatif.no") in page.locator(".st-key-prediction").inner_text()
    box = page.locator('.st-key-whatif-inputs input[type="number"]').first
    before = box.input_value()
    box.fill("60")
    box.press("Enter")
    page.locator(".st-key-say-note-changed").wait_for(timeout=LOADING_MS)
    assert before != "60"


def test_slider_answers(page: Any) -> None:
    visit(page, "fairness")
    slider = page.locator(".st-key-threshold input[type=range]")
    slider.focus()
    for _ in range(10):
        page.keyboard.press("ArrowRight")
    page.locator(".st-key-say-finding-lab", has_text="0.60").wait_for(timeout=LOADING_MS)
