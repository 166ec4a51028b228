"""The whole journey in a real Chromium, on a real server with a real run."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from real_browser import ARGUMENTS, PLACES, Watch, find_chromium, list_violations, serve, settle

from dashboard.catalogue import say

playwright_api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def own(runs: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The runs again, in a folder that audits are started in."""
    return shutil.copytree(runs, tmp_path_factory.mktemp("journey") / "runs")


@pytest.fixture(scope="module")
def address(own: Path) -> Iterator[str]:
    with serve(own) as found:
        yield found


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    with playwright_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def context(chromium: Any) -> Iterator[Any]:
    """One person's browser, which has loaded the dashboard's scripts once."""
    opened = chromium.new_context(viewport={"width": 1440, "height": 900}, accept_downloads=True)
    yield opened
    opened.close()


@pytest.fixture
def page(context: Any, address: str) -> Iterator[Any]:
    """A fresh page; afterwards it must not have logged an error or asked anybody else."""
    opened, watch = context.new_page(), Watch(address)
    watch.attach(opened)
    yield opened
    opened.close()
    assert watch.problems == []


def visit(page: Any, address: str, place: str, run: str = "model") -> None:
    glue = "&" if "?" in place else "?"
    page.goto(f"{address}/{place}{glue}run={run}")
    settle(page)
    assert page.locator('[data-testid="stException"]').count() == 0


def read(page: Any, key: str) -> str:
    return str(page.locator(f".st-key-{key}").inner_text())


def check_width(page: Any, place: str) -> None:
    """Nothing may be wider than the window."""
    wide = page.locator('[data-testid="stMainBlockContainer"]').evaluate(
        "element => element.scrollWidth - element.clientWidth"
    )
    assert wide <= 1, place


def check_dark(page: Any) -> None:
    background = page.evaluate("getComputedStyle(document.querySelector('.stApp')).backgroundColor")
    assert max(map(int, re.findall(r"\d+", background)[:3])) < 100, background


def test_every_page_opens_without_a_complaint(page: Any, address: str) -> None:
    """Wide and light, and then, without a new visit, narrow and dark."""
    for place in PLACES:
        page.set_viewport_size({"width": 1440, "height": 900})
        page.emulate_media(color_scheme="light")
        visit(page, address, place)
        assert page.locator('[data-testid="stText"]').count() > 0
        check_width(page, place)
        assert list_violations(page) == [], place
        page.set_viewport_size({"width": 390, "height": 844})
        page.emulate_media(color_scheme="dark")
        settle(page)
        check_dark(page)
        check_width(page, f"{place}, narrow")
        assert list_violations(page) == [], f"{place}, dark"


@pytest.mark.parametrize("run", ["decisions", "amounts"])
def test_other_kinds_of_runs_open_too(page: Any, address: str, run: str) -> None:
    for place in ("", "fairness"):
        visit(page, address, place, run)


def test_verdict_leads_to_its_groups_and_back(page: Any, address: str) -> None:
    visit(page, address, "")
    assert say("status.fail") in read(page, "verdict-fail-0")
    page.locator(".st-key-line-0 [class*='st-key-go-'] button").first.click()
    page.wait_for_url(re.compile(r".*/fairness.*run=model.*"))
    settle(page)
    assert page.locator(".js-plotly-plot").count() >= 2
    page.go_back()
    page.wait_for_url(re.compile(rf"{re.escape(address)}/(overview)?\?.*"))
    settle(page)
    assert page.locator(".st-key-verdict-fail-0").count() == 1


def test_who_why_and_what_would_help_take_four_clicks(page: Any, address: str) -> None:
    """The overview answers all three at once; each click then shows one in full."""
    visit(page, address, "")
    for step in ("fairness", "explanations", "interventions"):
        assert len(read(page, f"say-finding-step-{step}")) > 40
    page.locator(".st-key-go-step-fairness button").click()
    page.wait_for_url(re.compile(r".*/fairness.*"))
    for following in ("explanations", "counterfactuals", "interventions"):
        settle(page)
        assert page.locator(".js-plotly-plot").count() >= 1
        page.locator(".st-key-go-next button").click()
        page.wait_for_url(re.compile(rf".*/{following}.*"))
    settle(page)
    assert "points" in read(page, "say-finding-answer")


def test_slider_moves_the_numbers(page: Any, address: str) -> None:
    visit(page, address, "fairness")
    before = read(page, "say-finding-lab")
    slider = page.locator(".st-key-threshold input[type=range]")
    slider.focus()
    for _ in range(20):
        page.keyboard.press("ArrowRight")
    page.locator(".st-key-say-finding-lab", has_text="0.70").wait_for()
    settle(page)
    after = read(page, "say-finding-lab")
    assert after != before
    assert re.search(r"goes from \d+\.\d% to \d+\.\d%", after)
    page.reload()
    settle(page)
    assert read(page, "say-finding-lab") == after  # the address keeps the threshold
    page.locator(".st-key-lab-reset button").click()
    page.locator(".st-key-say-finding-lab", has_text="0.50").wait_for()


def test_row_is_picked_its_counterfactual_seen_and_edited(page: Any, address: str) -> None:
    visit(page, address, "counterfactuals")
    page.locator(".st-key-row input").click()
    page.locator('[role="option"]').first.click()
    page.locator(".st-key-say-finding-answer-0").wait_for()
    assert read(page, "say-finding-answer-0").startswith("If ")
    page.locator(".st-key-prediction").wait_for(timeout=60_000)
    assert say("whatif.no") in read(page, "prediction")
    page.get_by_role("radio", name=say("whatif.start_answer", n=1)).or_(
        page.get_by_role("button", name=say("whatif.start_answer", n=1))
    ).first.click()
    page.locator(".st-key-prediction", has_text=say("whatif.yes")).wait_for()
    first = read(page, "prediction")
    box = page.locator('.st-key-whatif-inputs input[type="number"]').first
    box.fill("5")
    box.press("Enter")
    page.wait_for_timeout(500)
    settle(page)
    assert read(page, "prediction") != first


def test_row_is_picked_in_the_table(page: Any, address: str) -> None:
    visit(page, address, "counterfactuals")
    box = page.locator(".st-key-rows-table canvas").first.bounding_box()
    page.mouse.click(box["x"] + 18, box["y"] + 55)
    page.locator(".st-key-say-finding-answer-0, .st-key-say-finding-no-answer").first.wait_for()
    assert "row=" in page.url


def test_card_downloads(page: Any, address: str) -> None:
    visit(page, address, "card")
    starts = {"html": "<!doctype html", "markdown": "#", "json": "{", "report": "{"}
    for form, start in starts.items():
        with page.expect_download() as waiting:
            page.locator(f".st-key-download-{form} button").click()
        text = Path(waiting.value.path()).read_text(encoding="utf-8")
        assert text.lower().lstrip("-").lstrip().startswith(start) or form == "markdown"
        assert len(text) > 1_000
        if form == "report":
            assert json.loads(text)["schema"] == "assay.report/1"
    frame = page.frame_locator("iframe").frame_locator("iframe")
    assert frame.locator("h1").count() >= 1


def test_the_offline_report_is_the_one_that_the_run_wrote(
    page: Any, address: str, runs: Path
) -> None:
    visit(page, address, "card")
    with page.expect_download() as waiting:
        page.locator(".st-key-export button").first.click()
    written = (runs / "model" / "report.html").read_bytes()
    assert Path(waiting.value.path()).read_bytes() == written


def test_audit_is_started_watched_and_opened(page: Any, address: str, inputs: Path) -> None:
    visit(page, address, "new-audit")
    page.get_by_text(say("new.from_file"), exact=True).click()
    box = page.locator(".st-key-spec-path input")
    box.fill(str(inputs / "decisions.toml"))
    box.press("Enter")
    settle(page)
    page.locator(".st-key-start-file button").click()
    page.locator(".st-key-go-result button").wait_for(timeout=60_000)
    page.locator(".st-key-go-result button").click()
    page.wait_for_url(re.compile(r".*run=loans-decisions-.*"))
    settle(page)
    assert "Loans decisions" in read(page, "say-title-run")


def test_uploads_give_a_first_result_that_can_be_opened_and_cancelled(
    page: Any, address: str, inputs: Path, own: Path, tmp_path: Path
) -> None:
    before = {path.name for path in own.iterdir()}
    many = pd.concat([pd.read_csv(inputs / "rows.csv")] * 12, ignore_index=True)
    many.assign(id=many.index).to_csv(tmp_path / "rows.csv", index=False)  # enough to be cancelled
    page.goto(f"{address}/new-audit")
    settle(page)
    for field, file in (("data", tmp_path / "rows.csv"), ("model", inputs / "model.txt")):
        chooser = page.locator(f'[class*="st-key-{field}-upload"] input[type="file"]')
        chooser.set_input_files(file)
        page.get_by_text(f"{file.name}, uploaded").wait_for(timeout=60_000)
    page.locator(".st-key-say-note-model-found").wait_for(timeout=60_000)
    page.locator(".st-key-say-finding-summary").wait_for(timeout=60_000)
    page.locator(".st-key-start-parts button").click()
    page.locator(".st-key-say-lead-first-headline").wait_for(timeout=120_000)
    assert say("job.preview") in read(page, "say-note-preview")
    assert read(page, "say-lead-first-headline").startswith("So far: ")
    assert page.locator(".st-key-part-explanations").count() == 1
    page.reload()  # the address keeps the job
    page.locator(".st-key-open-first a").click(timeout=60_000)
    page.wait_for_url(re.compile(r".*run=model-on-rows-.*"))
    page.locator(".st-key-preview-note").wait_for(timeout=30_000)
    settle(page)
    page.locator(".st-key-watch-job a").click()
    page.locator(".st-key-cancel button").click(timeout=30_000)
    page.get_by_text(say("job.cancelled")).wait_for(timeout=60_000)
    page.locator(".st-key-again button").click()
    page.get_by_text("model.txt, uploaded").wait_for(timeout=60_000)  # nothing is lost
    people = {".inputs", ".workspace.sqlite"}
    assert {path.name for path in own.iterdir()} - people == before - people


def test_a_first_visit_may_be_narrow_and_dark(chromium: Any, address: str) -> None:
    context = chromium.new_context(viewport={"width": 390, "height": 844}, color_scheme="dark")
    page = context.new_page()
    for place in ("", "fairness", "new-audit"):
        visit(page, address, place)
        check_dark(page)
        check_width(page, place)
        assert list_violations(page) == [], place
    context.close()


def test_a_click_on_a_chart_leads_to_its_rows_on_every_page(page: Any, address: str) -> None:
    visit(page, address, "fairness")
    mark = page.locator('[class*="st-key-chart-metric"] path.point').first
    box = mark.bounding_box()
    page.mouse.move(box["x"], box["y"] + 4)  # Plotly takes a click where it saw the pointer
    page.mouse.click(box["x"] + 5, box["y"] + 5)
    page.locator(".st-key-look-metric button").click()
    line = page.locator(".st-key-say-finding-cohort")
    line.wait_for()
    settle(page)
    assert "where=" in page.url
    told = line.inner_text()
    assert re.match(r"Looking at \d+ of 900 rows: ", told)
    assert list_violations(page) == []
    page.get_by_role("link", name=say("nav.performance")).first.click()
    page.wait_for_url(re.compile(r".*/performance\?.*where=.*"))
    settle(page)
    assert line.inner_text() == told
    page.reload()
    settle(page)
    assert line.inner_text() == told
    cell = page.locator('[class*="st-key-chart-confusion"] path.point').first
    cell.scroll_into_view_if_needed()
    box = cell.bounding_box()
    page.mouse.move(box["x"] + 8, box["y"] + 12)
    page.mouse.click(box["x"] + 12, box["y"] + 12)
    page.locator(".st-key-look-confusion button").click()
    page.locator(".st-key-say-finding-cohort", has_text=" = no").wait_for()
    page.go_back()
    page.locator(".st-key-say-finding-cohort", has_text=told).wait_for()
    settle(page)
    page.locator(".st-key-show-everybody button").click()
    line.wait_for(state="detached")
    assert "where=" not in page.url
