"""Setting an audit up: the settings that are written are the ones that are read."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from audits.core.errors import InputError
from audits.core.spec_file import load_spec
from dashboard.viewmodels import new_audit
from dashboard.viewmodels.new_audit import DataPreview, Draft

DRAFT = Draft(
    name='Loans "2026" \\ é',
    task="binary",
    data="/data/a b.csv",
    target="repaid",
    positive="yes",
    protected=("sex", 'a "b"\n[x]'),
    model="/m.skops",
    threshold=0.4,
    edges=(("age of x", (25.0, 60.0)),),
)


def test_settings_are_read_back_as_drafted(tmp_path: Path) -> None:
    spec = load_spec(new_audit.save_draft(tmp_path, "x", DRAFT))
    assert spec.audit.name == DRAFT.name
    assert spec.data.protected == DRAFT.protected
    assert spec.data.edges == {"age of x": (25.0, 60.0)}
    assert spec.model is not None
    assert (spec.model.path, spec.model.threshold) == ("/m.skops", 0.4)


@pytest.mark.parametrize("positive", ["yes", 1, 1.5, True])
def test_decisions_are_read_back(tmp_path: Path, positive: str | float | bool) -> None:
    draft = replace(DRAFT, model="", label="hired", positive=positive)
    spec = load_spec(new_audit.save_draft(tmp_path, "x", draft))
    assert spec.predictions is not None
    assert spec.predictions.label == "hired"
    assert spec.data.positive == positive


@pytest.mark.parametrize(
    ("changes", "with_model", "word"),
    [
        ({"data": ""}, True, "data"),
        ({"name": " "}, True, "name"),
        ({"model": ""}, True, "model"),
        ({"label": "", "score": ""}, False, "decisions"),
        ({"target": ""}, True, "true outcome"),
        ({"positive": None}, True, "favourable"),
    ],
)
def test_what_is_missing_is_named(changes: dict, with_model: bool, word: str) -> None:
    assert word in new_audit.find_problem(replace(DRAFT, **changes), with_model=with_model)


def test_complete_draft_has_no_problem() -> None:
    assert new_audit.find_problem(DRAFT, with_model=True) == ""


def test_data_is_inspected(inputs: Path) -> None:
    preview = new_audit.inspect_data(inputs / "rows.csv")
    assert isinstance(preview, DataPreview)
    assert preview.rows == 900
    assert preview.values["sex"] == ("Female", "Male")
    assert len(preview.edges["income"]) == 2
    assert preview.suggest_protected() == ["sex"]


def test_unreadable_data_says_why(tmp_path: Path) -> None:
    empty = tmp_path / "empty.csv"
    empty.touch()
    assert "empty" in str(new_audit.inspect_data(empty))
    assert "no such" in str(new_audit.inspect_data(tmp_path / "gone.csv")).lower()


@pytest.mark.parametrize("name", ["../../x.csv", "..\\..\\x.csv", "/etc/x.csv", ".x.csv"])
def test_uploads_stay_in_their_folder(tmp_path: Path, name: str) -> None:
    path = new_audit.save_upload(tmp_path, "u", name, b"a")
    assert path == tmp_path / new_audit.INPUTS / "u" / "x.csv"


def test_an_endpoint_cannot_be_uploaded(tmp_path: Path) -> None:
    content = b'{"schema": "assay.endpoint/1", "url": "http://127.0.0.1:22/"}'
    with pytest.raises(InputError, match="cannot be uploaded"):
        new_audit.save_upload(tmp_path, "u", "model.json", content)
    assert list(tmp_path.iterdir()) == []


def test_folder_names_are_safe() -> None:
    now = datetime(2026, 11, 24, 1, 2, 3)
    assert new_audit.name_folder("../É Löans!", now) == "l-ans-20261124-010203"
    assert new_audit.name_folder("???", now) == "audit-20261124-010203"


def test_edges_are_read() -> None:
    assert new_audit.read_edges("60, 25") == (25.0, 60.0)
    assert new_audit.read_edges("") == ()
    assert new_audit.read_edges("young") is None
