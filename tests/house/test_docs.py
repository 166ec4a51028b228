"""What the documents name is there: files, modules, commands, targets, links and headings; and the
picture of the rooms is that of the storeys."""

from __future__ import annotations

import importlib
import re
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from typer.main import get_command

from audits.cli.main import app
from audits.core.settings.spec import AuditSpec
from tests.house.test_rooms import OURS, ROOT, STOREYS

PAGES = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    *sorted((ROOT / "docs").rglob("*.md")),
    *sorted((ROOT / "sample_models").rglob("*.md")),
]
_CODE = re.compile(r"`([^`\n]+)`")
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_FENCE = re.compile(r"```(\w*)\n(.*?)```", re.DOTALL)
_SOURCE = re.compile(r"[\w./<>*-]+\.(?:py|pyi|js|css)")
_PLACES = tuple(f"{place}/" for place in (*OURS, "tests", "docs"))
_MODULE = re.compile(r"(?:audits|dashboard|model_cards|sample_models)(?:\.\w+)+")
_COMMAND = re.compile(r"\bassay ([a-z][a-z0-9-]+)(?: ([a-z]+))?")
_TARGET = re.compile(r"\bmake ([a-z]+)")
ids = {"ids": lambda page: page.relative_to(ROOT).as_posix()}


@cache
def list_files() -> frozenset[str]:
    """Every file of the sources, built ones aside, from the root."""
    skipped = {"__pycache__", ".venv", "node_modules", "runs"}
    return frozenset(
        path.relative_to(ROOT).as_posix()
        for place in (*OURS, "tests", "docs")
        for path in (ROOT / place).rglob("*")
        if path.is_file() and not skipped & set(path.parts)
    )


def read_codes(text: str) -> list[str]:
    """Return what stands in backticks, outside of blocks."""
    return _CODE.findall(_FENCE.sub("", text))


def read_commands(text: str) -> Iterator[str]:
    """Yield every piece of code that may hold a command: in backticks, and in shell blocks."""
    yield from read_codes(text)
    for language, block in _FENCE.findall(text):
        if language in ("sh", "bash", "yaml"):
            yield from block.splitlines()


def is_there(name: str) -> bool:
    """Whether a name is the path of a file or folder, or its end; `*` and `<x>` are any."""
    pattern = "[^/]+".join(re.escape(part) for part in re.split(r"<\w+>|\*", name.rstrip("/")))
    return any(re.fullmatch(f"(?:.*/)?{pattern}(?:/.*)?", path) for path in list_files())


def find_missing_files(text: str) -> list[str]:
    """Return the sources and folders in backticks that are not there."""
    words = [word for code in read_codes(text) for word in code.split()]
    return [
        word
        for word in words
        if (_SOURCE.fullmatch(word) or word.startswith(_PLACES)) and not is_there(word)
    ]


def find_missing_modules(text: str) -> list[str]:
    """Return the dotted names of ours in backticks that cannot be imported."""
    return [name for code in read_codes(text) for name in _MODULE.findall(code) if not _has(name)]


def _has(name: str) -> bool:
    parts = name.split(".")
    for end in range(len(parts), 0, -1):
        try:
            found: object = importlib.import_module(".".join(parts[:end]))
        except ModuleNotFoundError:
            continue
        for attribute in parts[end:]:
            if not hasattr(found, attribute):
                return False
            found = getattr(found, attribute)
        return True
    return False


@cache
def read_cli() -> dict[str, dict[str, object]]:
    """Return the commands of `assay`, each with those inside it (`policy`)."""
    found: dict[str, object] = getattr(get_command(app), "commands")  # noqa: B009
    return {name: getattr(command, "commands", {}) for name, command in found.items()}


def find_missing_commands(text: str) -> list[str]:
    """Return the commands of `assay` and targets of `make` that are not there."""
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    missing = []
    for code in read_commands(text):
        for name, inner in _COMMAND.findall(code.split("#")[0]):
            if name not in read_cli():
                missing.append(f"assay {name}")
            elif inner and read_cli()[name] and inner not in read_cli()[name]:
                missing.append(f"assay {name} {inner}")
        if code.startswith("make "):
            missing += [f"make {one}" for one in _TARGET.findall(code) if one not in targets]
    return missing


def list_anchors(page: Path) -> set[str]:
    """Return the anchors that GitHub gives a page's headings."""
    titles = re.findall(r"^#+ (.+)$", _FENCE.sub("", page.read_text("utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def find_broken_links(page: Path, text: str) -> list[str]:
    """Return the links of a page to files or headings that are not there."""
    broken = []
    for link in _LINK.findall(_CODE.sub("", _FENCE.sub("", text))):
        if re.match(r"[a-z]+:", link):
            continue
        place, _, anchor = link.partition("#")
        target = (page.parent / place).resolve() if place else page
        if not target.exists() or (anchor and anchor not in list_anchors(target)):
            broken.append(link)
    return broken


@pytest.mark.parametrize("page", PAGES, **ids)
def test_what_a_page_names_is_there(page: Path) -> None:
    text = page.read_text("utf-8")
    assert find_missing_files(text) == []
    assert find_missing_modules(text) == []
    assert find_missing_commands(text) == []
    assert find_broken_links(page, text) == []


def test_what_is_not_there_would_be_found() -> None:
    assert find_missing_files("`audits/cube/gone.py` `gone.py` `rates.py` `cube/rates.py`") == [
        "audits/cube/gone.py",
        "gone.py",
    ]
    assert find_missing_files("`audits/gone/` `audits/checks/<theme>/` `docs/images`") == [
        "audits/gone/"
    ]
    assert find_missing_modules("`audits.cube.Gone` `audits.cube.Cube`") == ["audits.cube.Gone"]
    commands = "`assay gone` `make gone`\n```sh\nassay policy gone  # assay other\nassay run a\n```"
    assert find_missing_commands(commands) == ["assay gone", "make gone", "assay policy gone"]
    assert find_broken_links(ROOT / "README.md", "[a](docs/gone.md) [b](docs/files.md#gone)") == [
        "docs/gone.md",
        "docs/files.md#gone",
    ]


def test_the_picture_of_the_rooms_is_that_of_the_storeys() -> None:
    """The mermaid picture of docs/architecture.md: a box a storey, each over the one it rests on."""
    page = (ROOT / "docs" / "architecture.md").read_text("utf-8")
    (picture,) = [block for language, block in _FENCE.findall(page) if language == "mermaid"]
    boxes = re.findall(r's(\d+)\["([^"]+)"\]', picture)
    assert [(int(level), rooms.split(" · ")) for level, rooms in boxes] == [
        (level, STOREYS[level].split()) for level in reversed(range(len(STOREYS)))
    ]
    arrows = re.findall(r"s(\d+) --> s(\d+)", picture)
    assert [(int(a), int(b)) for a, b in arrows] == [
        (level + 1, level) for level in reversed(range(len(STOREYS) - 1))
    ]


def test_every_page_of_docs_can_be_reached() -> None:
    """From the README, by links."""
    seen, waiting = set(), [ROOT / "README.md"]
    while waiting:
        page = waiting.pop()
        if page in seen:
            continue
        seen.add(page)
        links = _LINK.findall(page.read_text("utf-8"))
        targets = [(page.parent / link.partition("#")[0]).resolve() for link in links]
        waiting += [one for one in targets if one.suffix == ".md" and one.is_file()]
    assert set(PAGES) - seen == set()


def test_every_decision_has_its_parts_and_its_number() -> None:
    pages = sorted((ROOT / "docs" / "decisions").glob("[0-9]*.md"))
    for number, page in enumerate(pages, 1):
        assert page.name.startswith(f"{number:04}-")
        text = page.read_text("utf-8")
        assert text.startswith(f"# {number}. ")
        assert re.findall(r"^## (.+)$", text, re.MULTILINE) == [
            "Context",
            "Decision",
            "Consequence",
        ]


@pytest.mark.parametrize("name", ["README.md", "docs/guide.md"])
def test_its_settings_can_be_read(name: str) -> None:
    blocks = _FENCE.findall((ROOT / name).read_text("utf-8"))
    (text,) = [block for language, block in blocks if block.startswith("[audit]")]
    assert AuditSpec.model_validate(tomllib.loads(text)).audit.name


def test_pages_that_the_sources_name_are_there() -> None:
    paths = [path for path in map(ROOT.joinpath, list_files()) if path.suffix in (".py", ".toml")]
    named = {
        (path.relative_to(ROOT).as_posix(), page)
        for path in paths
        if path != Path(__file__)
        for page in re.findall(r"docs/[\w/-]+\.md", path.read_text("utf-8"))
    }
    assert len(named) > 10
    assert {one for one in named if not (ROOT / one[1]).is_file()} == set()
