"""What only people can say: the keys of `card.toml`, and what belongs under each."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from audits.core.errors import InputError, near_misses, one_of
from model_cards.card import HumanText, Section

PROMPTS: dict[str, tuple[str, str]] = {
    "intended_use": (
        "Intended use",
        "what it is for, who uses it, on whom, and what happens with its answer",
    ),
    "out_of_scope_use": (
        "Out-of-scope use",
        "what it must not be used for, and the people it was not built for",
    ),
    "ethical_considerations": (
        "Ethical considerations",
        "who may be harmed and how, what was weighed, and who looks at contested decisions",
    ),
    "limitations": (
        "Limitations known to its makers",
        "what the makers know that no measurement shows: old data, known gaps, assumptions",
    ),
    "contact": (
        "Contact",
        "who answers for it, and where a person affected by it can turn",
    ),
}
"""Key in `card.toml`: title of the section, and what belongs there."""


def check_keys(human: Mapping[str, str]) -> None:
    """Raise InputError for a key that no section has."""
    for key in human:
        if key not in PROMPTS:
            raise InputError(
                f"card text {key!r} has no place in a card{near_misses(key, PROMPTS)}; "
                f"allowed: {one_of(PROMPTS)}"
            )


def make_human_section(key: str, human: Mapping[str, str]) -> Section:
    """Return the section for one key, marked as unwritten where people have said nothing."""
    title, prompt = PROMPTS[key]
    return Section(key, title, (HumanText(key, prompt, human.get(key)),), human=True)


@dataclass(frozen=True, slots=True)
class HumanParagraph:
    """Lines that belong together; `listed` where each was written as an item ("- ...")."""

    lines: tuple[str, ...]
    listed: bool


def split_paragraphs(text: str) -> list[HumanParagraph]:
    """Return people's text as paragraphs and lists: an empty line parts them."""
    found: list[HumanParagraph] = []
    for line in [*text.splitlines(), ""]:
        words = line.strip()
        listed = words.startswith("- ")
        if not words:
            found.append(HumanParagraph((), False))
            continue
        last = found.pop() if found and found[-1].lines and found[-1].listed == listed else None
        before = () if last is None else last.lines
        found.append(HumanParagraph((*before, words[2:] if listed else words), listed))
    return [paragraph for paragraph in found if paragraph.lines]


def load_human_text(path: Path) -> dict[str, str]:
    """Read `card.toml`: one text for each key of `PROMPTS`, any of them absent.

    Raises InputError for a file that cannot be read, is no TOML, has an unknown key, or a
    value that is not text. An empty text counts as not written.
    """
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"cannot read the card's text {path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is not UTF-8 text: save it as UTF-8") from error
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{path} is not valid TOML: {error}") from error
    check_keys(table)
    for key, value in table.items():
        if not isinstance(value, str):
            raise InputError(
                f'{path}: {key} is {type(value).__name__}, not text; write {key} = "..."'
            )
    return {key: value.strip() for key, value in table.items() if value.strip()}
