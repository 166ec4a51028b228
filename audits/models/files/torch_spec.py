"""The JSON half of `assay.torch/1`: what a network is, without a line of code in it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, ValidationError, model_validator

from audits.core.errors import InputError
from audits.core.report.estimate import Frozen

SCHEMA: Literal["assay.torch/1"] = "assay.torch/1"
_Width = Annotated[int, Field(ge=1, le=65_536)]


class NumericColumn(Frozen):
    """A number: missing becomes `fill`, then `(x - mean) / std`."""

    name: str
    mean: float
    std: float = Field(gt=0)
    fill: float


class CategoricalColumn(Frozen):
    """A category, compared as text; embedding row 0 is for missing and unseen values."""

    name: str
    categories: tuple[str, ...]
    dim: _Width


class TorchSpec(Frozen):
    """One network. See docs/formats.md for the meaning of every field."""

    schema_: Literal["assay.torch/1"] = Field(alias="schema")
    architecture: Literal["tabular"]
    weights: str
    task: Literal["binary", "multiclass", "regression"]
    classes: tuple[str, ...] = ()
    features: tuple[str, ...] = Field(min_length=1)
    numeric: tuple[NumericColumn, ...] = ()
    categorical: tuple[CategoricalColumn, ...] = ()
    hidden: tuple[_Width, ...] = Field(max_length=64)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        columns = [item.name for item in self.numeric] + [item.name for item in self.categorical]
        if sorted(columns) != sorted(self.features) or len(set(columns)) != len(columns):
            raise ValueError("features must be the numeric and the categorical columns, each once")
        allowed: Mapping[str, bool] = {
            "binary": len(self.classes) == 2,
            "multiclass": len(self.classes) >= 3,
            "regression": not self.classes,
        }
        if not allowed[self.task]:
            raise ValueError(f"{len(self.classes)} classes do not fit the task {self.task}")
        if Path(self.weights).name != self.weights or self.weights in ("", "..", "."):
            raise ValueError("weights must be the name of a file in the same folder")
        return self

    @property
    def n_outputs(self) -> int:
        """Outputs of the last layer: 1, or one a class for multiclass."""
        return len(self.classes) if self.task == "multiclass" else 1


def load_spec(path: Path) -> TorchSpec:
    """Read the JSON file. Raises InputError naming the field that is wrong."""
    try:
        document = json.loads(path.read_bytes())
        return TorchSpec.model_validate(document)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the file"
        raise InputError(
            f"{path.name} is no {SCHEMA} model: {where}: {first['msg']}; correct it"
        ) from error
    except (ValueError, RecursionError) as error:
        raise InputError(
            f"{path.name} is damaged: it is no JSON ({error}); write it again"
        ) from error
