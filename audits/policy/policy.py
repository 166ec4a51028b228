"""A policy's rules, as read from a preset or a person's own file."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, ValidationError, model_validator

from audits.core.errors import InputError, near_misses, one_of
from audits.core.estimate import Frozen
from audits.core.limits import MIN_ROWS
from audits.core.toml_file import describe_problem, load_toml

IN_FORCE = "policy_in_force"
"""Key of a report's effective settings that holds the policy's rules as they were read."""

Scope = Literal["overall", "attribute", "intersection", "groups"]


class Rule(Frozen):
    """What one metric may be.

    scope: "overall" judges the whole data's number, or each column's; "attribute" those of single
    protected columns, "intersection" those of combinations, "groups" both of the latter.
    `fail_below`, `warn_below`, `fail_above`, `warn_above` bound the value (`*_above` bounds the
    distance from zero of a difference). A value out of bounds counts only where chance does
    not explain it: see `judge`; and where each metric of `only_while_below`, for the whole data,
    is under its bound there (one that was not measured counts as under it).
    """

    name: str = Field(min_length=1)
    title: str = Field(min_length=1)
    metric: str = Field(min_length=1)
    scope: Scope = "groups"
    fail_below: float | None = None
    warn_below: float | None = None
    fail_above: float | None = None
    warn_above: float | None = None
    only_while_below: Mapping[str, float] = Field(default_factory=dict)
    source: str = ""

    @model_validator(mode="after")
    def _bounded(self) -> Self:
        below = self.fail_below is not None or self.warn_below is not None
        above = self.fail_above is not None or self.warn_above is not None
        if below == above:
            raise ValueError(
                "needs a lower bound (fail_below, warn_below) or an upper one (fail_above, "
                "warn_above), not both"
            )
        return self


class Policy(Frozen):
    """Rules with the certainty that they ask for.

    alpha: a breach is a finding where its p-value, adjusted by Holm over all comparisons
    of the rule, is under it. min_rows: groups with fewer rows are not judged.
    """

    name: str
    title: str
    alpha: float = Field(default=0.05, gt=0, lt=1)
    min_rows: int = Field(default=MIN_ROWS, ge=1)
    rules: tuple[Rule, ...]

    @model_validator(mode="after")
    def _unique(self) -> Self:
        names = [rule.name for rule in self.rules]
        if len(set(names)) < len(names):
            raise ValueError("two rules have the same name")
        return self


def list_presets() -> tuple[str, ...]:
    """Return the names of the policies that come with Assay."""
    folder = resources.files("audits.policy") / "presets"
    return tuple(sorted(item.name[:-5] for item in folder.iterdir() if item.name.endswith(".toml")))


def load_policy(preset: str | None, path: Path | None) -> Policy:
    """Read a preset or a file; without either, the preset "four-fifths".

    Raises InputError for an unknown preset, a missing or broken file, or a rule that is none.
    """
    if path is None:
        name = preset or "four-fifths"
        if name not in list_presets():
            hint = near_misses(name, list_presets())
            known = one_of(list_presets())
            raise InputError(f"policy preset {name!r} is unknown{hint} (there are {known})")
        with resources.as_file(resources.files("audits.policy") / "presets") as folder:
            return _read(folder / f"{name}.toml")
    return _read(path)


def _read(path: Path) -> Policy:
    data = load_toml(path, "policy")
    try:
        return Policy.model_validate(data)
    except ValidationError as error:
        raise InputError(f"policy {path.name}: {describe_problem(error)}") from error
