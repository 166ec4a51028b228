"""Setting an audit up: the settings that are written are the ones that are read."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from audits.core.errors import InputError
from audits.core.settings.read import load_spec
from dashboard.viewmodels.new_audit import new_audit, uploads
from dashboard.viewmodels.new_audit.new_audit import Draft

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


def test_all_that_can_be_chosen_is_read_back(tmp_path: Path) -> None:
    draft = replace(
        DRAFT, legitimate=("job",), reference="/train.csv", id="nr", weight="w",
        missing=("?", "n/a"), classes=("0", "yes"),
    )  # fmt: skip
    spec = load_spec(new_audit.save_draft(tmp_path, "x", draft))
    assert spec == new_audit.parse_spec(draft)
    data = spec.data
    assert (data.legitimate, data.missing) == (("job",), ("?", "n/a"))
    assert (data.reference, data.id, data.weight) == ("/train.csv", "nr", "w")
    assert spec.model is not None
    assert spec.model.classes == ("0", "yes")


def test_all_that_says_how_it_is_read_is_read_back(tmp_path: Path) -> None:
    draft = replace(
        DRAFT, negative=("no", 0.5), drop=("x = 1",), missing=("?", "9"), output="score",
        threshold=-3.5, features=(("f 0", 'a "b"'), ("f1", "é")),
        spellings=(("repaid", (("yes", ("YES ", "y.")), ("n o", ("No",)))),),
        file=(("encoding", "cp1252"), ("delimiter", "\t"), ("decimal", ","), ("sheet", "A #1")),
    )  # fmt: skip
    spec = load_spec(new_audit.save_draft(tmp_path, "x", draft))
    data, model = spec.data, spec.model
    assert model is not None
    assert (data.negative, data.drop, data.missing) == (("no", 0.5), ("x = 1",), ("?", "9"))
    assert data.spellings == {"repaid": {"yes": ("YES ", "y."), "n o": ("No",)}}
    assert (data.encoding, data.delimiter, data.decimal, data.sheet) == (
        "cp1252",
        "\t",
        ",",
        "A #1",
    )
    assert (model.output, model.threshold) == ("score", -3.5)
    assert model.features == {"f 0": 'a "b"', "f1": "é"}
    own = replace(DRAFT, threshold="model")
    spec = load_spec(new_audit.save_draft(tmp_path, "y", own))
    assert spec.model is not None
    assert spec.model.threshold == "model"


def test_what_is_said_of_decisions_is_read_back(tmp_path: Path) -> None:
    draft = replace(
        DRAFT, model="", label="hired", score="points", decision=0, against=(1, 2),
        undecided=("-",), direction="lower",
    )  # fmt: skip
    given = load_spec(new_audit.save_draft(tmp_path, "x", draft)).predictions
    assert given is not None
    assert (given.positive, given.negative, given.drop) == (0, (1, 2), ("-",))
    assert (given.direction, given.threshold) == ("lower", None)  # decisions are given
    draft = replace(draft, label="", threshold=620.0)
    given = load_spec(new_audit.save_draft(tmp_path, "y", draft)).predictions
    assert given is not None
    assert (given.threshold, given.top, given.positive) == (620.0, None, None)


def test_settings_that_do_not_fit_say_so() -> None:
    with pytest.raises(InputError, match="target"):
        new_audit.parse_spec(replace(DRAFT, target=""))


@pytest.mark.parametrize("name", ["../../x.csv", "..\\..\\x.csv", "/etc/x.csv", ".x.csv"])
def test_uploads_stay_in_their_folder(tmp_path: Path, name: str) -> None:
    path = uploads.save_upload(tmp_path / "u", name, io.BytesIO(b"a"))
    assert path == tmp_path / "u" / "x.csv"


def test_an_endpoint_cannot_be_uploaded(tmp_path: Path) -> None:
    content = b'{"schema": "assay.endpoint/1", "url": "http://127.0.0.1:22/"}'
    with pytest.raises(InputError, match="cannot be uploaded"):
        uploads.save_upload(tmp_path / "u", "model.json", io.BytesIO(content))
    assert list(tmp_path.iterdir()) == []


def test_uploads_are_never_whole_in_memory(tmp_path: Path) -> None:
    class Slow(io.BytesIO):
        largest = 0

        def read(self, size: int | None = -1) -> bytes:
            found = super().read(size)
            Slow.largest = max(Slow.largest, len(found))
            return found

    content = Slow(bytes(range(256)) * 20_000)
    path = uploads.save_upload(tmp_path, "big.bin", content)
    assert path.read_bytes() == content.getvalue()
    assert Slow.largest <= 1 << 20


def test_the_model_is_found_among_uploaded_files(inputs: Path, tmp_path: Path) -> None:
    weights, notes = tmp_path / "w.safetensors", tmp_path / "notes.txt"
    weights.write_bytes(b"x")
    notes.write_text("hello")
    assert uploads.choose_main([weights, notes, inputs / "model.txt"]) == inputs / "model.txt"
    assert uploads.choose_main([weights, notes]) == notes
    assert uploads.choose_main([weights]) == weights
    assert uploads.choose_main([]) is None


def test_folder_names_are_safe() -> None:
    now = datetime(2026, 11, 24, 1, 2, 3)
    assert new_audit.name_folder("../É Löans!", now) == "l-ans-20261124-010203"
    assert new_audit.name_folder("???", now) == "audit-20261124-010203"


def test_edges_are_read() -> None:
    assert new_audit.read_edges("60, 25") == (25.0, 60.0)
    assert new_audit.read_edges("") == ()
    assert new_audit.read_edges("young") is None
