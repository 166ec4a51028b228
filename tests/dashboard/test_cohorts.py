"""Cohorts on the pages: chosen by address, form and chart; kept, saved, refused in words."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from streamlit.testing.v1 import AppTest

from audits.cohorts.rows import find_cohort_rows
from audits.core.cohort import Cohort
from audits.core.groups import JOIN
from audits.figures.picks import make_pickable
from audits.store.workspace import Workspace
from dashboard.catalogue import say
from dashboard.components.charts import find_pick
from dashboard.nav import REVIEW
from dashboard.state import RUNS_VARIABLE
from dashboard.viewmodels.cohorts import cohort_form, people, picks
from dashboard.viewmodels.cohorts.cohort_run import CohortRun, keep_rows, list_columns, open_cohort
from dashboard.viewmodels.cohorts.rows import Absent, RowSource, open_rows
from dashboard.viewmodels.counterfactuals import recourse
from dashboard.viewmodels.explanations import explanations
from dashboard.viewmodels.fairness import fairness, intersections
from dashboard.viewmodels.performance import performance
from dashboard.viewmodels.run import RunData

ROOT = Path(__file__).resolve().parents[2]
RUDE = "<img src=x> **B** :red[x] [a](http://evil.invalid)"


@pytest.fixture
def root(runs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The runs again, in a folder whose workspace is this test's own."""
    for run in ("model", "decisions", "amounts"):
        (tmp_path / run).symlink_to(runs / run, target_is_directory=True)
    monkeypatch.setenv(RUNS_VARIABLE, str(tmp_path))
    return tmp_path


@pytest.fixture(scope="module")
def source(run: RunData) -> RowSource:
    found = open_rows(run)
    assert isinstance(found, RowSource)
    return found


@pytest.fixture(scope="module")
def scored(run: RunData) -> pd.DataFrame:
    return pq.read_table(run.bundle.evidence_path("predictions.parquet")).to_pandas()


def open_page(page: str, run: str = "model", **params: str | list[str]) -> AppTest:
    app = AppTest.from_file(str(ROOT / "dashboard" / "app.py"), default_timeout=60)
    for name, value in {**params, "run": run}.items():
        app.query_params[name] = value
    app.run()
    return app if page == "overview" else app.switch_page(f"views/{page}.py").run()


def texts(app: AppTest) -> list[str]:
    return [item.value for item in app.text]


def narrow(run: RunData, source: RowSource, *conditions: str) -> CohortRun:
    found = open_cohort(run, conditions, source.find)
    assert isinstance(found, CohortRun)
    return found


def count(run: RunData, source: RowSource, *conditions: str) -> int:
    """How many rows meet the conditions, without a number measured."""
    path = run.bundle.evidence_path("predictions.parquet")
    return int(find_cohort_rows(path, list_columns(run), conditions, source.find).sum())


OTHERS = [(run, page) for run in ("decisions", "amounts") for page in ("performance", "fairness")]


@pytest.mark.parametrize(("run", "page"), [*(("model", page) for page in REVIEW), *OTHERS])
def test_every_page_shows_a_cohort(root: Path, inputs: Path, page: str, run: str) -> None:
    app = open_page(page, run, where=["sex = Female", "debt 15 and over"])
    assert not app.exception
    rows = pd.read_csv(inputs / "rows.csv")
    inside = int(((rows["sex"] == "Female") & (rows["debt"] >= 15)).sum())
    line = say("cohorts.line", rows=f"{inside}", total="900",
               conditions="sex = Female, debt 15 and over")  # fmt: skip
    wanted = say("cohorts.all_rows_page") if page in ("card", "data") else line
    assert wanted in texts(app)


def test_numbers_of_a_cohort_stand_on_its_page(root: Path, scored: pd.DataFrame) -> None:
    app = open_page("performance", where=["sex = Female"])
    part = scored[scored["sex"] == "Female"]
    accuracy = (part["y_true"] == part["y_pred"]).mean()
    assert f"{accuracy:.1%}" in texts(app)
    assert say("people.title") in [header.value for header in app.header]
    assert say("cohorts.all_rows") in texts(app)  # slices were searched on all rows


def test_saved_cohort_is_there_for_the_next_session(root: Path) -> None:
    app = open_page("fairness", where=["sex = Female"])
    app.text_input(key="save-name").set_value(RUDE).run()
    app.button(key="save").click().run()
    assert not app.exception
    assert Workspace(root).list_cohorts() == [Cohort(RUDE, ("sex = Female",))]
    assert app.query_params["cohort"] == RUDE
    assert not app.query_params.get("where")

    again = open_page("overview")
    assert say("cohorts.everybody") == again.selectbox(key="cohort-name").options[0]
    again.selectbox(key="cohort-name").select(RUDE).run()
    assert not again.exception
    assert any(RUDE in text and "Looking at" in text for text in texts(again))
    for item in again.markdown:
        assert RUDE not in item.value
    for button in again.button:
        assert RUDE not in button.label
    moved = again.switch_page("views/performance.py").run()
    assert moved.query_params["cohort"] == RUDE
    moved.button(key="remove").click().run()
    assert Workspace(root).list_cohorts() == []
    assert not any("Looking at" in text for text in texts(moved))


def test_name_that_is_taken_or_empty_is_said(root: Path) -> None:
    Workspace(root).save_cohort(Cohort("Women", ("sex = Female",)))
    app = open_page("fairness", where=["sex = Male"])
    app.text_input(key="save-name").set_value("Women").run()
    app.button(key="save").click().run()
    assert any("already" in text for text in texts(app))
    app.text_input(key="save-name").set_value("  ").run()
    app.button(key="save").click().run()
    assert any("is empty" in text for text in texts(app))
    assert Workspace(root).list_cohorts() == [Cohort("Women", ("sex = Female",))]


def test_cohort_of_another_process_is_offered_at_once(root: Path) -> None:
    app = open_page("overview")
    code = (
        "import sys; from pathlib import Path; from audits.core.cohort import Cohort\n"
        "from audits.store.workspace import Workspace\n"
        "Workspace(Path(sys.argv[1])).save_cohort(Cohort('Theirs', ('sex = Male',)))"
    )
    subprocess.run([sys.executable, "-c", code, str(root)], check=True, cwd=ROOT)
    app.run()
    assert "Theirs" in app.selectbox(key="cohort-name").options


def test_unknown_cohort_in_the_address_shows_everybody(root: Path) -> None:
    app = open_page("fairness", cohort="gone <b>")
    assert not app.exception
    assert say("cohorts.unknown", name="gone <b>") in texts(app)
    assert len(app.get("plotly_chart")) > 0


@pytest.mark.parametrize(
    ("where", "said"),
    [
        (["debt under -1000"], "no row meets"),
        (["nonsense"], "not understood"),
        (["the decision = perhaps"], "not understood"),
        ([f"debt under {n}" for n in range(30)], "more than 20"),
    ],
)
def test_rows_that_cannot_be_looked_at_are_said(root: Path, where: list[str], said: str) -> None:
    app = open_page("performance", where=where)
    assert not app.exception
    assert any(said in text for text in texts(app))
    assert not app.get("plotly_chart")
    app.button(key="show-everybody").click().run()
    assert not app.query_params.get("where")
    assert app.get("plotly_chart")


def test_few_rows_are_shown_without_exception(root: Path, inputs: Path) -> None:
    few = int((pd.read_csv(inputs / "rows.csv")["income"] < 20).sum())
    assert 1 <= few <= 5
    for page in ("overview", "performance", "fairness", "explanations", "counterfactuals"):
        app = open_page(page, where=["income under 20"])
        assert not app.exception, page
        assert any(f"Looking at {few} of 900 rows" in text for text in texts(app))


def test_conditions_are_taken_off_one_by_one(root: Path) -> None:
    app = open_page("fairness", where=["sex = Female", "debt 15 and over"])
    app.button(key="without-0").click().run()
    assert app.query_params["where"] == "debt 15 and over"
    app.button(key="show-everybody").click().run()
    assert not app.query_params.get("where")
    assert not any("Looking at" in text for text in texts(app))


def test_form_offers_columns_with_their_values(
    run: RunData, source: RowSource, rude_names: tuple[str, str, str]
) -> None:
    group, attribute, _ = rude_names
    fields = {field.name: field for field in cohort_form.list_fields(run, source)}
    assert list(fields)[:2] == list(run.attributes)
    assert {"the outcome", "the decision", "the score", "income", "repaid"} <= fields.keys()
    values = cohort_form.list_values(run, fields[attribute], source)
    words = cohort_form.say_value(run, fields[attribute], values[values.index(group)])
    rows = pd.read_csv(run.bundle.origin / "rows.csv")
    assert count(run, source, words) == (rows[attribute] == group).sum()
    assert cohort_form.list_values(run, fields["repaid"], source) == list(
        rows["repaid"].value_counts().index
    )
    assert cohort_form.say_range(fields["income"], 40, 50.5) == "income 40 to under 50.5"
    assert cohort_form.say_range(fields["income"], 50, 40) == ""
    part = narrow(run, source, cohort_form.say_range(fields["income"], 40, 50.5))
    assert part.cohort.rows == ((rows["income"] >= 40) & (rows["income"] < 50.5)).sum()
    without = cohort_form.list_fields(run, None)
    assert [field.name for field in without][:2] == list(run.attributes)
    assert "income" not in [field.name for field in without]


def click(chart, *labels: str) -> dict[str, str]:
    """What Streamlit hands over when a mark is clicked."""
    point = {"y": labels[0], "x": labels[1] if len(labels) > 1 else 0.5}
    assert labels in chart.picks
    return point


def test_every_mark_of_a_group_chart_leads_to_its_rows(run: RunData, source: RowSource) -> None:
    for grouping in run.groupings:
        marks = picks.pick_measured(run, "selection_rate", grouping)
        for chart in (
            fairness.make_group_chart(run, "selection_rate", grouping),
            performance.make_group_chart(run, "selection_rate", grouping),
        ):
            assert chart is not None
            items = picks.list_measured(run, "selection_rate", grouping)
            assert len(chart.picks) == len(items)
            for labels, place in chart.picks.items():
                conditions = find_pick(chart, marks, [click(chart, *labels)])
                sizes = run.by_group("count", grouping)
                wanted = next(x.value for x in sizes if x.group == items[place].group)
                assert count(run, source, *conditions) == wanted


def test_cells_of_heat_maps_lead_to_their_rows(run: RunData, source: RowSource) -> None:
    pair = run.pairs[0]
    chart = intersections.make_intersection_chart(run, "selection_rate", pair)
    assert chart is not None
    marks = picks.pick_crossed(run, pair)
    counts = {x.group: x.value for x in run.by_group("count", pair)}
    found = [
        count(run, source, *find_pick(chart, marks, [click(chart, *labels)]))
        for labels in chart.picks
    ]
    assert sorted(found) == sorted(counts.values())
    assert all(len(conditions) == 2 for conditions in marks)


@pytest.mark.parametrize("grouping", [None, "sex"])
def test_cells_of_the_confusion_matrix_lead_to_their_rows(
    run: RunData, source: RowSource, scored: pd.DataFrame, grouping: str | None
) -> None:
    group = "" if grouping is None else "Male"
    part = scored if grouping is None else scored[scored["sex"] == "Male"]
    chart = performance.make_confusion(run, grouping, group)
    marks = picks.pick_confusion(run, grouping, group)
    names = performance.list_classes(run)
    for true in (0, 1):
        for decided in (0, 1):
            conditions = find_pick(chart, marks, [click(chart, names[true], names[decided])])
            both = (part["y_true"] == true) & (part["y_pred"] == decided)
            assert count(run, source, *conditions) == both.sum()


def test_clicks_on_nothing_choose_nothing(run: RunData) -> None:
    chart = fairness.make_group_chart(run, "selection_rate", "sex")
    assert chart is not None
    assert find_pick(chart, [("a",), ("b",)], []) == ()
    assert find_pick(chart, [("a",), ("b",)], [{"x": 0.1, "y": "nobody"}]) == ()


def test_cells_get_marks_that_can_be_clicked(run: RunData) -> None:
    chart = performance.make_confusion(run, None, "")
    ready = make_pickable(chart)
    assert len(ready.figure.data) == len(chart.figure.data) + 1
    cover = ready.figure.data[-1]
    assert sorted(zip(cover.y, cover.x, strict=True)) == sorted(chart.picks)
    assert cover.hovertemplate == chart.figure.data[0].hovertemplate


def test_slices_lead_to_the_rows_that_they_count(run: RunData, source: RowSource) -> None:
    listed = picks.list_slice_conditions(run)
    counts = {
        item.slice: item.value
        for item in run.report.measurements
        if item.check == "performance.slices" and item.metric == "count"
    }
    assert counts
    for name, rows in counts.items():
        assert JOIN.join(listed[name]) == name
        assert count(run, source, *listed[name]) == rows


def test_what_moves_the_model_is_that_of_the_cohort(run: RunData, source: RowSource) -> None:
    part = narrow(run, source, "biased = 1")
    evidence = explanations.find_evidence(run)
    assert evidence is not None
    table = pq.read_table(run.bundle.evidence_path(evidence)).to_pandas()
    rows = pd.read_csv(run.bundle.origin / "rows.csv").set_index("id")
    mine = table[rows.loc[table["row"], "biased"].to_numpy() == 1]
    by_hand = mine["biased"].abs().mean()
    found = next(i for i in explanations.list_importance(part) if i.feature == "biased")
    assert found.value == pytest.approx(by_hand, rel=1e-6)
    ids = explanations.list_ids(part, evidence)
    assert ids == list(mine["row"])
    assert explanations.find_evidence(part) == evidence


def test_counterfactuals_are_those_of_the_cohort(run: RunData, source: RowSource) -> None:
    part = narrow(run, source, "sex = Female")
    everybody, mine = recourse.load_answers(run), recourse.load_answers(part)
    rows = pd.read_csv(run.bundle.origin / "rows.csv").set_index("id")
    assert mine.rows == [row for row in everybody.rows if rows.loc[row, "sex"] == "Female"]
    assert 0 < len(mine.rows) < len(everybody.rows)
    assert keep_rows(part, ["r0", "nobody"]) == (
        ["r0"] if rows.loc["r0", "sex"] == "Female" else []
    )


def test_people_are_listed_with_what_is_known_of_them(
    run: RunData, source: RowSource, scored: pd.DataFrame
) -> None:
    part = narrow(run, source, "sex = Female", "the decision = no")
    found = people.list_people(part, source)
    by_hand = scored[(scored["sex"] == "Female") & (scored["y_pred"] == 0)]
    assert list(found.rows) == list(by_hand["row"][: people.MAX_SHOWN])
    assert len(found.table) == people.MAX_SHOWN < len(by_hand)
    assert people.describe(part, people.MAX_SHOWN).startswith("The first 50 of")
    rows = pd.read_csv(run.bundle.origin / "rows.csv").set_index("id")
    shown = found.table.set_index(say("column.row"))
    assert float(shown.loc[found.rows[3], "debt"]) == rows.loc[found.rows[3], "debt"]
    assert set(shown[say("people.decision")]) == {"not yes"}
    searched = recourse.load_answers(run).rows
    assert people.find_ways(part, searched[0]) == {"explain", "change"}
    assert len(people.list_people(part, None).rows) == people.MAX_SHOWN


def test_group_conditions_need_no_data(run: RunData) -> None:
    def gone(conditions: object) -> np.ndarray:
        raise AssertionError(conditions)

    assert isinstance(open_cohort(run, ["sex = Female", "the score under 0.5"], gone), CohortRun)
    assert isinstance(open_cohort(run, ["the score under -1"], gone), Absent)
