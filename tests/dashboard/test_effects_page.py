"""The parts of the explanations page on single columns and on rules."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from streamlit.testing.v1 import AppTest

from dashboard.catalogue import say
from dashboard.state import RUNS_VARIABLE
from dashboard.viewmodels.explanations import anchors, effects
from dashboard.viewmodels.run import RunData

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def _root(runs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(RUNS_VARIABLE, str(runs))


def open_part(part: str, run: str = "model") -> AppTest:
    app = AppTest.from_file(str(ROOT / "dashboard" / "app.py"), default_timeout=120)
    app.query_params["run"] = run
    app.run()
    app.switch_page("views/explanations.py").run()
    app.session_state["part"] = say(f"explanations.{part}")
    return app.run()


def texts(app: AppTest) -> list[str]:
    return [item.value for item in app.text]


def figures(app: AppTest) -> list[dict]:
    return [json.loads(chart.proto.spec) for chart in app.get("plotly_chart")]


def test_one_columns_effect_and_its_other_curve(run: RunData) -> None:
    app = open_part("effects")
    assert not app.exception
    first = effects.list_effect_features(run)[0]
    assert app.selectbox(key="feature").value == first
    curve, by_value, lost = figures(app)
    points = effects.load_points(run, first)
    line = next(t for t in curve["data"] if t.get("mode") == "lines+markers")
    assert line["customdata"] == points["n"].tolist()
    assert say("effects.dependence_means") in " ".join(texts(app))
    assert by_value["data"]
    assert lost["data"]
    app.session_state["curve"] = say("effects.accumulated")
    app.run()
    assert not app.exception
    assert say("effects.accumulated_means") in " ".join(texts(app))
    assert any("add up to" in text for text in texts(app))
    assert all(len(chart.proto.alt) > 20 for chart in app.get("plotly_chart"))


def test_another_column_and_another_loss(rude_names: tuple[str, str, str]) -> None:
    app = open_part("effects")
    app.selectbox(key="feature").set_value(rude_names[2]).run()
    assert not app.exception
    assert any(rude_names[2] in text for text in texts(app))
    for figure in figures(app):
        assert "<b>" not in json.dumps(figure)
    app.selectbox(key="loss").set_value("Fall in ROC AUC").run()
    assert not app.exception
    assert any("answers get worse most" in text for text in texts(app))


def test_rules_are_sentences_with_what_was_counted(run: RunData) -> None:
    pytest.importorskip("alibi")
    app = open_part("rules")
    assert not app.exception
    shown = texts(app)
    found = anchors.load_rules(run)
    assert len(found) == 4
    for rule in found:
        assert rule.rule in shown
        assert rule.rule.startswith(("If ", "No rule", "Nearly every"))
    assert any("other rows like that" in text for text in shown)
    assert any("Business Source License" in text for text in shown)


def test_no_model_has_neither() -> None:
    app = open_part("effects", "decisions")
    assert not app.exception
    assert not app.get("plotly_chart")
    assert any("without a model" in text for text in texts(app))


def test_a_regression_has_curves_and_says_why_there_are_no_rules() -> None:
    app = open_part("effects", "amounts")
    assert not app.exception
    assert figures(app)
    app = open_part("rules", "amounts")
    assert any("a number is none" in text for text in texts(app))


def test_the_figure_is_the_evidence(run: RunData) -> None:
    stored = pq.read_table(run.bundle.evidence_path(effects.FILE)).to_pandas()
    for feature in effects.list_effect_features(run):
        own = stored[stored["feature"] == feature]
        kinds = ["dependence", "accumulated"] if effects.has_accumulated(own) else ["dependence"]
        for kind in kinds:
            chart, table = effects.make_effect_chart(run, feature, kind)
            name = "pdp" if kind == "dependence" else "ale"
            drawn = next(t for t in chart.figure.data if t.mode in ("lines+markers", "markers"))
            np.testing.assert_allclose(drawn.y, own[name].dropna())
            assert len(table) == len(own)


def test_columns_are_listed_by_how_far_they_move(run: RunData) -> None:
    features = effects.list_effect_features(run)
    ranges = {
        item.slice: item.estimate.value for item in run.by_group("partial_dependence_range", None)
    }
    values = [ranges[f"feature={name}"] for name in features]
    assert values == sorted(values, reverse=True)
    assert len(features) == 4
