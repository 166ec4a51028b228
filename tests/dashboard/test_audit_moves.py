"""New audit: what can people change? The guess is what the audit would do, corrections win."""

from __future__ import annotations

import time
import tomllib
from collections.abc import Callable
from pathlib import Path

import lightgbm
import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from audits.core.settings.read import load_spec
from audits.data.preview.preview import DataPreview, inspect_data
from audits.recourse.rules.defaults import resolve_recourse
from dashboard.catalogue import say
from dashboard.jobs import JobBoard
from dashboard.state import RUNS_VARIABLE
from dashboard.viewmodels.new_audit.audit_columns import guess_all, list_rows, make_draft
from dashboard.viewmodels.new_audit.audit_form import AuditForm, load_form, save_form
from dashboard.viewmodels.new_audit.audit_moves import (
    MoveRow,
    list_move_rows,
    read_moves,
    tabulate_moves,
)
from dashboard.viewmodels.new_audit.audit_problems import check_settings, find_wrongs
from dashboard.viewmodels.new_audit.model_fit import ModelFit, try_model
from dashboard.viewmodels.new_audit.new_audit import INPUTS, parse_spec

ROOT = Path(__file__).resolve().parents[2]
JOBS = ("job_clerk", "job_none", "job_nurse")
SEXES = ("sex_F", "sex_M")


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """People with their job and sex as dummies, and a model that reads all of it."""
    folder = tmp_path_factory.mktemp("moves")
    draw = np.random.default_rng(0)
    rows = pd.DataFrame(
        {
            "age": draw.integers(18, 70, 500),
            "income": draw.normal(50, 12, 500).round(1),
            "job": draw.choice(["clerk", "nurse", "none"], 500),
            "sex": draw.choice(["F", "M"], 500),
        }
    )
    repaid = np.where(rows["income"] + draw.normal(0, 5, 500) > 50, "yes", "no")
    features = pd.get_dummies(rows, columns=["job", "sex"], dtype=int)
    settings = {"objective": "binary", "num_leaves": 7, "verbose": -1, "num_threads": 1, "seed": 0}
    data = lightgbm.Dataset(features, (repaid == "yes").astype(int))
    lightgbm.train(settings, data, 10).save_model(folder / "model.txt")
    features.assign(sex=rows["sex"], repaid=repaid).to_csv(folder / "rows.csv", index=False)
    return folder


@pytest.fixture(scope="module")
def preview(files: Path) -> DataPreview:
    return inspect_data(files / "rows.csv")


@pytest.fixture(scope="module")
def fit(files: Path) -> ModelFit:
    return try_model(files / "model.txt", files / "rows.csv")


@pytest.fixture
def form(files: Path) -> AuditForm:
    return AuditForm(data=str(files / "rows.csv"), model=str(files / "model.txt"), missing=())


def draft_of(form: AuditForm, preview: DataPreview, fit: ModelFit):
    rows = list_rows(preview, guess_all(preview, fit.info, with_model=True), form)
    return make_draft(form, preview, rows, fit.info), rows


def test_the_table_shows_what_the_audit_does(form, preview, fit, files) -> None:
    draft, _ = draft_of(form, preview, fit)
    rows = list_move_rows(form, preview, fit, draft.protected)
    assert [(row.columns, row.move) for row in rows] == [
        (("age",), "increase_only"),
        (("income",), "mutable"),
        (JOBS, "mutable"),
        (SEXES, "immutable"),
    ]
    frame = pd.read_csv(files / "rows.csv")[list(fit.info.features)]
    section = resolve_recourse(parse_spec(draft).recourse, draft.protected, frame).section
    for row in rows:
        for name in row.columns:
            assert (name in section.immutable) == (row.move == "immutable")
            assert (name in section.increase_only) == (row.move == "increase_only")
    assert set(section.one_hot) == {row.columns for row in rows if len(row.columns) > 1}


def test_untouched_it_writes_nothing(form, preview, fit) -> None:
    draft, rows = draft_of(form, preview, fit)
    moves = list_move_rows(form, preview, fit, draft.protected)
    assert read_moves(form, tabulate_moves(moves), moves) == form
    assert draft.moves == ()
    assert parse_spec(draft).recourse.immutable == ()
    assert find_wrongs(draft, preview, rows, fit, form) == {}


def choose(table: pd.DataFrame, rows: list[MoveRow], column: str, move: str) -> None:
    place = next(place for place, row in enumerate(rows) if column in row.columns)
    table.loc[place, say("form.move")] = say(f"move.{move}")


def test_corrections_are_settings(form, preview, fit) -> None:
    draft, _ = draft_of(form, preview, fit)
    rows = list_move_rows(form, preview, fit, draft.protected)
    table = tabulate_moves(rows)
    for column, move in (("age", "mutable"), ("income", "decrease_only"),
                         ("job_clerk", "immutable"), ("sex_F", "mutable")):  # fmt: skip
        choose(table, rows, column, move)
    after = read_moves(form, table, rows)
    again = list_move_rows(after, preview, fit, draft.protected)
    pd.testing.assert_frame_equal(tabulate_moves(again), table)
    draft, columns = draft_of(after, preview, fit)
    section = parse_spec(draft).recourse
    assert set(section.mutable) == {"age", *SEXES}
    assert section.immutable == JOBS
    assert section.decrease_only == ("income",)
    assert check_settings(draft) == ""
    assert find_wrongs(draft, preview, columns, fit, after) == {}
    assert after.change(data="other.csv").moves == {}


def test_a_text_neither_rises_nor_falls(form, preview, fit) -> None:
    info = ModelFit(type(fit.info)("skops", "binary", fit.info.classes, ("income", "sex")))
    draft, rows = draft_of(form.change(moves={"sex": "increase_only"}), preview, info)
    assert "sex holds texts" in find_wrongs(draft, preview, rows, info, form)["moves"]


def test_corrections_are_kept_with_the_form(form, tmp_path) -> None:
    changed = form.change(moves={"income": "immutable"})
    save_form(tmp_path, changed)
    assert load_form(tmp_path) == changed


def settle(app: AppTest, holds: Callable[[AppTest], bool]) -> AppTest:
    deadline = time.monotonic() + 60
    while not holds(app):
        assert time.monotonic() < deadline, [item.value for item in app.text]
        time.sleep(0.2)
        app.run()
    assert not app.exception
    return app


def test_the_page_writes_what_was_chosen(
    files: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(RUNS_VARIABLE, str(tmp_path))
    board = JobBoard(at_once=0)  # it is queued, and never started
    monkeypatch.setattr("dashboard.state.shared_board", lambda: board)
    app = AppTest.from_file(str(ROOT / "dashboard" / "app.py"), default_timeout=60)
    app.run()
    app.switch_page("views/new_audit.py").run()
    app.text_input(key="data-path").set_value(str(files / "rows.csv")).run()
    settle(app, lambda app: bool(app.multiselect))
    assert say("form.moves") not in [item.label for item in app.expander]
    app.text_input(key="model-path").set_value(str(files / "model.txt")).run()
    settle(app, lambda app: say("form.moves") in [item.label for item in app.expander])
    key, base = app.session_state["moves-base"]
    assert base[say("form.move")].tolist() == [
        say("move.increase_only"), say("move.mutable"), say("move.mutable"), say("move.immutable"),
    ]  # fmt: skip
    app.session_state[key] = {
        "edited_rows": {2: {say("form.move"): say("move.immutable")}},
        "added_rows": [], "deleted_rows": [],
    }  # fmt: skip
    app.run()
    app.button(key="start-parts").click().run()
    assert not app.exception
    (written,) = tmp_path.glob(f"{INPUTS}/*/audit.toml")
    assert load_spec(written).recourse.immutable == JOBS
    assert tomllib.loads(written.read_text())["recourse"] == {"immutable": list(JOBS)}
