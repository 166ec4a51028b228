"""The offline report of whole runs: a model with every check, decisions alone, a regression."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from real_browser import ARGUMENTS, find_chromium, list_violations

from audits.core.format import format_value
from dashboard.viewmodels.counterfactuals.recourse import list_sentences
from dashboard.viewmodels.explanations.explanations import list_importance
from dashboard.viewmodels.fairness.fairness import tabulate_metric
from dashboard.viewmodels.overview.overview import render_headline
from dashboard.viewmodels.run import RunData

playwright_api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
pytestmark = pytest.mark.browser

AGREE = "are those of the report"


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    with playwright_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def visit(chromium: Any, runs: Path) -> Iterator[Any]:
    """Open a run's `report.html` from disk, the network off; nothing may be logged or asked for."""
    problems: list[str] = []
    opened = []

    def go(name: str, width: int = 1440, scheme: str = "light") -> Any:
        context = chromium.new_context(
            viewport={"width": width, "height": 900}, color_scheme=scheme
        )
        context.set_offline(True)
        page = context.new_page()
        address = (runs / name / "report.html").as_uri()
        page.on("console", lambda message: problems.append(message.text))
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("request", lambda asked: asked.url == address or problems.append(asked.url))
        page.goto(address)
        page.wait_for_function("document.querySelector('#agreement .badge, #agreement:empty')")
        opened.append(context)
        return page

    yield go
    for context in opened:
        context.close()
    assert problems == []


def read_rows(page: Any) -> dict[str, list[str]]:
    rows = page.evaluate(
        "() => [...document.querySelectorAll('.by-group tbody tr')].map(row =>"
        " [...row.children].map(cell => cell.childNodes[0]?.textContent ?? ''))"
    )
    return {row[0]: row[1:] for row in rows}


def test_it_says_what_the_dashboard_says(visit: Any, run: RunData) -> None:
    page = visit("model")
    text = page.inner_text("main")
    assert AGREE in page.inner_text("#agreement")
    assert render_headline(run) in page.inner_text("#verdicts")
    for sentence in list_sentences(run):
        assert sentence in text
    for item in list_importance(run)[:3]:
        shown = page.locator("#features figure svg").text_content()
        assert item.feature in shown or item.feature[:20] in shown
        assert format_value(item.value, "score") in shown
    for place, grouping in enumerate(run.groupings):
        page.select_option("#grouping", str(place))
        for metric in ("selection_rate", "false_negative_rate", "roc_auc"):
            page.select_option("#metric", metric)
            shown = read_rows(page)
            for _, *cells in tabulate_metric(run, metric, grouping).itertuples():
                group, rows, value, interval, difference, *rest = cells
                assert shown[group][:3] == [f"{rows:,}", value, interval]
                assert shown[group][3] == difference or not difference
                assert shown[group][-1] == rest[-1]


def test_names_with_markup_stay_text(visit: Any, rude_names: tuple[str, str, str]) -> None:
    group, attribute, _ = rude_names
    page = visit("model")
    page.select_option("#grouping", "1")
    assert page.locator("#grouping option").all_inner_texts()[1] == attribute
    assert group in read_rows(page)
    assert page.locator("main b, main img, main a[href*=evil]").count() == 0
    assert page.evaluate("document.scripts.length") == 2


@pytest.mark.parametrize("name", ["decisions", "amounts"])
def test_runs_without_a_threshold(visit: Any, name: str, request: Any) -> None:
    run: RunData = request.getfixturevalue(name)
    page = visit(name)
    assert page.locator("#threshold").count() == 0
    metric = {"decisions": "true_positive_rate", "amounts": "mean_absolute_error"}[name]
    page.select_option("#grouping", "0")
    page.select_option("#metric", metric)
    for item in run.by_group(metric, "sex"):
        assert read_rows(page)[item.group][1] == format_value(item.value or 0.0, item.unit)
    assert list_violations(page) == []


def test_keys_move_the_threshold_and_everybody_can_read_it(visit: Any) -> None:
    for width, scheme in ((1440, "dark"), (390, "light")):
        page = visit("model", width, scheme)
        page.focus("#threshold")
        assert page.inner_text("#threshold-value") == "0.50 audited"
        page.keyboard.press("ArrowLeft")
        assert page.get_attribute("#threshold", "aria-valuetext") == "0.49"
        assert "At a threshold of 0.49" in page.inner_text("#groups [role=status]")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        for summary in page.locator("summary").all():
            summary.click()
        assert list_violations(page) == []


def test_paper_has_no_choosers_and_every_part(visit: Any) -> None:
    page = visit("model")
    seen = "window.seen = [...document.querySelectorAll('details')].every(one => one.open)"
    page.evaluate(f"window.addEventListener('beforeprint', () => {{ {seen} }})")
    page.pdf()
    assert page.evaluate("window.seen") is True
    page.emulate_media(media="print")
    assert not page.locator(".controls").is_visible()
    assert page.locator("#verdicts").is_visible()
