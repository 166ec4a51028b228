"""Every page on real runs, through Streamlit's own test runner."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from streamlit.testing.v1 import AppTest

from dashboard.catalogue import say
from dashboard.nav import PAGES, REVIEW
from dashboard.state import RUNS_VARIABLE
from dashboard.viewmodels.cohorts import cohorts
from dashboard.viewmodels.run import RunData

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def _root(runs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(RUNS_VARIABLE, str(runs))


def open_page(page: str, run: str | None = "model", **params: str) -> AppTest:
    app = AppTest.from_file(str(ROOT / "dashboard" / "app.py"), default_timeout=60)
    for name, value in params.items():
        app.query_params[name] = value
    if run is not None:
        app.query_params["run"] = run
    app.run()
    return app if page == "overview" else app.switch_page(f"views/{page}.py").run()


def texts(app: AppTest) -> list[str]:
    return [item.value for item in app.text]


def _labels(trace: dict) -> list[str]:
    """Return the names that a trace draws as text."""
    axes = [trace[axis] for axis in ("x", "y") if isinstance(trace.get(axis), list)]
    found = [item for values in axes for item in values if isinstance(item, str)]
    return [*found, trace.get("name") or ""]


def specs(app: AppTest) -> list[dict]:
    return [json.loads(chart.proto.spec) for chart in app.get("plotly_chart")]


@pytest.mark.parametrize("run", ["model", "decisions", "amounts"])
@pytest.mark.parametrize("page", PAGES)
def test_page_shows_without_exception(page: str, run: str) -> None:
    app = open_page(page, run)
    assert not app.exception
    assert not app.error


@pytest.mark.parametrize("page", PAGES)
def test_page_without_any_run(page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(RUNS_VARIABLE, str(tmp_path))
    app = open_page(page, None)
    assert not app.exception
    if page not in ("new_audit", "catalogue"):  # these two need no run
        assert say("runs.none_title") in texts(app)


@pytest.mark.parametrize("page", (*REVIEW, "compare"))
@pytest.mark.parametrize("run", ["damaged", "gone", "../inputs", "."])
def test_run_that_cannot_be_opened_says_so(page: str, run: str) -> None:
    app = open_page(page, run)
    assert not app.exception
    assert say("problem.title") in texts(app)


def test_names_with_markup_are_never_markdown(rude_names: tuple[str, str, str]) -> None:
    for page in (*REVIEW, "compare"):
        app = open_page(page)
        shown = [item.value for item in app.markdown]
        labels = [item.label for kind in ("selectbox", "number_input") for item in app.get(kind)]
        for text in [*shown, *labels]:
            for name in rude_names:
                assert name not in text, page
        for spec in specs(app):
            drawn = [label for trace in spec["data"] for label in _labels(trace)]
            assert not [label for label in drawn if "<img" in label or "<b>" in label], page


def test_every_chart_has_words_for_those_who_cannot_see_it() -> None:
    for page in ("performance", "fairness", "interventions", "explanations", "counterfactuals"):
        charts = open_page(page).get("plotly_chart")
        assert charts
        for chart in charts:
            assert len(chart.proto.alt) > 20


def test_overview_lists_the_worst_first(run: RunData) -> None:
    app = open_page("overview")
    failed = next(v for v in run.report.verdicts if v.status == "fail")
    assert failed.reason in texts(app)
    passed = next(v for v in run.report.verdicts if v.status == "pass")
    folded = [text for table in app.dataframe for text in table.value.to_numpy().ravel()]
    assert passed.reason in folded


def test_moving_the_threshold_changes_the_numbers() -> None:
    app = open_page("fairness")
    before = texts(app)
    slider = app.slider(key="threshold")
    assert slider.value == 0.5
    slider.set_value(0.8).run()
    assert not app.exception
    changed = [text for text in texts(app) if text not in before]
    assert any("0.80" in text for text in changed)
    app.button(key="lab-reset").click().run()
    assert app.slider(key="threshold").value == 0.5


def test_fairness_shows_the_metric_that_the_address_names() -> None:
    app = open_page("fairness")
    app.selectbox(key="metric").set_value("True positive rate").run()
    assert not app.exception
    assert any("true positive rate" in text.lower() for text in texts(app))


def test_decisions_without_scores_have_no_threshold() -> None:
    assert say("lab.none") in texts(open_page("fairness", "decisions"))


def test_regression_says_that_no_range_was_sought() -> None:
    shown = texts(open_page("counterfactuals", "amounts"))
    assert any("which values to seek is not said" in text for text in shown)


def test_explanations_of_one_row_and_of_an_unknown_one() -> None:
    app = open_page("explanations")
    app.session_state["part"] = say("explanations.row")
    app.run()
    assert not app.exception
    trace = specs(app)[0]["data"][0]
    assert trace["type"] == "waterfall"
    app.selectbox(key="row").set_value("r1").run()
    assert any("r1" in text for text in texts(app))


def test_pairs_of_columns_stand_below_single_ones() -> None:
    app = open_page("explanations")
    assert not app.exception
    assert any("act together most" in text for text in texts(app))


def test_explanations_of_the_gap(run: RunData) -> None:
    app = open_page("explanations")
    app.session_state["part"] = say("explanations.gap")
    app.run()
    assert not app.exception
    # The planted bias is against the group with the rude name, by way of one column.
    assert any("biased makes" in text for text in texts(app))
    # A group that chance explains gets no column named.
    app.selectbox(key="gap-groups").select("sex").run()
    assert not app.exception
    assert any("no column is named" in text for text in texts(app))


def test_a_gap_of_means_has_shares_too() -> None:
    app = open_page("explanations", "amounts")
    app.session_state["part"] = say("explanations.gap")
    app.run()
    assert not app.exception
    assert len(specs(app)) == 1


def test_a_rejected_row_says_what_can_be_told(run: RunData) -> None:
    table = pq.read_table(run.bundle.evidence_path("reasons.parquet")).to_pandas()
    row = table[table["reason"] == "Other debts"].iloc[0]
    app = open_page("explanations")
    app.session_state["part"] = say("explanations.row")
    app.session_state["row"] = row["row"]
    app.run()
    assert not app.exception
    assert say("reasons.title") in texts(app)
    assert any(text.startswith(f"{row['rank'] + 1}. Other debts (") for text in texts(app))


def test_explanations_by_group(run: RunData, rude_names: tuple[str, str, str]) -> None:
    app = open_page("explanations")
    app.session_state["part"] = say("explanations.groups")
    app.run()
    assert not app.exception
    assert len(specs(app)[0]["data"]) == 2
    app.selectbox(key="groups").select(rude_names[1]).run()
    app.selectbox(key="measure").select(say("moves.mean_attribution")).run()
    assert not app.exception
    # The bias is planted in one column, against the second group.
    first = next(text for text in texts(app) if "pushes the scores of" in text)
    assert first.startswith("biased pushes the scores of ")
    assert "95% interval" in first
    app.selectbox(key="groups").select("sex").run()
    assert say("moves.none", attribute="sex") in texts(app)


def test_what_makes_the_model_err(run: RunData) -> None:
    app = open_page("explanations")
    app.session_state["part"] = say("explanations.errors")
    app.run()
    assert not app.exception
    assert any("makes predictions" in text for text in texts(app))
    assert say("errors.meaning") in texts(app)
    for words in (say("errors.wrong"), say("errors.group", attribute="sex", group="Female")):
        app.selectbox(key="error-rows").select(words).run()
        assert not app.exception
        assert len(specs(app)) == 1


def test_proxies_stand_with_the_attribute_that_they_give_away(
    run: RunData, rude_names: tuple[str, str, str]
) -> None:
    app = open_page("fairness")
    app.selectbox(key="groups").select(rude_names[1]).run()
    assert not app.exception
    told = [text for text in texts(app) if "important column and a proxy for" in text]
    assert len(told) == 1
    assert told[0].startswith("biased is the model's ")
    assert "in 10 of 10 pairs (AUC 1.000" in told[0]
    app.selectbox(key="groups").select("sex").run()
    assert say("proxies.none", attribute="sex") in texts(app)


def test_what_drives_a_slice_is_one_choice_away(run: RunData) -> None:
    app = open_page("performance")
    names = cohorts.list_slices(run)
    assert names
    app.selectbox(key="slice").select(names[0]).run()
    assert not app.exception
    assert any(
        text.startswith(f"{names[0]}: ") and "moves the score" in text for text in texts(app)
    )


def test_counterfactual_is_seen_and_the_row_edited(run: RunData) -> None:
    from dashboard.viewmodels.counterfactuals.recourse import load_answers

    row, answers = next(iter(load_answers(run).by_row.items()))
    app = open_page("counterfactuals")
    app.selectbox(key="row").set_value(row).run()
    assert not app.exception
    assert any(answers[0].changes[0].column in text for text in texts(app))
    assert any(say("whatif.no") in item.value for item in app.get("markdown"))
    app.session_state[f"start-{row}"] = 1
    app.run()
    assert not app.exception
    assert any(text.startswith("Favourable") for text in texts(app))


def test_runs_lists_damaged_ones_and_opens_another() -> None:
    app = open_page("runs")
    assert any("damaged" in text for text in texts(app))
    buttons = [b for b in app.button if b.key and b.key.startswith("open-")]
    assert len(buttons) == 3
