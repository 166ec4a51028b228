"""TOML for people: a broken file is named with its line, an unknown key with near misses."""

from __future__ import annotations

import codecs
import json
import re
import tomllib
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from audits.core.errors import InputError, near_misses

_LINE = re.compile(r"at line (\d+)")


def load_toml(path: Path, role: str) -> dict[str, Any]:
    """Return a TOML file's tables. Raises InputError: missing, not UTF-8, or broken (its line)."""
    if not path.is_file():
        raise InputError(f"{role} file {str(path)!r}: no such file")
    text = read_toml_text(path)
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{path.name} is not valid TOML: {explain_toml(error, text)}") from error
    except (RecursionError, ValueError) as error:
        raise InputError(
            f"{path.name} is not valid TOML: nested too deeply, or a number too long"
        ) from error


def read_toml_text(path: Path) -> str:
    """Return the text of a TOML file, which is UTF-8 unless a byte-order mark says UTF-16; without
    the mark. Raises InputError with the line of the first byte that is none."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path.name} cannot be read: {error.strerror}") from error
    is_wide = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        return content.decode("utf-16" if is_wide else "utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise InputError(
            f"{path.name} is not UTF-8 text (line {line}); save it as UTF-8"
        ) from error


def explain_toml(error: tomllib.TOMLDecodeError, text: str) -> str:
    """Return what is wrong with a TOML text, with the way out where a Windows path is why."""
    found = _LINE.search(str(error))
    lines = text.splitlines()
    line = lines[int(found[1]) - 1] if found and 0 < int(found[1]) <= len(lines) else ""
    if "\\" in line:
        return f"{error}; write a path with \\ in 'single quotes', or with / instead"
    return str(error)


def render_key(name: str) -> str:
    """Return a name as a key of TOML: bare, or in quotes."""
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else render_value(name)


def render_value(value: object) -> str:
    """Return a value as TOML on one line, as a message or a commented line has it; JSON's strings
    are TOML's, but for one control character."""
    if isinstance(value, list | tuple):
        return "[" + ", ".join(render_value(item) for item in value) + "]"
    if isinstance(value, dict):
        pairs = ", ".join(
            f"{render_key(key)} = {render_value(item)}" for key, item in value.items()
        )
        return f"{{ {pairs} }}"
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def describe_problem(error: ValidationError, model: type[BaseModel] | None = None) -> str:
    """Return the first problem of a rejected file in one line, with near misses for keys."""
    problem = error.errors(include_url=False)[0]
    place = ".".join(str(part) for part in problem["loc"])
    if problem["type"] == "extra_forbidden":
        key = str(problem["loc"][-1])
        known = _known_keys(model, problem["loc"][:-1]) if model else ()
        listed = f" (allowed: {', '.join(known)})" if known else ""
        return f"unknown key {place}{near_misses(key, known)}{listed}"
    message = problem["msg"].removeprefix("Value error, ")
    if problem["type"] == "missing":
        return f"{place} is missing"
    given = problem.get("input")
    shown = f" (given: {given!r})" if isinstance(given, str | int | float | bool) else ""
    return f"{place}: {message}{shown}" if place else f"{message}{shown}"


def _known_keys(model: type[BaseModel], path: tuple[int | str, ...]) -> tuple[str, ...]:
    for part in path:
        field = model.model_fields.get(str(part))
        inner = (
            [
                kind
                for kind in (field.annotation, *get_args(field.annotation))
                if isinstance(kind, type) and issubclass(kind, BaseModel)
            ]
            if field
            else []
        )
        if not inner:
            return ()
        model = inner[0]
    return tuple(model.model_fields)
