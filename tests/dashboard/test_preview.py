"""A first result: equal to the finished report as far as it goes, safe to find, gone in time."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from audits.checks.builtin import BUILTIN
from audits.core.errors import InputError
from audits.core.report.report import CheckStatus
from audits.pipeline.checks import PENDING
from audits.store.bundle import Bundle, load_bundle, verify_bundle
from audits.store.preview import (
    OWNER,
    PREVIEWS,
    find_place,
    find_preview,
    find_runs_folder,
    is_preview,
    keep_preview,
    remove_abandoned,
)
from dashboard import state
from dashboard.catalogue import say
from dashboard.nav import REVIEW
from dashboard.state import RUNS_VARIABLE
from dashboard.viewmodels.card import review
from dashboard.viewmodels.run import RunData

ROOT = Path(__file__).resolve().parents[2]
EARLY = {check.code for check in BUILTIN if check.early}


@pytest.fixture(scope="module")
def preview(runs: Path) -> Bundle:
    """The first result of the model's run."""
    return load_bundle(find_place(runs / "early"))


def test_its_numbers_are_those_of_the_finished_report(preview: Bundle, bundle: Bundle) -> None:
    final = [item for item in bundle.report.measurements if item.check in EARLY]
    assert list(preview.report.measurements) == final
    assert len(final) > 100


def test_its_verdicts_are_those_of_the_finished_report(preview: Bundle, bundle: Bundle) -> None:
    known = preview.report.by_id
    final = [verdict for verdict in bundle.report.verdicts if verdict.measurement in known]
    assert list(preview.report.verdicts) == final
    assert final


def test_the_report_keeps_its_order(preview: Bundle, bundle: Bundle) -> None:
    codes = [check.code for check in BUILTIN]
    assert [check.code for check in bundle.report.checks] == codes
    assert [check.code for check in preview.report.checks] == codes
    for check in preview.report.checks:
        waits = check.status is CheckStatus.SKIPPED and check.reason == PENDING
        assert waits is (check.code not in EARLY)


def test_it_is_a_whole_bundle_with_the_cube(preview: Bundle, bundle: Bundle) -> None:
    assert verify_bundle(preview.path) == []
    assert preview.load_cube().to_table().equals(bundle.load_cube().to_table())
    assert preview.has_evidence("predictions.parquet")
    assert is_preview(preview.path)
    assert not is_preview(bundle.path)


def test_it_is_found_by_the_name_of_its_run_alone(
    runs: Path, preview: Bundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(RUNS_VARIABLE, str(runs))
    assert state.find_run("early") == preview.path
    assert state.find_run("model") == runs / "model"
    for name in ("", ".", "..", PREVIEWS, f"{PREVIEWS}/early", "../runs/early", ".early", "early/",
                 "early/../early", str(preview.path)):  # fmt: skip
        found = state.find_run(name)
        assert found is None, name
        assert find_preview(runs, name) is None, name


def test_it_is_not_signed_and_what_people_write_lies_beside_the_runs(
    runs: Path, preview: Bundle
) -> None:
    with pytest.raises(InputError, match="first result"):
        review.sign(RunData(preview), "approved", "Ada", "")
    assert review.list_signatures(RunData(preview)) == []
    assert [path.name for path in (runs / PREVIEWS).iterdir()] == ["early"]
    assert find_runs_folder(preview.path) == runs
    assert find_runs_folder(runs / "model") == runs


def _leave(place: Path, process: int) -> None:
    place.mkdir(parents=True)
    (place / "report.json").write_text("{}")
    (place / OWNER).write_text(json.dumps({"process": process}))


def test_what_killed_audits_left_is_not_found_and_goes(tmp_path: Path) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    _leave(tmp_path / PREVIEWS / "dead", gone.pid)
    _leave(tmp_path / PREVIEWS / "alive", os.getpid())
    partial = tmp_path / PREVIEWS / f".assay-partial-{gone.pid}-x"
    partial.mkdir()
    assert find_preview(tmp_path, "dead") is None
    assert find_preview(tmp_path, "alive") is not None
    remove_abandoned(tmp_path)
    assert [path.name for path in (tmp_path / PREVIEWS).iterdir()] == ["alive"]


def test_it_is_gone_however_the_work_ends(tmp_path: Path) -> None:
    def work() -> None:
        with keep_preview(tmp_path / "run") as place:
            _leave(place, os.getpid())
            raise ValueError

    with pytest.raises(ValueError):
        work()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("page", (*REVIEW, "compare"))
def test_pages_of_a_first_result_say_that_it_is_one(
    page: str, runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(RUNS_VARIABLE, str(runs))
    app = AppTest.from_file(str(ROOT / "dashboard" / "app.py"), default_timeout=60)
    app.query_params["run"] = "early"
    app.run()
    if page != "overview":
        app.switch_page(f"views/{page}.py").run()
    assert not app.exception
    assert say("job.preview") in [item.value for item in app.text]
