"""`[data]`: where the rows are, and what their columns and values mean."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, Self

from pydantic import Field, model_validator

from audits.core.errors import near_misses
from audits.core.limits import MAX_GROUPS
from audits.core.report.estimate import Frozen
from audits.core.settings.pairs import Pairs, read_pairs
from audits.core.settings.recourse import Scalar
from audits.core.settings.values import Scalars, Texts, check_values_apart

ColumnType = Literal["text", "number", "boolean", "date"]
ADVICE = 'add [data.descendants] {pair.attribute} = ["{pair.column}"]'


class DataSection(Frozen):
    """`[data]`: where the rows are and what their columns mean."""

    path: str
    """The audited rows: a file, a folder or a pattern."""
    target: str | None = None
    """The column with the true outcome."""
    positive: Scalar | None = None
    """The target's favourable value."""
    negative: Scalars = ()
    """The target's other values; without it there may be one other."""
    protected: tuple[str, ...] = ()
    """The protected columns, whose groups are compared."""
    legitimate: tuple[str, ...] = ()
    """Columns that people hold to be good reasons for a difference (check
    `fairness.conditional`)."""
    protected_path: str | None = None
    """A separate file with the protected columns."""
    key: str | None = None
    """The column that joins the rows of `protected_path` to the data's."""
    reference: str | None = None
    """The reference data: rows that the model learned from, written as `path` is."""
    weight: str | None = None
    """The column with the rows' weights."""
    id: str | None = None
    """The column with the rows' ids; without it rows are numbered from 0."""
    missing: Texts = ()
    """Values that stand for "no value" in any column; an empty field and NaN always do."""
    drop: Scalars = ()
    """Values of the target whose rows are left out."""
    spellings: Mapping[str, Mapping[str, Texts]] = Field(default_factory=dict)
    """Other ways in which a column writes a value: `sex = { Female = ["female", "F"] }`. Outcomes,
    decisions and groups are read so; a model gets its columns as they are."""
    types: Mapping[str, ColumnType] = Field(default_factory=dict)
    """What a column holds where that is not plain: `zip = "text"`."""
    edges: Mapping[str, tuple[float, ...]] = Field(default_factory=dict)
    """Cuts a numeric protected column: `age = [25, 65]` makes "under 25", "25 to under 65" and "65
    and over"."""
    reference_groups: Mapping[str, str] = Field(default_factory=dict)
    """The group of each protected column that the others are compared with; by default the
    largest."""
    descendants: Mapping[str, tuple[str, ...]] = Field(default_factory=dict)
    """The columns that follow from a protected one: `sex = ["title"]`."""
    pairs: Pairs = Field(default_factory=dict)
    """What the values of a descendant become when its protected column is flipped; without it that
    is learned (see `audits.core.settings.pairs`)."""
    encoding: str | None = None
    """The files' encoding, where they do not show it."""
    delimiter: str | None = None
    """What stands between two fields of a CSV file, where it does not show it."""
    decimal: str | None = None
    """The decimal mark of a CSV file, where it does not show it."""
    sheet: str | None = None
    """The sheet of an Excel workbook."""
    max_groups: int = Field(default=MAX_GROUPS, ge=1)
    """No protected column, nor two of them crossed, may make more groups."""
    merge_rare: int | None = Field(default=None, ge=2)
    """Groups of fewer rows become one, "(other)"."""

    @model_validator(mode="after")
    def _descend(self) -> Self:
        for name, columns in self.descendants.items():
            if name not in self.protected:
                hint = near_misses(name, self.protected)
                raise ValueError(f"descendants names {name!r}, which is not in protected{hint}")
            if both := sorted(set(columns) & {*self.protected, self.target}):
                raise ValueError(
                    f"descendants of {name!r} has {both[0]!r}, which is protected or the target; "
                    "name columns that the model sees and that follow from the protected one"
                )
        return self

    @model_validator(mode="after")
    def _values_are_apart(self) -> Self:
        if self.negative and self.positive is None:
            raise ValueError("negative needs positive, the target's favourable value")
        if self.drop and self.target is None:
            raise ValueError("drop lists values of the target; name that column")
        favourable = () if self.positive is None else (self.positive,)
        check_values_apart(
            {
                "positive": favourable,
                "negative": self.negative,
                "missing": self.missing,
                "drop": self.drop,
            }
        )
        for column, spelled in self.spellings.items():
            check_values_apart(
                {f"spellings.{column}.{name}": {name, *also} for name, also in spelled.items()}
            )
        return self

    @model_validator(mode="after")
    def _pair(self) -> Self:
        for pair in read_pairs(self.pairs):
            known = self.descendants.get(pair.attribute, ())
            if pair.column not in known:
                hint = near_misses(pair.column, known) or f"; {ADVICE.format(pair=pair)}"
                raise ValueError(
                    f"pairs.{pair.attribute} names {pair.column!r}, which is not declared to "
                    f"follow from {pair.attribute!r}{hint}"
                )
        return self

    @model_validator(mode="before")
    @classmethod
    def _empty_is_absent(cls, data: object) -> object:
        optional = ("target", "protected_path", "key", "reference", "weight", "id")
        if isinstance(data, dict):
            return {k: v for k, v in data.items() if not (k in optional and v == "")}
        return data
