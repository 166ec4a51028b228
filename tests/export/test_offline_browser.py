"""The file opened from disk, the network off: its numbers are the cube's, digit for digit."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from importlib import resources
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from offline import choose, open_offline, read_table
from offline_runs import FEW_CHECKS, audit, make_rows
from real_browser import ARGUMENTS, find_chromium, list_violations

from audits.core.format import format_count, format_range, format_value
from audits.cube.compare import choose_reference, compute_comparison
from audits.cube.counts.cube import Cube
from audits.cube.counts.values import Values
from audits.cube.counts.view import compute_view
from audits.cube.intervals.intervals import CONFIDENCE, compute_share_interval, normal_quantile
from audits.cube.metrics import BINARY
from audits.export.html import render_html
from audits.export.html.pooling import pool_scores
from audits.store.bundle import Bundle
from tests.cube.moved import move_threshold

playwright_api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
pytestmark = pytest.mark.browser

METRICS = ("selection_rate", "false_discovery_rate", "f1", "balanced_accuracy", "treatment_equality")  # fmt: skip
GENERATOR = np.random.default_rng(0)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    with playwright_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=ARGUMENTS)
        yield browser
        browser.close()


def pool(bundle: Bundle, least: int) -> tuple[Cube, np.ndarray]:
    """Return the cube as the file has it, as an ordinary cube, and its thresholds."""
    cube = bundle.load_cube()
    pooled = pool_scores(cube, bundle.report.subject.data.protected, least)
    assert pooled is not None
    codes = {**cube.codes, "score_bin": pooled.place}
    return replace(cube, codes=codes, edges=pooled.edges), pooled.edges


def write(values: Values, position: int, unit: str) -> tuple[str, str]:
    """Return a number and its interval as people read them."""
    ends = values.value[position], values.low[position], values.high[position]
    if not np.isfinite(ends).all():
        return "–", ""
    return format_value(ends[0], unit), format_range(ends[1], ends[2], unit)


def expect(cube: Cube, grouping: str, name: str, least: int) -> dict[str, list[tuple[str, str]]]:
    """Return the table of one metric by group, from the cube alone."""
    view = compute_view(cube, tuple(grouping.split(" & ")))
    metric = next(m for m in BINARY if m.name == name)
    values = metric.compute(view, GENERATOR)
    reference = choose_reference(view)
    expected = {}
    for position, label in enumerate(view.labels):
        if view.rows[position] < least:
            continue
        value, interval = write(values, position, metric.unit)
        cells = [(format_count(int(view.rows[position])), ""), (value, ""), (interval, "")]
        for kind in metric.compare:
            unit = "ratio" if kind == "ratio" else "points" if metric.unit == "share" else "difference"  # fmt: skip
            compared = compute_comparison(metric, kind, values, reference).values
            cells.append(("", "") if position == reference else write(compared, position, unit))
        expected[label] = cells
    return expected


def check_table(page: Any, expected: dict[str, list[tuple[str, str]]]) -> None:
    shown = read_table(page)
    for label, cells in expected.items():
        mine = shown[label][: len(cells)]
        bare = [(text.removeprefix("≈ "), small) for text, small in mine]
        bare[1] = (bare[1][0], "")  # why there is no number stands below the dash
        assert bare == cells, label


def test_every_measure_follows_the_threshold(chromium: Any, scored: Bundle, tmp_path: Path) -> None:
    cube, edges = pool(scored, 10)
    with open_offline(chromium, render_html(scored), tmp_path) as page:
        assert "are those of the report" in page.inner_text("#agreement")
        names = page.locator("#grouping option").all_inner_texts()
        for (place, grouping), name in product(enumerate(names), METRICS):
            choose(page, grouping=place, metric=name)
            for position in (12, int(np.searchsorted(edges, 0.437)), 60):
                choose(page, threshold=position)
                moved = move_threshold(cube, edges[position])
                check_table(page, expect(moved, grouping, name, 10))


def test_at_the_audited_threshold_it_is_the_report(
    chromium: Any, scored: Bundle, tmp_path: Path
) -> None:
    report = scored.report
    with open_offline(chromium, render_html(scored), tmp_path) as page:
        places = {
            one: n for n, one in enumerate(page.locator("#grouping option").all_inner_texts())
        }
        for grouping, name in product(places, (*METRICS, "roc_auc", "brier_score", "theil_index")):
            choose(page, grouping=places[grouping], metric=name)
            shown = read_table(page)
            told = [x for x in report.find(name, attribute=grouping) if x.group in shown]
            assert len(told) > 2
            for item in told:
                if shown[item.group][0][0].startswith("fewer"):
                    assert shown[item.group][1][0] == "–"
                    continue
                value, interval = shown[item.group][1][0], shown[item.group][2][0]
                if item.estimate is None:
                    assert value == "–" and shown[item.group][1][1] == item.unavailable.reason
                else:
                    assert value == format_value(item.estimate.value, item.unit)
                    ends = item.estimate.low, item.estimate.high
                    assert interval == format_range(*ends, item.unit)


def test_unpooled_it_is_the_dashboards_threshold_lab(
    chromium: Any, scored: Bundle, tmp_path: Path
) -> None:
    from dashboard.viewmodels.fairness.thresholds import compute_moved
    from dashboard.viewmodels.run import RunData

    run = RunData(scored)
    _, edges = pool(scored, 1)
    with open_offline(chromium, render_html(scored, least=1), tmp_path) as page:
        places = {
            one: n for n, one in enumerate(page.locator("#grouping option").all_inner_texts())
        }
        for grouping, threshold, rate in product(
            places, (0.3, 0.55), ("selection_rate", "positive_predictive_value")
        ):
            choose(page, grouping=places[grouping], metric=rate)
            choose(page, threshold=int(np.flatnonzero(edges == threshold)[0]))
            shown = read_table(page)
            lab = compute_moved(run, grouping, rate, threshold).groups
            assert len(lab) == len(shown)
            for _, *cells in lab.itertuples():
                group, rows, _, moved, interval, _ = cells
                assert shown[group][0][0] == format_count(rows)
                assert (shown[group][1][0], shown[group][2][0]) == (
                    (moved, interval) if moved != "–" else ("–", "")
                )


def test_weights_and_given_decisions(chromium: Any, weighted: Bundle, tmp_path: Path) -> None:
    cube, edges = pool(weighted, 10)
    with open_offline(chromium, render_html(weighted), tmp_path) as page:
        assert "are those of the report" in page.inner_text("#agreement")
        assert page.inner_text("#threshold-value") == "as decided"
        choose(page, metric="true_positive_rate")
        check_table(page, expect(weighted.load_cube(), "sex", "true_positive_rate", 10))
        choose(page, threshold=70)
        moved = move_threshold(cube, edges[70])
        check_table(page, expect(moved, "sex", "true_positive_rate", 10))
        page.click("#reset")
        check_table(page, expect(weighted.load_cube(), "sex", "true_positive_rate", 10))


def test_classes_are_shown_without_a_slider(chromium: Any, classes: Bundle, tmp_path: Path) -> None:
    with open_offline(chromium, render_html(classes), tmp_path) as page:
        assert page.locator("#threshold").count() == 0
        assert page.locator("#matrix tbody tr").count() == 3
        item = classes.report.find("f1", attribute="sex", group="Male")[0]
        choose(page, metric="f1")
        assert read_table(page)["Male"][1][0] == format_value(item.value, "score")
        assert list_violations(page) == []


def test_500_groups_stay_usable(chromium: Any, tmp_path: Path) -> None:
    rows = make_rows(9000, seed=3, towns=500)
    bundle = audit(
        tmp_path, rows, predictions='score = "score"', more="max_groups = 2000", checks=FEW_CHECKS
    )
    with open_offline(chromium, render_html(bundle), tmp_path) as page:
        choose(page, grouping=1)
        assert len(read_table(page)) == 40
        page.click(".by-group .more")
        assert len(read_table(page)) == 500
        page.fill("#search", "T04")
        assert set(read_table(page)) == {f"T04{n}" for n in range(10)}
        page.fill("#search", "")
        page.click('.by-group [data-column="2"]')
        rates = [cells[1][0].rstrip("%") for cells in read_table(page).values()]
        known = [float(text) for text in rates if text != "–"]
        assert known == sorted(known, reverse=True) and len(known) > 450
        assert rates[len(known) :] == ["–"] * (500 - len(known)), "groups without numbers are last"
        page.focus("#threshold")
        page.fill("#search", "T04")
        choose(page, threshold=35)
        moved = [cells[1][0] for cells in read_table(page).values()]
        choose(page, threshold=60)
        assert moved != [cells[1][0] for cells in read_table(page).values()]


def test_the_formulas_are_pythons(chromium: Any) -> None:
    """Intervals and formats against audits.cube and audits.core, far into the corners."""
    folder = resources.files("audits.export.html") / "page"
    source = "".join((folder / name).read_text() for name in ("numbers.js", "statistics.js"))
    head = f"const QUANTILE = {normal_quantile()!r}; const CONFIDENCE = {CONFIDENCE!r};\n"
    draw = np.random.default_rng(1)
    n = np.concatenate([draw.integers(1, 60, 150), draw.integers(60, 3_000_000, 100),
                        draw.uniform(0.6, 90, 50)])  # fmt: skip
    hits = np.minimum(np.rint(draw.choice([0, 1, 3, 9, 11, 40, 1e9], len(n)) * draw.random()), n)
    hits[::3] = (n - hits)[::3]
    values = np.concatenate([draw.normal(0, 1, 200), np.arange(-40, 40) / 16, np.arange(81) / 1600,
                             draw.lognormal(0, 9, 100), [0, 1, -1, 0.9999, 0.99999, 2e-5]])  # fmt: skip
    units = ("share", "points", "ratio", "score", "target", "count", "seconds")
    page = chromium.new_page()
    found = page.evaluate(
        "([source, hits, n, values, units]) => new Function('hits', 'n', 'values', 'units', source + "
        "'return [hits.map((k, i) => shareInterval(k / n[i], n[i])),"
        " units.map(unit => values.map(x => formatValue(x, unit)))]')(hits, n, values, units)",
        [head + source, hits.tolist(), n.tolist(), values.tolist(), list(units)],
    )
    page.close()
    low, high = compute_share_interval(hits / n, n)
    np.testing.assert_allclose(np.array(found[0]), np.stack([low, high], 1), rtol=1e-9, atol=1e-13)
    for unit, texts in zip(units, found[1], strict=True):
        assert texts == [format_value(float(value), unit) for value in values], unit
