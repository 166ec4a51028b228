"""Where a person stands changes nothing: files of our names, a repository of their own."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import suppress
from pathlib import Path

import pytest

import audits
from audits.core.package.child import make_command, make_environment
from audits.pipeline import provenance
from dashboard.jobs import JobBoard

ROOT = Path(__file__).resolve().parents[2]
SHADOWS = (
    "typing.py", "dashboard.py", "audits/__init__.py", "model_cards/__init__.py", "streamlit.py",
    "pandas.py", "numpy/__init__.py", "signal.py",
)  # fmt: skip
SPEC = """
[audit]
name = "Hiring"
[data]
path = "decisions.csv"
protected = ["sex"]
positive = "yes"
[predictions]
label = "hired"
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder full of files that are called like what we import."""
    for name in SHADOWS:
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"raise SystemExit('{name} was imported')\n", encoding="utf-8")
    rows = [f"{'FM'[row % 2]},{'yes' if row % 3 else 'no'}" for row in range(200)]
    (tmp_path / "decisions.csv").write_text("\n".join(["sex,hired", *rows]), encoding="utf-8")
    (tmp_path / "audit.toml").write_text(SPEC, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_an_audit(folder: Path) -> None:
    command = make_command("audits.cli.main", "run", "audit.toml", "--out", "run", "--fail-on",
                           "never")  # fmt: skip
    ran = subprocess.run(
        command, cwd=folder, env=make_environment(os.environ), capture_output=True, check=False
    )
    assert ran.returncode == 0, ran.stderr.decode()
    assert (folder / "run" / "report.json").is_file()


def test_an_audit_that_the_dashboard_starts(folder: Path) -> None:
    board = JobBoard()
    name = board.start_audit("Hiring", folder / "audit.toml", folder / "run")
    job = board.find(name)
    assert job is not None
    job.wait(120)
    assert (folder / "run" / "report.json").is_file()


def test_the_dashboard(folder: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = make_command("audits.cli.main", "serve", "--port", str(port))
    with subprocess.Popen(
        command, cwd=folder, env=make_environment(os.environ), start_new_session=True
    ) as process:
        try:
            assert wait_for(f"http://127.0.0.1:{port}/", process) == 200
            process.terminate()  # the command alone, as a supervisor does
            assert process.wait(30) == 0
            with pytest.raises(OSError):
                urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


def wait_for(address: str, process: subprocess.Popen[bytes]) -> int | None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(address, timeout=5) as answer:
                return answer.status
        except OSError:
            time.sleep(0.2)
    return None


def test_serving_without_streamlit_says_what_to_install(tmp_path: Path) -> None:
    """As in an environment without it: the import fails as it does there."""
    code = (
        "import sys; sys.modules['streamlit'] = None\n"
        "from audits.cli import main; sys.argv = ['assay', 'serve']; main.main()"
    )
    ran = subprocess.run(
        [sys.executable, "-P", "-c", code], env=make_environment(os.environ), cwd=tmp_path,
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ran.returncode == 2
    assert ran.stderr == (
        "assay: this needs streamlit, which is not installed: "
        'pip install "assay-audit[dashboard]"\n'
    )


def test_only_a_checkout_is_put_before_the_standard_library(monkeypatch) -> None:
    assert make_environment({"PYTHONPATH": "mine"})["PYTHONPATH"] == str(ROOT)
    monkeypatch.setattr("sysconfig.get_path", lambda kind: str(ROOT))
    assert make_environment({"PYTHONPATH": "mine", "LANG": "C"}) == {"LANG": "C"}


def make_repository(folder: Path) -> str:
    """Return the commit of a new repository."""
    run = ["git", "-C", str(folder), "-c", "user.name=A", "-c", "user.email=a@example.org"]
    clean = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    for rest in (["init", "-q"], ["add", "."], ["commit", "-q", "--allow-empty", "-m", "mine"]):
        subprocess.run([*run, *rest], check=True, env=clean)
    told = subprocess.run([*run, "rev-parse", "HEAD"], check=True, env=clean, capture_output=True)
    return told.stdout.decode().strip()


def put_package(monkeypatch: pytest.MonkeyPatch, root: Path) -> None:
    """Let the running package lie in another folder."""
    (root / "audits").mkdir(parents=True)
    monkeypatch.setattr(audits, "__file__", str(root / "audits" / "__init__.py"))


def test_an_installation_inside_somebody_elses_repository_is_not_theirs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_repository(tmp_path)
    put_package(monkeypatch, tmp_path / ".venv" / "lib" / "site-packages")
    assert provenance.find_tool().revision == ""


def test_a_copy_in_somebody_elses_repository_is_not_theirs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "mine"\n', encoding="utf-8")
    make_repository(tmp_path)
    put_package(monkeypatch, tmp_path)
    assert provenance.find_tool().revision == ""


def test_a_checkout_tells_its_own_revision_even_in_a_hook(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours, theirs = tmp_path / "ours", tmp_path / "theirs"
    put_package(monkeypatch, ours)
    shutil.copy(ROOT / "pyproject.toml", ours)
    theirs.mkdir()
    (theirs / "mine.txt").write_text("mine", encoding="utf-8")
    own, other = make_repository(ours), make_repository(theirs)
    monkeypatch.setenv("GIT_DIR", str(theirs / ".git"))  # as git sets it for a hook
    monkeypatch.chdir(theirs)
    assert own != other
    assert provenance.find_tool().revision == own


def test_an_installation_from_a_repository_tells_what_the_installer_recorded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_package(monkeypatch, tmp_path)
    recorded = tmp_path / "assay_audit-0.2.0.dist-info"
    recorded.mkdir()
    (recorded / "METADATA").write_text("Name: assay-audit\nVersion: 0.2.0\n", encoding="utf-8")
    origin = {"url": "x", "vcs_info": {"vcs": "git", "commit_id": "c0ffee"}}
    (recorded / "direct_url.json").write_text(json.dumps(origin), encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    assert provenance.find_tool().revision == "c0ffee"
