"""Runs of earlier versions stay readable, verify, and have findings."""

from __future__ import annotations

import shutil
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from audits.cli.main import main
from audits.core.report.verdict import Status
from audits.findings import find_worst, list_findings, render_finding_sentence
from audits.pipeline.verify import recompute_problems
from audits.store.bundle import load_bundle

FIXTURES = Path(__file__).resolve().parent.parent / "fixtures"


@pytest.fixture(params=["run-0.1.0"])
def older(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    shutil.unpack_archive(FIXTURES / f"{request.param}.zip", tmp_path)
    return tmp_path / request.param


def test_they_verify_and_say_what_was_not_recomputed(older, monkeypatch, capsys) -> None:
    monkeypatch.setattr("sys.argv", ["assay", "verify", str(older)])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 0
    assert "Version 0.1.0 made this run" in capsys.readouterr().err


def test_a_rate_that_the_counts_do_not_give_is_still_found(older) -> None:
    path = older / "evidence" / "cube.parquet"
    cube = pq.read_table(path)
    counts = cube["count"].to_pylist()
    counts[0] += 5
    place = cube.schema.get_field_index("count")
    changed = cube.set_column(place, cube.schema.field(place), [counts])
    pq.write_table(changed.replace_schema_metadata(cube.schema.metadata), path)
    assert recompute_problems(load_bundle(older))


def test_their_verdicts_are_findings(older) -> None:
    report = load_bundle(older).report
    worst = find_worst(report)
    assert worst is not None and (worst.group, worst.status) == ("f", Status.FAIL)
    assert "against" in render_finding_sentence(report, worst)
    assert all(item.under is None or "&" in (item.attribute or "")
               for item in list_findings(report))  # fmt: skip
