"""New audit, from a refusal to an audit that starts: whatever the settings can declare of files,
values, models and decisions can be declared in the form, where it is asked for."""

from __future__ import annotations

import time
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from audits.core.settings.read import load_spec
from audits.core.settings.spec import AuditSpec
from audits.data.files.source import connect
from audits.data.opening import open_table
from audits.data.sql import MARK, quote
from audits.data.table import ROWS_VIEW
from audits.meaning import try_meaning
from dashboard.catalogue import say
from dashboard.jobs import JobBoard
from dashboard.state import RUNS_VARIABLE
from dashboard.viewmodels.new_audit.audit_form import (
    AuditForm,
    find_form_folder,
    load_form,
    make_form_id,
    save_form,
)
from dashboard.viewmodels.new_audit.new_audit import INPUTS

ROOT = Path(__file__).resolve().parents[2]
CASES = ROOT.parent / "shared" / "cases" / "data"
FEATURES = ["age", "income", "amount"]


class Page:
    """The page of one form, whose audits are queued and never run."""

    def __init__(self, root: Path, form: AuditForm) -> None:
        self.root, number = root, make_form_id()
        folder = find_form_folder(root, number)
        assert folder is not None
        self.folder = folder
        save_form(folder, form)
        self.app = AppTest.from_file(str(ROOT / "dashboard" / "app.py"), default_timeout=60)
        self.app.query_params["form"] = number
        self.app.run()
        self.app.switch_page("views/new_audit.py").run()

    @property
    def form(self) -> AuditForm:
        return load_form(self.folder)

    @property
    def errors(self) -> str:
        return "\n".join(
            one.value.replace("\\", "").replace("\u2060", "") for one in self.app.error
        )

    @property
    def texts(self) -> str:
        return "\n".join(one.value for one in self.app.text)

    def wait(self, holds: Callable[[Page], bool]) -> None:
        """Run the page again until what is tried in the background is there."""
        deadline = time.monotonic() + 60
        while not holds(self):
            assert time.monotonic() < deadline, (self.texts, self.errors)
            time.sleep(0.2)
            self.app.run()
        assert not self.app.exception

    def field(self, key: str, kind: str = "selectbox") -> Any:
        """Return the only field whose key begins so."""
        (found,) = [one for one in getattr(self.app, kind) if str(one.key).startswith(key)]
        return found

    def has(self, key: str, kind: str = "selectbox") -> bool:
        return any(str(one.key).startswith(key) for one in getattr(self.app, kind))

    def is_folded(self, key: str, kind: str = "selectbox") -> bool:
        """Whether a field stands in the folded section."""
        (fold,) = [one for one in self.app.expander if one.label == say("form.reading")]
        return any(str(one.key).startswith(key) for one in getattr(fold, kind))

    def start(self) -> AuditSpec:
        """Start the audit; return the settings that it would run with."""
        self.wait(lambda page: not page.app.error)
        self.app.button(key="start-parts").click().run()
        assert not self.app.exception
        assert not self.app.error, self.errors
        (written,) = self.root.glob(f"{INPUTS}/*/audit.toml")
        return load_spec(written)


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    runs = tmp_path / "runs"
    runs.mkdir()
    monkeypatch.setenv(RUNS_VARIABLE, str(runs))
    board = JobBoard(at_once=0)
    monkeypatch.setattr("dashboard.state.shared_board", lambda: board)
    return runs


def make_rows(n: int = 600) -> pd.DataFrame:
    draw = np.random.default_rng(3)
    rows = pd.DataFrame(
        {
            "age": draw.integers(19, 75, n),
            "income": np.round(np.exp(draw.normal(8, 0.4, n))),
            "amount": np.round(draw.uniform(500, 20_000, n), -2),
            "sex": draw.choice(["F", "M"], n),
        }
    )
    logit = 2.5 * (np.log(rows["income"]) - 8) - 0.0001 * (rows["amount"] - 10_000)
    return rows.assign(repaid=np.where(draw.random(n) < 1 / (1 + np.exp(-logit)), "yes", "no"))


def find_case(name: str) -> str:
    path = CASES / name / "data.csv"
    if not path.is_file():
        pytest.skip("the shared cases lie beside the repository only where it is developed")
    return str(path)


def count_outcomes(spec: AuditSpec, column: str) -> dict[int | None, int]:
    """Return how many rows the audit reads as favourable, unfavourable and unknown."""
    with connect() as connection:
        open_table(connection, spec, Path())
        rows = connection.execute(
            f"SELECT {quote(MARK + column)}, count(*) FROM {ROWS_VIEW} GROUP BY 1"
        ).fetchall()
    return dict(rows)


# The values of an outcome

OUTCOMES = {"repaid": "target", "decision": "label", "score": "none", "risk_score": "none"}


@pytest.mark.parametrize(
    ("meaning", "expected"),
    [
        ("missing", {1: 294, 0: 247, None: 59}),
        ("drop", {1: 294, 0: 247}),
        ("negative", {1: 294, 0: 306}),
    ],
)
def test_a_third_value_of_the_target(root: Path, meaning: str, expected: dict) -> None:
    data = find_case("33_target_unknown")
    page = Page(root, AuditForm(data=data, with_model=False, roles=OUTCOMES))
    page.wait(lambda page: page.has("value-target"))
    assert "“Yes” (294), “No” (247), “Unknown” (59)" in page.texts
    assert page.errors == say("form.values_unsaid", values="“Unknown”")
    fields = {one.label.split(":")[0].strip("“”\\"): one for one in page.app.selectbox
              if str(one.key).startswith("value-target")}  # fmt: skip
    assert {name: one.value for name, one in fields.items()} == {
        "Yes": "positive", "No": "negative", "Unknown": None,
    }  # fmt: skip
    fields["Unknown"].set_value(meaning).run()
    spec = page.start()
    assert count_outcomes(spec, "y_true") == expected
    assert (spec.data.positive, spec.data.negative[0]) == ("Yes", "No")


def test_spellings_of_the_target(root: Path) -> None:
    data = find_case("30_target_trailing_space")
    page = Page(root, AuditForm(data=data, with_model=False, roles=OUTCOMES))
    page.wait(lambda page: page.has("value-target"))
    assert "“Yes”, “Yes ” differ only by case, blanks or a final dot." in page.texts
    assert say("form.values_unsaid", values="“No ”, “Yes ”") in page.errors
    for name in ("Yes ", "No "):
        field = next(one for one in page.app.selectbox if str(one.key).endswith(f"-{name}"))
        # the value that it is written like comes first among the others
        assert field.options[4] == say("form.means_spelled", value=name.strip())
        field.set_value(f"spelled:{name.strip()}").run()
    spec = page.start()
    assert spec.data.spellings == {"repaid": {"No": ("No ",), "Yes": ("Yes ",)}}
    assert count_outcomes(spec, "y_true") == {1: 323, 0: 277}


# Decisions


def test_decisions_that_are_coded_the_other_way(root: Path) -> None:
    data = find_case("37_positive_No_label_1_is_recid")
    roles = {"recid": "target", "pred": "label", "repaid": "none", "decision": "none"}
    form = AuditForm(data=data, with_model=False, positive="No", roles=roles | {"score": "none"})
    page = Page(root, form)
    page.wait(lambda page: "which decision is favourable is not plain" in page.errors)
    assert "read as '0' they agree with the outcome 'No' on 63.0% of 600 rows" in page.errors
    assert not page.is_folded("decision-")
    page.app.button(key="start-parts").click().run()  # the audit would refuse it too
    page.wait(lambda page: "is not plain" in page.errors)
    assert list(root.glob(f"{INPUTS}/*/audit.toml")) == []
    page.field("decision-").set_value("0").run()
    page.wait(lambda page: "63.0% of 600 rows with a known outcome" in page.texts)
    assert "“0” is read as the favourable decision of pred" in page.texts
    spec = page.start()
    assert spec.predictions is not None
    assert spec.predictions.positive == 0
    assert count_outcomes(spec, "y_pred") == {1: 335, 0: 265}


def test_a_third_decision(root: Path) -> None:
    data = find_case("39h_label_third_value")
    page = Page(root, AuditForm(data=data, with_model=False, positive="Yes", roles=OUTCOMES))
    page.wait(lambda page: page.has("value-label"))
    assert "Say what these mean: “Refer”." in page.errors
    field = next(one for one in page.app.selectbox if str(one.key).endswith("-Refer"))
    assert say("form.means_missing") not in field.options  # every row needs a decision
    field.set_value("drop").run()
    spec = page.start()
    assert spec.predictions is not None
    assert (spec.predictions.positive, spec.predictions.drop) == ("Yes", ("Refer",))
    assert count_outcomes(spec, "y_pred") == {1: 298, 0: 243}


def test_scores_of_which_low_ones_are_favourable(root: Path, tmp_path: Path) -> None:
    rows = make_rows()
    points = np.where(rows["repaid"] == "yes", 400, 600) + 13 * (rows.index % 20)
    rows.assign(points=points).drop(columns=FEATURES).to_csv(tmp_path / "d.csv", index=False)
    roles = {"points": "score", "repaid": "target"}
    page = Page(root, AuditForm(data=str(tmp_path / "d.csv"), with_model=False, roles=roles))
    page.wait(lambda page: "beyond 0 and 1" in page.errors)
    assert page.is_folded("direction-")
    assert not page.is_folded("cut-", "number_input")
    page.field("cut-", "number_input").set_value(620.0).run()
    page.wait(lambda page: "surely rank people with the favourable outcome lower" in page.errors)
    assert not page.is_folded("direction-")
    page.field("direction-").set_value("lower").run()
    page.wait(lambda page: "Scores 'points' go from" in page.texts)
    spec = page.start()
    assert spec.predictions is not None
    assert (spec.predictions.threshold, spec.predictions.direction) == (620.0, "lower")
    with connect() as connection:
        table = open_table(connection, spec, Path())
    assert table.scale is not None
    assert table.scale.falling


# Models


def write_network(path: Path) -> None:
    """A network that answers log-odds for one matrix of three columns."""
    onnx = pytest.importorskip("onnx")
    make, kind = onnx.helper, onnx.TensorProto.FLOAT
    graph = make.make_graph(
        [make.make_node("MatMul", ["x", "w"], ["z"]), make.make_node("Add", ["z", "b"], ["y"])],
        "net",
        [make.make_tensor_value_info("x", kind, ["n", 3])],
        [make.make_tensor_value_info("y", kind, ["n", 1])],
        [make.make_tensor("w", kind, [3, 1], [0.0, 0.002, -0.0001]),
         make.make_tensor("b", kind, [1], [-5.0])],
    )  # fmt: skip
    opsets = [make.make_opsetid("", 17)]
    onnx.save(make.make_model(graph, opset_imports=opsets, ir_version=9), path)


def fill_features(page: Page, columns: dict[str, str]) -> None:
    """Choose columns in the table of the model's inputs."""
    key, base = page.app.session_state["features-base"]
    inputs = base[say("form.input")].tolist()
    edits = {inputs.index(name): {say("form.column"): to} for name, to in columns.items()}
    page.app.session_state[key] = {"edited_rows": edits, "added_rows": [], "deleted_rows": []}
    page.app.run()


def test_a_network_that_answers_log_odds(root: Path, tmp_path: Path) -> None:
    rows = make_rows()
    rows.to_csv(tmp_path / "d.csv", index=False)
    write_network(tmp_path / "net.onnx")
    form = AuditForm(data=str(tmp_path / "d.csv"), model=str(tmp_path / "net.onnx"))
    page = Page(root, form)
    page.wait(lambda page: "3 of the model's 3 features are not in the data" in page.errors)
    page.app.button(key="features-fill").click().run()
    page.wait(lambda page: page.has("output-"))
    assert page.form.features == dict(zip(("f0", "f1", "f2"), FEATURES, strict=True))
    assert "It is no probability." in page.errors
    assert not page.is_folded("output-")
    page.field("output-").set_value("probability").run()
    page.wait(lambda page: "which is no probability" in page.errors)
    page.field("output-").set_value("logit").run()
    page.wait(lambda page: "Output 1 is read as 'yes'" in page.texts)
    assert "AUC 0." in page.texts
    spec = page.start()
    assert spec.model is not None
    assert (spec.audit.task, spec.model.output) == ("binary", "logit")
    meaning = try_meaning(spec, Path())
    assert meaning.classes == ("no", "yes")


def test_features_that_are_named_by_hand(root: Path, tmp_path: Path) -> None:
    lightgbm = pytest.importorskip("lightgbm")
    rows = make_rows()
    rows.to_csv(tmp_path / "d.csv", index=False)
    settings = {"objective": "binary", "num_leaves": 7, "verbose": -1, "num_threads": 1}
    trained = lightgbm.Dataset(rows[FEATURES].to_numpy(), (rows["repaid"] == "yes").astype(int))
    lightgbm.train(settings, trained, 10).save_model(tmp_path / "m.txt")
    form = AuditForm(data=str(tmp_path / "d.csv"), model=str(tmp_path / "m.txt"))
    page = Page(root, form)
    page.wait(lambda page: "3 of the model's 3 features are not in the data" in page.errors)
    names = [f"Column_{place}" for place in range(3)]
    fill_features(page, dict(zip(names, [*FEATURES[:2], "age"], strict=True)))
    page.wait(lambda page: "column 'age' would be two of the model's inputs" in page.errors)
    fill_features(page, dict(zip(names, FEATURES, strict=True)))
    page.wait(lambda page: say("form.model_all") in page.texts)
    page.wait(lambda page: "AUC 0." in page.texts)
    spec = page.start()
    assert spec.model is not None
    assert spec.model.features == dict(zip(names, FEATURES, strict=True))
    ranking = try_meaning(spec, Path()).ranking
    assert ranking is not None
    assert ranking.auc > 0.8


def test_classes_that_the_model_only_numbers(root: Path, tmp_path: Path) -> None:
    lightgbm = pytest.importorskip("lightgbm")
    rows = make_rows()
    place = np.digitize(rows["income"], [2500, 3500])
    rows.assign(band=np.array(["low", "middle", "high"])[place]).to_csv(tmp_path / "d.csv")
    settings = {"objective": "multiclass", "num_class": 3, "verbose": -1, "num_threads": 1}
    trained = lightgbm.Dataset(rows[FEATURES], place)
    lightgbm.train(settings, trained, 5).save_model(tmp_path / "m.txt")
    roles = {"band": "target", "repaid": "none"}
    form = AuditForm(data=str(tmp_path / "d.csv"), model=str(tmp_path / "m.txt"), roles=roles)
    page = Page(root, form)
    page.wait(lambda page: "which has no" in page.errors or page.has("class-"))
    assert "that the model does not predict" in page.errors
    for number, name in enumerate(("low", "middle", "middle")):
        page.field(f"class-{number}-").set_value(name).run()
        page.wait(lambda page: page.has("class-"))
    assert say("form.class_twice") in page.errors
    page.field("class-2-").set_value("high").run()
    spec = page.start()
    assert spec.model is not None
    assert (spec.audit.task, spec.model.classes) == ("multiclass", ("low", "middle", "high"))


def test_the_models_own_rule(root: Path, tmp_path: Path) -> None:
    skops = pytest.importorskip("skops.io")
    from sklearn.linear_model import LogisticRegression

    rows = make_rows()
    rows.to_csv(tmp_path / "d.csv", index=False)
    skops.dump(LogisticRegression().fit(rows[FEATURES], rows["repaid"]), tmp_path / "m.skops")
    form = AuditForm(data=str(tmp_path / "d.csv"), model=str(tmp_path / "m.skops"))
    page = Page(root, form)
    page.wait(lambda page: "AUC" in page.texts)
    page.field("own-rule", "checkbox").check().run()
    page.wait(lambda page: "AUC" in page.texts)
    assert page.field("new-threshold", "number_input").disabled
    spec = page.start()
    assert spec.model is not None
    assert spec.model.threshold == "model"


# Files


def test_a_latin_1_file_with_semicolons(root: Path, tmp_path: Path) -> None:
    rows = make_rows(200)
    rows["city"], rows["decided"] = "Köln", np.where(rows["income"] > 3000, "yes", "no")
    data = tmp_path / "d.csv"
    data.write_bytes(rows.to_csv(index=False, sep=";", decimal=",").encode("latin-1"))
    page = Page(root, AuditForm(data=str(data), with_model=False, roles={"repaid": "target"}))
    page.wait(lambda page: "which is not UTF-8" in page.errors)
    page.field("encoding-").set_value("latin-1").run()
    page.wait(lambda page: page.has("positive-"))
    page.field("delimiter-").set_value("|").run()
    page.wait(lambda page: bool(page.errors) or "200 rows, 1 columns" in page.texts)
    page.field("delimiter-").set_value(";").run()
    page.wait(lambda page: page.has("positive-"))
    assert page.has("encoding-")  # it stays where it was asked for
    assert not page.is_folded("encoding-")
    spec = page.start()
    assert (spec.data.encoding, spec.data.delimiter) == ("latin-1", ";")
    assert sum(count_outcomes(spec, "y_true").values()) == 200


def test_an_encoding_that_nobody_knows_is_told(root: Path, tmp_path: Path) -> None:
    make_rows(50).to_csv(tmp_path / "d.csv", index=False)
    page = Page(root, AuditForm(data=str(tmp_path / "d.csv"), encoding="klingon"))
    page.wait(lambda page: "'klingon' is not known" in page.errors)
    page.field("encoding-").set_value("").run()
    page.wait(lambda page: bool(page.app.multiselect))
    assert not page.app.error


# Calm


def test_what_nothing_asks_for_is_folded_and_writes_nothing(root: Path, inputs: Path) -> None:
    page = Page(root, AuditForm(data=str(inputs / "rows.csv"), model=str(inputs / "model.txt")))
    page.wait(lambda page: "AUC" in page.texts)
    for key in ("encoding-", "delimiter-", "decimal-", "output-"):
        assert page.is_folded(key), key
    assert not page.has("value-")
    page.start()
    (written,) = root.glob(f"{INPUTS}/*/audit.toml")
    stored = tomllib.loads(written.read_text())
    assert set(stored["data"]) == {"path", "target", "positive", "protected", "id"}
    assert set(stored["model"]) == {"path"}
    assert page.form.opened == ()
