"""Which Assay, on which Python and packages, made a report."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import tomllib
from importlib import metadata
from pathlib import Path

import audits
from audits.core.report.report import Environment, Tool

PACKAGES = (
    "numpy", "pandas", "pyarrow", "scipy", "scikit-learn", "duckdb", "torch", "shap", "captum",
    "woodelf_explainer", "treelite", "xgboost", "lightgbm", "catboost", "skops", "onnxruntime",
)  # fmt: skip
"""Packages whose versions a number may depend on."""
DISTRIBUTION = "assay-audit"


def _find_versions() -> dict[str, str]:
    found = {}
    for name in PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


def _find_revision() -> str:
    """Return the commit of Assay's own checkout, or of the one that it was installed from; "" where
    neither is known.

    An installation inside somebody's repository, or a copy of our folder in it, is not ours.
    """
    root = Path(audits.__file__).resolve().parent.parent
    return _ask_git(root) if _is_checkout(root) else _read_origin(root)


def _is_checkout(root: Path) -> bool:
    """Whether a folder is the top of a repository whose project is Assay."""
    try:
        project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    named = bool(project.get("project", {}).get("name") == DISTRIBUTION)
    return named and (root / ".git").exists()


def _ask_git(root: Path) -> str:
    """Return a repository's commit, whatever other one a hook's variables point to."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    command = ["git", "-C", str(root), "rev-parse", "HEAD"]
    try:
        answer = subprocess.run(
            command, capture_output=True, text=True, timeout=5, check=False, env=kept
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return answer.stdout.strip() if answer.returncode == 0 else ""


def _read_origin(root: Path) -> str:
    """Return the commit that an installer recorded (PEP 610) beside the package that runs."""
    try:
        installed = metadata.distribution(DISTRIBUTION)
        if Path(str(installed.locate_file("audits"))).resolve().parent != root:
            return ""
        recorded = json.loads(installed.read_text("direct_url.json") or "{}")
    except (metadata.PackageNotFoundError, ValueError):
        return ""
    return str(recorded.get("vcs_info", {}).get("commit_id", ""))


def find_tool() -> Tool:
    """Return this Assay."""
    return Tool(name="assay", version=audits.__version__, revision=_find_revision())


def find_environment() -> Environment:
    """Return the versions that the numbers may depend on."""
    return Environment(python=platform.python_version(), packages=_find_versions())
