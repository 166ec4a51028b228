"""The catalogue, the audit files that it names, and what the data promises them."""

import dataclasses
import importlib
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from audits.core.settings.spec import AuditSpec
from sample_models import __main__ as command
from sample_models.catalogue import SAMPLES, Sample

EACH = pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)
ROOT = Path(__file__).parents[2]


def read_spec(sample):
    return AuditSpec.model_validate(tomllib.loads(sample.audit.read_text(encoding="utf-8")))


def generate_rows(sample):
    return importlib.import_module(f"sample_models.{sample.name}.generate").generate(3_000, 9)


def test_there_are_four_samples_with_their_own_names():
    assert [sample.name for sample in SAMPLES] == ["credit", "hiring", "income", "rental"]
    assert all(sample.title and sample.story for sample in SAMPLES)


@EACH
def test_audit_file_is_valid_and_fits_the_data(sample):
    spec, frame = read_spec(sample), generate_rows(sample)
    named = {spec.data.target, *spec.data.protected, *spec.data.reference_groups}
    named |= {spec.data.id} if spec.data.id else set()
    named |= {*spec.recourse.immutable, *spec.recourse.increase_only}
    named |= {*spec.recourse.decrease_only, *spec.recourse.ranges}
    if spec.predictions:
        named |= {spec.predictions.label, spec.predictions.score}
    assert named <= set(frame.columns)
    assert spec.data.positive in set(frame[spec.data.target])
    assert "?" in set(frame.select_dtypes(exclude="number").to_numpy().ravel())
    assert spec.data.missing == ("?",)
    assert spec.policy.preset == "four-fifths"
    for column, group in spec.data.reference_groups.items():
        assert column in spec.data.edges or group in set(frame[column])


@EACH
def test_age_reference_group_is_one_of_the_cut_groups(sample):
    spec = read_spec(sample)
    for column, (low, high) in spec.data.edges.items():
        assert spec.data.reference_groups[column] == f"{low:g} to under {high:g}"


@EACH
def test_everything_planted_is_written_down(sample):
    text = (sample.audit.parent / "DATA.md").read_text(encoding="utf-8")
    planted = importlib.import_module(f"sample_models.{sample.name}.generate").PLANTED
    for field in dataclasses.fields(planted):
        size = getattr(planted, field.name)
        assert f"{size}" in text or f"{size:.0%}" in text, f"{field.name} = {size}"
    for column in generate_rows(sample).columns:
        assert f"`{column}`" in text


@EACH
def test_sample_knows_when_its_files_are_there(sample, tmp_path):
    audit = tmp_path / "audit.toml"
    audit.write_bytes(sample.audit.read_bytes())
    moved = dataclasses.replace(sample, audit=audit)
    assert not moved.ready
    for path in moved.files:
        path.parent.mkdir(exist_ok=True)
        path.touch()
    assert moved.ready
    moved.files[0].unlink()
    assert not moved.ready


def test_training_writes_the_files_that_the_audit_names(tmp_path):
    hiring = next(sample for sample in SAMPLES if sample.name == "hiring")
    (tmp_path / "audit.toml").write_bytes(hiring.audit.read_bytes())
    moved = dataclasses.replace(hiring, audit=tmp_path / "audit.toml")
    importlib.import_module(hiring.train).run_training(tmp_path, test_rows=50)
    assert moved.ready


def test_listing_the_samples_loads_no_heavy_library():
    code = "import sys, sample_models.catalogue; print('torch' in sys.modules, 'pandas' in sys.modules)"
    answer = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert answer.stdout.split() == ["False", "False"]


def test_command_makes_only_what_is_missing(tmp_path, monkeypatch, capsys):
    """Three copies of the quick sample; one of them has its file already."""
    made = []

    class Recorded(Sample):
        def run_training(self):
            made.append(self.name)
            return f"{self.name}: made"

    hiring = next(sample for sample in SAMPLES if sample.name == "hiring")
    copies = []
    for name in ("one", "two"):
        audit = tmp_path / name / "audit.toml"
        audit.parent.mkdir()
        audit.write_bytes(hiring.audit.read_bytes())
        copies.append(Recorded(name, name, name, audit, hiring.train))
    copies[0].files[0].parent.mkdir()
    copies[0].files[0].touch()
    monkeypatch.setattr(command, "SAMPLES", tuple(copies))

    monkeypatch.setattr(sys, "argv", ["sample_models"])
    command.main()
    assert made == ["two"]
    assert capsys.readouterr().out.splitlines() == [
        "one: already there (--force makes it anew)",
        "two: made",
    ]
    monkeypatch.setattr(sys, "argv", ["sample_models", "--force"])
    command.main()
    assert made == ["two", "one", "two"]


@EACH
def test_generated_files_are_ignored_by_git(sample):
    for path in sample.files:
        answer = subprocess.run(
            ["git", "check-ignore", "-q", str(path.relative_to(ROOT))], cwd=ROOT, check=False
        )
        if answer.returncode == 128:
            pytest.skip("git or its repository is absent here")
        assert answer.returncode == 0, path
