"""Policies: the presets that come with Assay, and people's own files."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

from audits.core.errors import InputError, near_misses, one_of
from audits.core.settings.spec import Task
from audits.policy.file import parse_policy, read_policy
from audits.policy.judging.coverage import DEFAULT_PRESETS
from audits.policy.rule import IN_FORCE, Policy, Rule

__all__ = [
    "DEFAULT_PRESETS",
    "IN_FORCE",
    "Policy",
    "Rule",
    "list_presets",
    "load_policy",
    "read_preset",
]


def list_presets() -> tuple[str, ...]:
    """Return the names of the policies that come with Assay."""
    folder = resources.files("audits.policy") / "presets"
    return tuple(sorted(item.name[:-5] for item in folder.iterdir() if item.name.endswith(".toml")))


def read_preset(name: str) -> str:
    """Return the text of a preset's file. Raises InputError for an unknown name."""
    if name not in list_presets():
        hint = near_misses(name, list_presets())
        raise InputError(
            f"policy preset {name!r} is unknown{hint} (there are {one_of(list_presets())})"
        )
    file = resources.files("audits.policy") / "presets" / f"{name}.toml"
    return file.read_text(encoding="utf-8")


def load_policy(preset: str | None, path: Path | None, task: Task = "binary") -> Policy:
    """Read a preset or a file; without either, the preset that is made for the task.

    Raises InputError for an unknown preset, a missing or broken file, or a rule that is none.
    """
    if path is not None:
        return read_policy(path)
    name = preset or DEFAULT_PRESETS[task]
    return parse_policy(read_preset(name), f"{name}.toml")
