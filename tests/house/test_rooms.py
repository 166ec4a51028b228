"""Rooms have doors: what one uses of another stands in that room's `__init__.pyi`, and imports
point one way."""

import ast
import importlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
OURS = ("audits", "model_cards", "dashboard", "sample_models")
STOREYS = (
    "core",
    "cube data models",
    "trees",
    "explain slices diagnostics meaning rules",
    "recourse mitigate",
    "checks",
    "policy",
    "findings figures",
    "store",
    "compare cohorts",
    "export",
    "pipeline",
    "cli",
)
"""The rooms of `audits`: each uses those of the lines above its own, and none beside it."""
STOREY = {room: level for level, line in enumerate(STOREYS) for room in line.split()}
WITHOUT_DOORS = {
    "core": "types that everybody speaks: every module is for all",
    "cli": "nobody uses it",
}
ROOMS = [path.parent for path in sorted((ROOT / "audits").glob("*/__init__.py"))]
CARDS = {"core", "findings", "figures", "store", "policy"}
"""What a card is made of: never the data, a model or a check."""


@cache
def parse(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def read_imports(path: Path) -> Iterator[tuple[str, str]]:
    """Yield (module, name) of every import of ours, wherever it stands in the file."""
    for node in ast.walk(parse(path)):
        if isinstance(node, ast.Import):
            yield from ((alias.name, "") for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from ((node.module, alias.name) for alias in node.names)


def list_sources() -> list[Path]:
    return [path for place in OURS for path in sorted((ROOT / place).rglob("*.py"))]


def name_room(path: Path) -> str:
    """The room of `audits` that a file stands in, else its top folder."""
    first, second = path.relative_to(ROOT).parts[:2]
    return second if first == "audits" else first


def list_uses() -> list[tuple[Path, str, str, str]]:
    """Every import of a room of `audits` by another: file, room used, module, name."""
    uses = []
    for path in list_sources():
        for module, name in read_imports(path):
            parts = module.split(".")
            if parts[0] == "audits" and len(parts) == 1 and name in STOREY:
                uses.append((path, name, f"audits.{name}", ""))
            elif parts[0] == "audits" and len(parts) > 1 and parts[1] != name_room(path):
                uses.append((path, parts[1], module, name))
    return uses


USES = list_uses()


def show(path: Path, what: str) -> str:
    return f"{path.relative_to(ROOT)} imports {what}"


def test_every_room_has_its_storey() -> None:
    assert {path.name for path in ROOMS} == set(STOREY)


def test_rooms_are_entered_by_their_doors() -> None:
    wrong = {
        show(path, f"{module}: {name}")
        for path, room, module, name in USES
        if module != f"audits.{room}" and room not in WITHOUT_DOORS
        and not path.is_relative_to(ROOT / "sample_models")
    }  # fmt: skip
    assert not wrong, "import it from the room, and name it in the room's __init__.pyi"


def test_imports_point_one_way() -> None:
    wrong = {
        show(path, module)
        for path, room, module, _ in USES
        if STOREY[room] >= STOREY.get(name_room(path), len(STOREYS))
        and name_room(path) not in ("dashboard", "model_cards")
    }
    assert not wrong


def test_the_outer_rooms_use_what_they_may() -> None:
    cards = {
        show(path, module)
        for path, room, module, _ in USES
        if name_room(path) == "model_cards" and room not in CARDS
    }
    assert not cards
    outside = {
        show(path, module)
        for path in list_sources()
        for module, _ in read_imports(path)
        if (module.split(".")[0] == "dashboard" and name_room(path) != "dashboard"
            and path.relative_to(ROOT).parts[0] != "dashboard"
            and path != ROOT / "audits" / "cli" / "before" / "serve.py")
        or (path.is_relative_to(ROOT / "sample_models") and module.split(".")[0] in OURS[:3])
    }  # fmt: skip
    assert not {one for one in outside if "cli" not in one}


@pytest.mark.parametrize("room", [room for room in sorted(STOREY) if room not in WITHOUT_DOORS])
def test_a_door_names_what_others_use_and_nothing_else(room: str) -> None:
    """A name that no other room uses any more leaves the door; what a person may use of the
    library stands in `audits` itself."""
    package = importlib.import_module(f"audits.{room}")
    used = {name for _, one, _, name in USES if one == room and name}
    named = set(package.__all__)
    by_attribute = {
        node.attr
        for path in list_sources()
        for node in ast.walk(parse(path))
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
        and node.value.id == room
    }  # fmt: skip
    assert used <= named
    assert not named - used - by_attribute
    for name in named:
        assert getattr(package, name) is not None


@pytest.mark.parametrize(
    ("library", "home"), [("streamlit", ("dashboard",)), ("plotly", ("audits/figures",))]
)
def test_only_one_room_knows_the_library(library: str, home: tuple[str, ...]) -> None:
    users = {
        path.relative_to(ROOT).as_posix()
        for path in list_sources()
        if any(module.split(".")[0] == library for module, _ in read_imports(path))
    }
    assert not {user for user in users if not user.startswith(home)}


def test_no_folder_is_called_pages() -> None:
    """Streamlit runs the files of such a folder past the login."""
    assert not [path for place in OURS for path in (ROOT / place).rglob("pages")]


def test_no_folder_has_more_files_than_one_overlooks() -> None:
    crowded = {
        folder.relative_to(ROOT).as_posix(): len(list(folder.glob("*.py")))
        for path in list_sources()
        for folder in [path.parent]
        if len(list(folder.glob("*.py"))) >= 16
    }
    assert not crowded
