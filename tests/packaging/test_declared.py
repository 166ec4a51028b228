"""What the package declares: ranges and pins agree, every import is declared, the core is light."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from audits.core.package.child import make_environment
from audits.core.package.extras import EXTRAS, explain_missing, find_extra

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
OURS = ("audits", "dashboard", "model_cards")
ASSAY = canonicalize_name(PROJECT["name"])
NOT_OURS_TO_DECLARE = {
    "alibi": "its metadata does not resolve with ours: requirements-alibi.txt",
    "starlette": "Streamlit brings it, in the version that its App takes",
    "pydantic_core": "pydantic brings it, in exactly one version",
}
HEAVY = (
    "captum", "catboost", "fairlearn", "lightgbm", "onnx", "onnxruntime", "shap", "sklearn",
    "skops", "streamlit", "torch", "woodelf", "xgboost",
)  # fmt: skip


def read_pins() -> dict[str, str]:
    """Return the pins, by name; what stands under "development" is no part of the package."""
    text = (ROOT / "requirements.txt").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    pairs = [line.split("==") for line in lines]
    return {canonicalize_name(name): version for name, version in pairs}


def list_development() -> set[str]:
    text = (ROOT / "requirements.txt").read_text(encoding="utf-8").split("# --- development")[1]
    return {canonicalize_name(line.split("==")[0]) for line in text.split()}


def read_ranges() -> list[Requirement]:
    extras = PROJECT["optional-dependencies"].values()
    texts = [*PROJECT["dependencies"], *(text for extra in extras for text in extra)]
    ranges = [Requirement(text) for text in texts]
    return [one for one in ranges if canonicalize_name(one.name) != ASSAY]


@pytest.mark.parametrize("wanted", read_ranges(), ids=str)
def test_what_is_tested_is_in_every_range(wanted: Requirement) -> None:
    pins = read_pins()
    name = canonicalize_name(wanted.name)
    assert name in pins, f"{wanted.name} is in no line of requirements.txt"
    assert wanted.specifier.contains(pins[name])
    operators = {one.operator for one in wanted.specifier}
    assert operators == {">=", "<"}, "a range has two ends"


def test_what_is_pinned_is_declared() -> None:
    declared = {canonicalize_name(one.name) for one in read_ranges()}
    assert set(read_pins()) - list_development() <= declared


def test_all_is_all() -> None:
    extras = PROJECT["optional-dependencies"]
    (everything,) = (Requirement(text) for text in extras["all"])
    assert canonicalize_name(everything.name) == ASSAY
    assert everything.extras == set(extras) - {"all", "test"} == set(EXTRAS)


def list_imported() -> set[str]:
    found = set()
    for place in OURS:
        for path in (ROOT / place).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Import):
                    found |= {alias.name.split(".")[0] for alias in node.names}
                elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                    found.add(node.module.split(".")[0])
    return found - set(sys.stdlib_module_names) - set(OURS) - set(NOT_OURS_TO_DECLARE)


def test_whatever_is_imported_is_declared_where_it_is_said_to_be() -> None:
    """A library that another one happens to bring is missing in the next environment."""
    brings = metadata.packages_distributions()
    extras = PROJECT["optional-dependencies"]
    for module in sorted(list_imported()):
        home = extras[extra] if (extra := find_extra(module)) else PROJECT["dependencies"]
        names = {canonicalize_name(Requirement(text).name) for text in home}
        distributions = {canonicalize_name(name) for name in brings.get(module, [module])}
        assert distributions & names, f"{module} is not declared in {extra or 'dependencies'}"


@pytest.mark.parametrize(
    "module", ["audits", "audits.pipeline.run", "audits.cli.main", "audits.cli.run", "audits.cli.before.init",
               "audits.cli.serve", "audits.pipeline.verify", "audits.models.formats.formats", "model_cards"]
)  # fmt: skip
def test_the_core_loads_no_heavy_library(module: str) -> None:
    code = f"import sys, {module}; print(*sorted(set({HEAVY!r}) & set(sys.modules)))"
    answer = subprocess.run(
        [sys.executable, "-P", "-c", code], env=make_environment({}), text=True, check=True,
        capture_output=True, cwd="/",
    )  # fmt: skip
    assert answer.stdout.split() == []


@pytest.mark.parametrize(
    ("module", "extra"), [(name, extra) for extra, names in EXTRAS.items() for name in names]
)
def test_a_missing_library_is_named_with_its_extra(module: str, extra: str) -> None:
    missing = explain_missing(ModuleNotFoundError("No module", name=f"{module}.part"))
    assert str(missing) == (
        f'this needs {module}, which is not installed: pip install "assay-audit[{extra}]"'
    )


def test_other_missing_modules_stay_what_they_are() -> None:
    for error in (ModuleNotFoundError("x", name="mine"), ImportError("x"), ValueError("x")):
        assert explain_missing(error) is error


def test_the_readme_names_the_extras() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    named = set(re.findall(r"assay-audit\[([a-z]+)\]", text))
    assert named <= set(PROJECT["optional-dependencies"])
    assert "all" in named
