"""Words that cuts write are read back as exactly the rows that they hold."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from audits.core.errors import InputError
from audits.data.schema import Column
from audits.slices.conditions import parse_condition
from audits.slices.cuts import cut_numbers, cut_texts, find_edges

ODD = ["", " a = b", "1 to under 2", "ü & w", "is missing", "1e5", None]


def number(name: str) -> Column:
    return Column(name, "number", 0, 1)


@pytest.mark.parametrize("scale", [1.0, 1e-9, 1e12])
@pytest.mark.parametrize("whole", [True, False])
def test_every_condition_of_numbers(scale: float, whole: bool) -> None:
    draw = np.random.default_rng(0)
    values = draw.integers(-5, 40, 500) if whole else draw.normal(0, 1, 500) * scale
    values = np.where(draw.random(500) < 0.1, np.nan, values)
    known = values[~np.isnan(values)]
    cut = cut_numbers("a b", find_edges(known), float(known.min()), float(known.max()), whole)
    array = pa.array(values, pa.float64())
    codes = cut.encode(array)
    for words, member in zip(cut.words, cut.member, strict=True):
        condition = parse_condition(words, [number("a"), number("a b")])
        assert condition.column.name == "a b"
        np.testing.assert_array_equal(condition.find(array), member[codes], err_msg=words)


def test_every_condition_of_texts() -> None:
    values = [text for text in ODD for _ in range(3)]
    cut = cut_texts("k", {text: 3 for text in ODD if text is not None})
    array = pa.array(values, pa.string())
    codes = cut.encode(array)
    column = Column("k", "text", 3, 6)
    for words, member in zip(cut.words, cut.member, strict=True):
        found = parse_condition(words, [column]).find(array)
        np.testing.assert_array_equal(found, member[codes], err_msg=words)


def test_a_number_of_many_digits_is_exact() -> None:
    edge = 0.1 + 0.2
    condition = parse_condition(f"x {edge!r} and over", [number("x")])
    array = pa.array([0.3, edge], pa.float64())
    assert condition.find(array).tolist() == [False, True]


@pytest.mark.parametrize(
    "words", ["age", "age about 3", "age under young", "ages under 3", "name under 3", ""]
)
def test_words_that_make_no_sense_are_named(words: str) -> None:
    with pytest.raises(InputError, match="is not understood; write a column of the data"):
        parse_condition(words, [number("age"), Column("name", "text", 0, 1)])
