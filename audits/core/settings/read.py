"""Reading `audit.toml`."""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError

from audits.core.errors import InputError
from audits.core.settings.spec import AuditSpec
from audits.core.settings.toml_file import describe_problem, load_toml


def load_spec(path: Path) -> AuditSpec:
    """Read an audit's settings. Raises InputError with the key, what is allowed, or the line."""
    data = load_toml(path, "audit")
    try:
        return AuditSpec.model_validate(data)
    except ValidationError as error:
        raise InputError(f"{path.name}: {describe_problem(error, AuditSpec)}") from error
