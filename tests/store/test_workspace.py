"""What people add to runs: kept, ordered, shared between processes, refused in words."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from audits.core.cohort import Cohort
from audits.core.errors import InputError
from audits.store.bundle import list_bundles
from audits.store.workspace import FILE, MAX_NAME, Workspace

RUDE = "<img src=x> '); DROP TABLE cohorts; --"


def test_cohorts_are_kept_and_forgotten(tmp_path: Path) -> None:
    Workspace(tmp_path).save_cohort(Cohort(RUDE, ("age under 25", "job = 'x' \"y\"")))
    Workspace(tmp_path).save_cohort(Cohort("b", ("age is missing",)))
    assert Workspace(tmp_path).list_cohorts() == [
        Cohort(RUDE, ("age under 25", "job = 'x' \"y\"")),
        Cohort("b", ("age is missing",)),
    ]
    Workspace(tmp_path).remove_cohort(RUDE)
    Workspace(tmp_path).remove_cohort("never there")
    assert [one.name for one in Workspace(tmp_path).list_cohorts()] == ["b"]
    assert list_bundles(tmp_path) == []


@pytest.mark.parametrize("name", ["", "  ", "x" * (MAX_NAME + 1), "taken"])
def test_cohort_names_that_cannot_be_used(tmp_path: Path, name: str) -> None:
    workspace = Workspace(tmp_path)
    workspace.save_cohort(Cohort("taken", ("a = b",)))
    with pytest.raises(InputError):
        workspace.save_cohort(Cohort(name, ("a = b",)))
    with pytest.raises(InputError, match="no condition"):
        workspace.save_cohort(Cohort("new", ()))
    assert len(workspace.list_cohorts()) == 1


def test_newest_text_counts_and_other_runs_lend_theirs(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    workspace.write_card_text("run1", "Loans", "contact", "Ann", "Ann")
    workspace.write_card_text("run1", "Loans", "contact", " Bob \n", "Bob")
    workspace.write_card_text("run2", "Other", "contact", "Eve", "Eve")
    assert workspace.read_card_texts("run1")["contact"].text == "Bob"
    assert workspace.read_earlier_texts("Loans", "run3")["contact"].author == "Bob"
    assert workspace.read_earlier_texts("Loans", "run1") == {}
    with pytest.raises(InputError, match="your name"):
        workspace.write_card_text("run1", "Loans", "contact", "text", "")


def test_reviews_are_added_newest_first(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    workspace.add_review("run", "abc", "rejected", "Ann", "gap too wide")
    workspace.add_review("run", "def", "approved", "Bob", "")
    assert [one.decision for one in workspace.list_reviews("run")] == ["approved", "rejected"]
    assert workspace.list_reviews("run")[1].report == "abc"
    assert workspace.list_reviews("other") == []


@pytest.mark.parametrize(
    ("decision", "name", "comment"),
    [
        ("fine", "Ann", ""),
        ("rejected", "Ann", " "),
        ("conditions", "Ann", ""),
        ("approved", "", ""),
    ],
)
def test_reviews_that_say_too_little(
    tmp_path: Path, decision: str, name: str, comment: str
) -> None:
    with pytest.raises(InputError):
        Workspace(tmp_path).add_review("run", "abc", decision, name, comment)
    assert Workspace(tmp_path).list_reviews("run") == []


def test_processes_share_it_from_its_first_moment(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from audits.store.workspace import Workspace\n"
        "from audits.core.cohort import Cohort\n"
        "for n in range(20): Workspace(Path(sys.argv[1])).save_cohort("
        "Cohort(f'{sys.argv[2]}-{n}', ('a = b',)))"
    )
    started = [
        subprocess.Popen([sys.executable, "-c", code, str(tmp_path), str(who)]) for who in range(3)
    ]
    assert [process.wait(60) for process in started] == [0, 0, 0]
    assert len(Workspace(tmp_path).list_cohorts()) == 60


def test_damaged_file_is_said_and_left(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b"not a database, but long enough to be looked at" * 50)
    with pytest.raises(InputError, match="damaged"):
        Workspace(tmp_path).list_cohorts()
    assert (tmp_path / FILE).read_bytes().startswith(b"not a database")


def test_file_of_a_newer_version_is_left_at_it(tmp_path: Path) -> None:
    Workspace(tmp_path).list_cohorts()
    with sqlite3.connect(tmp_path / FILE) as connection:
        connection.execute("PRAGMA user_version = 99")
    assert Workspace(tmp_path).list_cohorts() == []
    with sqlite3.connect(tmp_path / FILE) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (99,)
