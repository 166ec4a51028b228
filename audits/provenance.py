"""Which Assay, on which Python and packages, made a report."""

from __future__ import annotations

import platform
import subprocess
from importlib import metadata
from pathlib import Path

import audits
from audits.core.report import Environment, Tool

PACKAGES = (
    "numpy", "pandas", "pyarrow", "scipy", "scikit-learn", "duckdb", "torch", "shap", "captum",
    "woodelf_explainer", "xgboost", "lightgbm", "catboost", "skops", "onnxruntime",
)  # fmt: skip
"""Packages whose versions a number may depend on."""


def _find_versions() -> dict[str, str]:
    found = {}
    for name in PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


def _find_revision() -> str:
    """Return the commit of the checkout that runs, or "" where there is none."""
    here = Path(audits.__file__).resolve().parent
    try:
        answer = subprocess.run(
            ["git", "-C", str(here), "rev-parse", "HEAD"],
            capture_output=True,
            text=True,
            timeout=5,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return answer.stdout.strip() if answer.returncode == 0 else ""


def find_tool() -> Tool:
    """Return this Assay."""
    return Tool(name="assay", version=audits.__version__, revision=_find_revision())


def find_environment() -> Environment:
    """Return the versions that the numbers may depend on."""
    return Environment(python=platform.python_version(), packages=_find_versions())
