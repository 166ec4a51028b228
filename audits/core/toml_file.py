"""TOML for people: a broken file is named with its line, an unknown key with near misses."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from audits.core.errors import InputError, near_misses


def load_toml(path: Path, role: str) -> dict[str, Any]:
    """Return a TOML file's tables. Raises InputError: missing, not UTF-8, or broken (its line)."""
    if not path.is_file():
        raise InputError(f"{role} file {str(path)!r}: no such file")
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except UnicodeDecodeError as error:
        raise InputError(f"{path.name} is not UTF-8 text; save it as UTF-8") from error
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{path.name} is not valid TOML: {error}") from error


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
