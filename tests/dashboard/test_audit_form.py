"""The form of a new audit: its view-models by themselves, then every wrong input on the page."""

from __future__ import annotations

import io
import os
import pickle
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from audits.core.settings.read import load_spec
from audits.data.preview.preview import DataPreview, inspect_data
from audits.models import ModelInfo
from dashboard.catalogue import say
from dashboard.jobs import JobBoard
from dashboard.state import RUNS_VARIABLE
from dashboard.viewmodels.new_audit.audit_columns import (
    choose_task,
    guess_all,
    list_rows,
    make_draft,
    needs_class_names,
    read_corrections,
    tabulate_rows,
)
from dashboard.viewmodels.new_audit.audit_form import (
    AuditForm,
    find_form_folder,
    load_form,
    make_form_id,
    remove_old_forms,
    save_form,
)
from dashboard.viewmodels.new_audit.audit_problems import check_settings, find_gaps, find_wrongs
from dashboard.viewmodels.new_audit.model_fit import (
    Declared,
    ModelFit,
    describe_model,
    find_absent_problem,
    find_fit_problem,
    try_model,
)
from dashboard.viewmodels.new_audit.new_audit import INPUTS

ROOT = Path(__file__).resolve().parents[2]
INFO = ModelInfo("lightgbm", "binary", ("0", "1"), ("income", "debt"))


@pytest.fixture(scope="module")
def preview(inputs: Path) -> DataPreview:
    return inspect_data(inputs / "rows.csv")


@pytest.fixture
def form(inputs: Path) -> AuditForm:
    return AuditForm(data=str(inputs / "rows.csv"), model=str(inputs / "model.txt"), missing=())


def draft_of(form: AuditForm, preview: DataPreview, info: ModelInfo | None = INFO):
    rows = list_rows(preview, guess_all(preview, info, with_model=form.with_model), form)
    return make_draft(form, preview, rows, info), rows


def test_guesses_alone_make_an_audit(form: AuditForm, preview: DataPreview) -> None:
    draft, rows = draft_of(form, preview)
    assert (draft.target, draft.positive, draft.task) == ("repaid", "yes", "binary")
    assert (draft.protected, draft.id) == (("sex",), "id")
    assert draft.name == "model on rows"
    assert draft.classes == ()  # the file only numbers them: known outcomes tell, nobody guesses
    assert find_gaps(draft, with_model=True) == {}
    assert find_wrongs(draft, preview, rows, ModelFit(INFO), form) == {}
    assert check_settings(draft) == ""


def test_corrections_are_kept_and_guesses_are_not(form: AuditForm, preview: DataPreview) -> None:
    guess = guess_all(preview, INFO, with_model=True)
    table = tabulate_rows(list_rows(preview, guess, form))
    assert read_corrections(form, table, preview, guess) == form
    role, cuts = say("form.role"), say("form.cuts")
    table.loc[table[say("form.column")] == "sex", role] = say("role.none")
    table.loc[table[say("form.column")] == "income", [role, cuts]] = [say("role.protected"), "50"]
    after = read_corrections(form, table, preview, guess)
    assert after.roles == {"sex": "none", "income": "protected"}
    assert after.edges == {"income": "50"}
    draft, _ = draft_of(after, preview)
    assert (draft.protected, draft.edges) == (("income",), (("income", (50.0,)),))
    again = tabulate_rows(list_rows(preview, guess, after))
    pd.testing.assert_frame_equal(again, table)


@pytest.mark.parametrize(
    ("changes", "field", "word"),
    [
        (
            {"roles": {"repaid": "none", "sex": "target", "decided": "target"}},
            "columns",
            "One column",
        ),
        ({"roles": {"sex": "weight"}}, "columns", "holds texts"),
        ({"roles": {"debt": "protected"}, "edges": {"debt": "young"}}, "columns", "such as 25, 60"),
        ({"edges": {"sex": "3"}}, "columns", "cannot be cut"),
        ({"roles": {"repaid": "none", "income": "target"}, "task": "binary"}, "task", "A number"),
        (
            {"roles": {"repaid": "none", "sex": "target"}, "task": "regression"},
            "task",
            "not hold numbers",
        ),
        ({"task": "multiclass"}, "model", "another kind"),
        (
            {"roles": {"repaid": "none", "debt": "target"}, "task": "regression"},
            "model",
            "another kind",
        ),
    ],
)
def test_what_is_wrong_is_said_at_its_field(
    form: AuditForm, preview: DataPreview, changes: dict, field: str, word: str
) -> None:
    changed = form.change(**changes)
    draft, rows = draft_of(changed, preview)
    assert word in find_wrongs(draft, preview, rows, ModelFit(INFO), changed)[field]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"model": ""}, "model"),
        ({"name": " "}, "name"),
        ({"roles": {"repaid": "none", "decided": "none"}, "positive": None}, "positive"),
        ({"with_model": False, "roles": {"decided": "none"}}, "columns"),
    ],
)
def test_what_is_missing_is_said_at_its_field(
    form: AuditForm, preview: DataPreview, changes: dict, field: str
) -> None:
    info = ModelInfo(
        "lightgbm", "binary", ("0", "1"), preview.names
    )  # nothing is left for a target
    draft, _ = draft_of(form.change(**changes), preview, info if field == "positive" else INFO)
    if field == "positive":
        assert "columns" in find_gaps(draft, with_model=True)
    else:
        assert field in find_gaps(draft, with_model=form.change(**changes).with_model)


def test_an_unclear_favourable_value_has_to_be_chosen(
    form: AuditForm, preview: DataPreview
) -> None:
    unclear = form.change(roles={"repaid": "none", "sex": "target"})
    draft, _ = draft_of(unclear, preview)
    assert draft.positive is None
    assert "positive" in find_gaps(draft, with_model=True)
    draft, _ = draft_of(unclear.change(positive="Female"), preview)
    assert draft.positive == "Female"


def test_which_class_is_which_can_be_said(form: AuditForm, preview: DataPreview) -> None:
    assert needs_class_names(INFO, ("no", "yes"))
    assert not needs_class_names(INFO, (0, 1))
    draft, _ = draft_of(form.change(stands_for="no"), preview)
    assert draft.classes == ("yes", "no")


def test_the_models_kind_comes_before_the_outcomes(form: AuditForm, preview: DataPreview) -> None:
    number = ModelInfo("skops", "regression", (), ("income",))
    assert choose_task(form, preview, "repaid", None) == "binary"
    assert choose_task(form, preview, "repaid", number) == "regression"
    assert choose_task(form.change(task="multiclass"), preview, "repaid", number) == "multiclass"


def test_features_that_the_data_lacks_are_named(preview: DataPreview) -> None:
    info = ModelInfo("lightgbm", "binary", ("0", "1"), ("income", "detb", "gone"))
    problem = find_absent_problem(ModelFit(info), preview)
    assert problem.startswith("2 of the model's 3 features are not in the data: 'detb', 'gone'")
    assert "did you mean 'debt'" in problem
    assert "2 of its features are not" in describe_model(info, preview)
    reads_target = ModelInfo("lightgbm", "binary", ("0", "1"), ("income", "repaid"))
    assert "marked as the true outcome" in find_fit_problem(
        ModelFit(reads_target), "repaid", "binary"
    )


def test_a_model_is_tried_on_the_datas_rows(inputs: Path, tmp_path: Path) -> None:
    fit = try_model(inputs / "model.txt", inputs / "rows.csv")
    assert (fit.info.format, fit.info.task, fit.problem) == ("lightgbm", "binary", "")
    rows = pd.read_csv(inputs / "rows.csv").astype({"debt": str})
    rows.loc[3, "debt"] = "none"
    rows.to_csv(tmp_path / "rows.csv", index=False)
    problem = try_model(inputs / "model.txt", tmp_path / "rows.csv").problem
    assert "'debt' holds the text 'none'" in problem
    declared = Declared(missing=("none",))
    assert try_model(inputs / "model.txt", tmp_path / "rows.csv", declared).problem == ""


def test_a_form_is_kept_and_read_back(tmp_path: Path, form: AuditForm) -> None:
    folder = find_form_folder(tmp_path, make_form_id())
    assert folder is not None
    assert load_form(folder) == AuditForm()
    full = form.change(roles={"a": "id"}, edges={"b": "3"}, missing=("?",), asked=True, name='"x"')
    save_form(folder, full)
    assert load_form(folder) == full
    (folder / "form.json").write_text('{"roles": 3', encoding="utf-8")
    assert load_form(folder) == AuditForm()


@pytest.mark.parametrize(
    "number", ["", "..", "../../etc", "x" * 16, "0" * 15, "0" * 17, "0" * 16 + "/"]
)
def test_a_forms_name_is_no_path(tmp_path: Path, number: str) -> None:
    assert find_form_folder(tmp_path, number) is None


def test_another_file_starts_with_its_own_guesses(form: AuditForm) -> None:
    corrected = form.change(roles={"sex": "none"}, positive="no", preset="equalized-odds")
    assert corrected.change(data=form.data) == corrected
    other = corrected.change(data="/other.csv")
    assert (other.roles, other.positive, other.missing) == ({}, None, None)
    assert (other.model, other.preset) == (form.model, "equalized-odds")


def test_old_forms_go_unless_a_run_reads_their_files(tmp_path: Path) -> None:
    folders = [find_form_folder(tmp_path, f"{n:016x}") for n in range(3)]
    for folder in folders:
        assert folder is not None
        save_form(folder, AuditForm())
        if folder != folders[2]:
            long_ago = time.time() - 30 * 24 * 3600
            os.utime(folder / "form.json", (long_ago, long_ago))
    run = tmp_path / "run"
    run.mkdir()
    (run / "audit.toml").write_text(f'[data]\npath = "{folders[1]}/data/rows.csv"\n')
    remove_old_forms(tmp_path)
    assert [folder is not None and folder.is_dir() for folder in folders] == [False, True, True]


# The page


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    runs = tmp_path / "runs"
    runs.mkdir()
    monkeypatch.setenv(RUNS_VARIABLE, str(runs))
    return runs


def open_form(**params: str) -> AppTest:
    app = AppTest.from_file(str(ROOT / "dashboard" / "app.py"), default_timeout=60)
    for name, value in params.items():
        app.query_params[name] = value
    app.run()
    return app.switch_page("views/new_audit.py").run()


def settle(app: AppTest, holds: Callable[[AppTest], bool], timeout_s: float = 60) -> AppTest:
    """Run the page again until what is looked up in the background is there."""
    deadline = time.monotonic() + timeout_s
    while not holds(app):
        assert time.monotonic() < deadline, [item.value for item in app.text]
        time.sleep(0.2)
        app.run()
    assert not app.exception
    return app


def enter(app: AppTest, key: str, value: object, holds: Callable[[AppTest], bool]) -> AppTest:
    app.text_input(key=key).set_value(str(value)).run()
    return settle(app, holds)


def texts(app: AppTest) -> str:
    return "\n".join(item.value for item in app.text)


def errors(app: AppTest) -> str:
    return "\n".join(item.value.replace("\\", "").replace("\u2060", "") for item in app.error)


def with_data(inputs: Path) -> AppTest:
    return enter(open_form(), "data-path", inputs / "rows.csv", lambda app: bool(app.multiselect))


def address(app: AppTest, name: str) -> str:
    """Return a part of the address: the test runner hands lists out, or texts."""
    found = app.query_params[name]
    return found if isinstance(found, str) else found[0]


def start(app: AppTest) -> AppTest:
    return app.button(key="start-parts").click().run()


def test_a_path_that_leads_nowhere_and_a_file_that_is_no_data(root: Path, inputs: Path) -> None:
    app = enter(open_form(), "data-path", inputs / "absent.csv", lambda app: bool(app.error))
    assert "no such file" in errors(app)
    assert app.text_input(key="data-path").value == str(inputs / "absent.csv")
    (inputs / "notes.md").write_text("no table")
    app = enter(app, "data-path", inputs / "notes.md", lambda app: "endings" in errors(app))
    assert app.text_input(key="data-path").value == str(inputs / "notes.md")


def test_start_says_what_is_missing_and_loses_nothing(root: Path, inputs: Path) -> None:
    app = with_data(inputs)
    assert "CSV, 900 rows, 10 columns." in texts(app)
    assert not app.error
    app = start(app)
    assert say("form.need_model") in errors(app)
    assert say("form.not_yet") in texts(app)
    assert list(root.glob(f"{INPUTS}/*/audit.toml")) == []
    assert app.text_input(key="data-path").value == str(inputs / "rows.csv")


def test_models_that_cannot_be_used_say_why(root: Path, inputs: Path, tmp_path: Path) -> None:
    app = with_data(inputs)
    (tmp_path / "m.joblib").write_bytes(pickle.dumps({}))
    app = enter(app, "model-path", tmp_path / "m.joblib", lambda app: bool(app.error))
    assert "runs whatever code" in errors(app)
    assert "assay convert m.joblib" in errors(app)
    broken = tmp_path / "broken.txt"
    broken.write_text((inputs / "model.txt").read_text()[:900])
    app = enter(app, "model-path", broken, lambda app: "broken.txt" in errors(app))
    other = tmp_path / "other.txt"
    other.write_text((inputs / "model.txt").read_text().replace("income debt", "salary debt"))
    app = enter(app, "model-path", other, lambda app: "'salary'" in errors(app))
    assert "1 of the model's 4 features are not in the data" in errors(app)
    assert "Say below which columns they are" in errors(app)


def test_a_whole_form_starts_what_it_says(
    root: Path, inputs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    board = JobBoard(at_once=0)  # it is queued, and never started
    monkeypatch.setattr("dashboard.state.shared_board", lambda: board)
    app = with_data(inputs)
    app = enter(
        app, "model-path", inputs / "model.txt", lambda app: say("form.model_all") in texts(app)
    )
    assert "LightGBM text file: yes or no, 4 features" in texts(app)
    assert say("form.model_all") in texts(app)
    key = app.session_state["columns-base"][0][0]
    number = [row.name for row in list_rows(inspect_data(inputs / "rows.csv"), {}, AuditForm())]
    app.session_state[key] = {
        "edited_rows": {
            number.index("debt"): {say("form.role"): say("role.protected"), say("form.cuts"): "15, 25"}
        },
        "added_rows": [], "deleted_rows": [],
    }  # fmt: skip
    app.run()
    assert "groups by debt, sex" in texts(app)
    app = start(app)
    assert not app.exception
    written = list(root.glob(f"{INPUTS}/*/audit.toml"))
    assert len(written) == 1
    spec = load_spec(written[0])
    assert (spec.data.target, spec.data.positive, spec.data.id) == ("repaid", "yes", "id")
    assert set(spec.data.protected) == {"sex", "debt"}
    assert spec.data.edges == {"debt": (15.0, 25.0)}
    assert spec.model is not None
    assert spec.model.classes == ()  # rows with known outcomes tell when it runs
    (waiting,) = board.list_open()
    assert address(app, "job") == waiting[0]
    app.button(key="cancel").click().run()
    app.run()
    assert say("job.cancelled") in texts(app)
    app.button(key="again").click().run()
    settle(app, lambda app: bool(app.multiselect))
    assert app.text_input(key="model-path").value == str(inputs / "model.txt")


def test_leaving_the_page_or_loading_it_again_loses_nothing(root: Path, inputs: Path) -> None:
    app = with_data(inputs)
    app.segmented_control(key="subject").set_value("with_decisions").run()
    app = settle(app, lambda app: any(k.key.startswith("positive-") for k in app.selectbox))
    name = next(item for item in app.text_input if str(item.key).startswith("audit-name"))
    name.set_value("My own name").run()
    app.switch_page("views/runs.py").run()
    app.switch_page("views/new_audit.py").run()
    again = open_form(form=address(app, "form"))
    for one in (app, again):
        settle(one, lambda app: bool(app.multiselect))
        assert one.text_input(key="data-path").value == str(inputs / "rows.csv")
        assert one.segmented_control(key="subject").value == "with_decisions"
        assert "My own name" in [item.value for item in one.text_input]


def test_an_upload_lies_on_the_disk_and_can_be_taken_back(root: Path, inputs: Path) -> None:
    app = open_form()
    content = (inputs / "rows.csv").read_bytes()
    app.file_uploader[0].set_value(
        ("my rows.csv", io.BytesIO(content).getvalue(), "text/csv")
    ).run()
    app = settle(app, lambda app: bool(app.multiselect))
    (saved,) = root.glob(f"{INPUTS}/form-*/data/my rows.csv")
    assert saved.read_bytes() == content
    assert any("my rows.csv, uploaded" in item.value for item in app.text)
    app.button(key="data-remove").click().run()
    assert app.text_input(key="data-path").value == ""


def test_unknown_jobs_are_explained_and_finished_ones_found(root: Path, runs: Path) -> None:
    app = open_form(job="nothing-20260101-000000")
    assert not app.exception
    assert say("job.unknown_title") in texts(app)
    shutil.copytree(runs / "decisions", root / "decisions")
    app = open_form(job="decisions")
    assert say("job.finished_before") in texts(app)
