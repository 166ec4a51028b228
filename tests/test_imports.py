"""Imports point one way (docs/architecture.md): read from the sources, not from memory."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

EVERYTHING_BELOW_RUN = (
    "audits.core", "audits.data", "audits.models", "audits.cube", "audits.explain",
    "audits.recourse", "audits.rules", "audits.mitigate", "audits.slices", "audits.checks",
    "audits.policy", "audits.store", "audits.meaning",
    "audits.provenance", "audits.scoring",
)  # fmt: skip
ALLOWED = {
    "audits/core": ("audits.core",),
    "audits/data": ("audits.core", "audits.data"),
    "audits/models": ("audits.core", "audits.models"),
    "audits/cube": ("audits.core", "audits.cube"),
    "audits/explain": ("audits.core", "audits.models", "audits.cube", "audits.explain"),
    "audits/recourse": (
        "audits.core", "audits.models", "audits.cube", "audits.explain", "audits.recourse",
    ),
    "audits/rules": ("audits.core", "audits.cube", "audits.rules"),
    "audits/mitigate": ("audits.core", "audits.models", "audits.cube", "audits.mitigate"),
    "audits/slices": ("audits.core", "audits.cube", "audits.data", "audits.slices"),
    "audits/checks": (
        "audits.core", "audits.data", "audits.models", "audits.cube", "audits.explain",
        "audits.recourse", "audits.rules", "audits.mitigate", "audits.slices", "audits.checks",
    ),
    "audits/meaning": (
        "audits.core", "audits.data", "audits.models", "audits.cube", "audits.meaning",
    ),
    "audits/policy": ("audits.core", "audits.cube", "audits.policy"),
    "audits/findings": ("audits.core", "audits.policy", "audits.findings"),
    "audits/figures": ("audits.core", "audits.cube", "audits.figures"),
    "audits/store": ("audits.core", "audits.cube", "audits.data", "audits.store"),
    "audits/compare": (
        "audits.core", "audits.cube", "audits.data", "audits.store", "audits.compare",
    ),
    "audits/export": (
        "audits.core", "audits.cube", "audits.policy", "audits.findings", "audits.figures",
        "audits.store", "audits.compare", "audits.export",
    ),
    "audits/scoring.py": ("audits.core", "audits.data", "audits.models"),
    "audits/run.py": (*EVERYTHING_BELOW_RUN, "audits.run_checks"),
    "audits/run_checks.py": ("audits.core", "audits.checks"),
    "audits/catalogue.py": ("audits.core", "audits.cube", "audits.checks"),
    "audits/retrain.py": EVERYTHING_BELOW_RUN,
    "audits/cohorts": (*EVERYTHING_BELOW_RUN, "audits.cohorts"),
    "audits/dependence.py": EVERYTHING_BELOW_RUN,
    "model_cards": (
        "audits.core", "audits.findings", "audits.figures", "audits.store", "model_cards",
    ),
    "dashboard": ("audits", "model_cards", "dashboard"),
    "sample_models": ("sample_models",),
}  # fmt: skip
OURS = ("audits", "model_cards", "dashboard", "sample_models")


def imported(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
    return names


def sources(place: str) -> list[Path]:
    path = ROOT / place
    return [path] if path.suffix == ".py" else sorted(path.rglob("*.py"))


@pytest.mark.parametrize("place", ALLOWED)
def test_imports_point_one_way(place: str) -> None:
    allowed = ALLOWED[place]
    wrong = {
        f"{path.relative_to(ROOT)} imports {name}"
        for path in sources(place)
        for name in imported(path)
        if name.split(".")[0] in OURS
        and name != "audits"  # the package itself: its version
        and not any(name == one or name.startswith(f"{one}.") for one in allowed)
    }
    assert not wrong


@pytest.mark.parametrize(
    ("library", "home"), [("streamlit", ("dashboard",)), ("plotly", ("audits/figures",))]
)
def test_only_one_room_knows_the_library(library: str, home: tuple[str, ...]) -> None:
    users = {
        path.relative_to(ROOT).as_posix()
        for place in OURS
        for path in sources(place)
        if any(name.split(".")[0] == library for name in imported(path))
    }
    assert not {user for user in users if not user.startswith(home)}


def test_no_folder_is_called_pages() -> None:
    """Streamlit runs the files of such a folder past the login."""
    assert not [path for place in OURS for path in (ROOT / place).rglob("pages")]
