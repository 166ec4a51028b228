"""The page that sets two runs side by side."""

from __future__ import annotations

import json
import shutil
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest

from audits.figures.changes import ChangeDot, draw_changes
from audits.figures.theme import MAX_POINTS
from audits.pipeline.run import run_audit
from audits.store.bundle import MANIFEST, REPORT, list_bundles, load_bundle
from dashboard.catalogue import say
from dashboard.state import RUNS_VARIABLE
from dashboard.viewmodels.compare import compare
from dashboard.viewmodels.run import RunData
from tests.figures.marks import count_points

pages = import_module("tests.dashboard.test_pages")


@pytest.fixture(scope="module")
def two(runs: Path, inputs: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the decisions twice, the later ones against the group with the rude name,
    the regression twice, and a damaged run."""
    root = tmp_path_factory.mktemp("compare")
    for name in ("decisions", "amounts", "damaged"):
        shutil.copytree(runs / name, root / name)
    data = pages_conftest().make_rows()
    which = (data[pages_conftest().MARKUP_ATTRIBUTE] == pages_conftest().MARKUP) & (
        data.index % 3 > 0
    )
    data["decided"] = np.where(which, "no", data["decided"])
    folder = tmp_path_factory.mktemp("later")
    data.to_csv(folder / "rows.csv", index=False)
    shutil.copy(inputs / "decisions.toml", folder / "later.toml")
    run_audit(folder / "later.toml", root / "later", device="cpu")
    return root


def pages_conftest():
    return import_module("tests.dashboard.conftest")


@pytest.fixture
def _two(two: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(RUNS_VARIABLE, str(two))


def open_compare(run: str, **params: str):
    return pages.open_page("compare", run, **params)


def test_the_view_model_says_what_the_numbers_say(
    two: Path, rude_names: tuple[str, str, str]
) -> None:
    before, after = (RunData(load_bundle(two / name)) for name in ("decisions", "later"))
    page = compare.make_page(before, after)
    assert "got worse" in page.headline
    # Single columns come before intersections, and the planted change is the surest.
    first = page.turns[0]
    # The group was selected most before, so that there was no verdict on it.
    assert (first.before, first.after) == (None, "fail")
    assert rude_names[0] in first.sentence and " & " not in first.sentence
    assert any(rude_names[0] in sentence for sentence in page.worsened.sentences)
    assert any("further from" in sentence for sentence in page.worsened.sentences)
    assert len(page.worsened.sentences) <= compare.LISTED
    assert page.chart is not None and count_points(page.chart.figure) < MAX_POINTS
    # Worse stands left of the line, whatever the sign of the number itself.
    drawn = next(trace for trace in page.chart.figure.data if trace.mode == "markers")
    worse = [x for x, shape in zip(drawn.x, drawn.marker.symbol, strict=True) if shape == "diamond"]
    assert worse and max(worse) < 0
    assert page.table[say("compare.column.outcome")].iloc[0] == say("compare.outcome.worsened")
    assert not page.table.isna().any().any()
    back = compare.make_page(after, before)
    assert any(turn.after == "pass" for turn in back.turns)


def test_defaults_and_candidates(two: Path) -> None:
    summaries = list_bundles(two)
    later = RunData(load_bundle(two / "later"))
    assert compare.find_default(summaries, later, "later") == "decisions"
    assert compare.list_candidates(summaries, later, "later") == ["decisions", "damaged"]
    first = RunData(load_bundle(two / "decisions"))
    assert compare.find_default(summaries, first, "decisions") is None


@pytest.mark.usefixtures("_two")
def test_the_page_shows_the_default_pair_and_its_address_opens_it_again() -> None:
    app = open_compare("later")
    assert not app.exception
    shown = pages.texts(app)
    assert any("got worse" in text for text in shown)
    assert app.selectbox(key="before").value == "decisions"
    again = open_compare("later", before="decisions")
    assert pages.texts(again) == shown
    charts = app.get("plotly_chart")
    assert len(charts) == 1 and "for the worse" in charts[0].proto.alt


@pytest.mark.usefixtures("_two")
def test_names_that_are_markup_stay_text(rude_names: tuple[str, str, str]) -> None:
    app = open_compare("later")
    assert any(rude_names[0] in text for text in pages.texts(app))
    for text in [item.value for item in app.markdown] + [item.label for item in app.selectbox]:
        assert not [name for name in rude_names if name in text]
    for spec in pages.specs(app):
        assert "<img" not in json.dumps([trace.get("y") for trace in spec["data"]])


@pytest.mark.usefixtures("_two")
def test_no_second_run_of_the_kind_says_what_to_do() -> None:
    app = open_compare("amounts")
    assert not app.exception
    # The damaged run may be of any kind, so it is offered; nothing is chosen by itself.
    assert app.selectbox(key="before").value is None
    assert say("compare.choose_title") in pages.texts(app)


def test_the_only_run_says_that_there_is_nothing_to_compare(
    two: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(two / "amounts", tmp_path / "amounts")
    monkeypatch.setenv(RUNS_VARIABLE, str(tmp_path))
    app = open_compare("amounts")
    assert not app.exception
    assert say("compare.none_title") in pages.texts(app)
    # A second one, of the same numbers under another report: nothing changed.
    again = tmp_path / "again"
    shutil.copytree(two / "amounts", again)
    report = json.loads((again / REPORT).read_text(encoding="utf-8"))
    report["run"]["created"] = "2020-01-01T00:00:00+00:00"
    (again / REPORT).write_text(json.dumps(report), encoding="utf-8")
    manifest = json.loads((again / MANIFEST).read_text(encoding="utf-8"))
    (again / MANIFEST).write_text(json.dumps(manifest | {REPORT: "other"}), encoding="utf-8")
    app = open_compare("amounts")
    assert not app.exception
    assert app.selectbox(key="before").value == "again"
    assert any("Nothing got better or worse" in text for text in pages.texts(app))


@pytest.mark.usefixtures("_two")
def test_a_damaged_run_and_one_of_another_kind_say_so() -> None:
    app = open_compare("later", before="damaged")
    assert not app.exception
    assert any("damaged" in text for text in pages.texts(app))
    for other in ("amounts", "../inputs"):
        app = open_compare("later", before=other)
        assert not app.exception
        assert any(f"The run {other} cannot be compared" in text for text in pages.texts(app))


def test_the_figure_turns_text_away_from_the_line() -> None:
    dots = [ChangeDot("<b>x</b>", -2.0, -3.0, -1.0, "−2.0", "worse"),
            ChangeDot("y", 1.0, -0.5, 2.5, "+1.0", "same")]  # fmt: skip
    chart = draw_changes(dots, title="t", axis="Points")
    text = next(trace for trace in chart.figure.data if trace.mode == "text")
    assert list(text.textposition) == ["middle left", "middle right"]
    assert list(text.x) == [-3.0, 2.5]
    assert "<b>" not in str(text.y)
    assert "for the worse" in chart.alt and "within noise" in chart.alt
    assert chart.figure.layout.xaxis.range[0] < -3.0
