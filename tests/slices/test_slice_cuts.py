"""Columns become conditions whose words are true of exactly the rows that they hold."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from audits.slices.cuts import Cut, cut_numbers, cut_texts, find_edges


def cut_of(name: str, values: list[float | None]) -> Cut:
    known = np.array([value for value in values if value is not None], dtype=np.float64)
    whole = bool((known == np.floor(known)).all())
    return cut_numbers(name, find_edges(known), float(known.min()), float(known.max()), whole)


def rows_of(cut: Cut, words: str, values: pa.Array) -> list[int]:
    codes = cut.encode(values)
    return np.flatnonzero(cut.member[cut.words.index(words)][codes]).tolist()


def test_few_numbers_are_kept_apart_and_missing_is_a_condition() -> None:
    values = [0.0, 1.0, 2.0, None, 1.0]
    cut = cut_of("flag", values)
    assert cut.words == (
        "flag = 0", "flag under 2", "flag = 1", "flag 1 and over", "flag = 2", "flag is missing",
    )  # fmt: skip
    array = pa.array(values, pa.float64())
    assert rows_of(cut, "flag under 2", array) == [0, 1, 4]
    assert rows_of(cut, "flag 1 and over", array) == [1, 2, 4]
    assert rows_of(cut, "flag is missing", array) == [3]


def test_ranges_are_half_open_and_say_so() -> None:
    values = np.arange(0, 80, dtype=float)
    cut = cut_numbers("age", find_edges(values), 0.0, 79.0, whole=True)
    assert np.array_equal(cut.edges, np.arange(10.0, 80.0, 10.0))
    assert rows_of(cut, "age under 10", pa.array(values)) == list(range(10))
    assert rows_of(cut, "age 20 to under 40", pa.array(values)) == list(range(20, 40))
    assert rows_of(cut, "age 70 and over", pa.array(values)) == list(range(70, 80))


def test_a_value_that_most_rows_have_is_a_condition_of_its_own() -> None:
    gain = np.concatenate([np.zeros(920), np.arange(114, 194)])
    cut = cut_numbers("gain", find_edges(gain), 0.0, 193.0, whole=True)
    assert {"gain under 114", "gain 114 and over"} <= set(cut.words)


def test_edges_are_round_and_exact() -> None:
    draw = np.random.default_rng(0).normal(0, 1, 10_000)
    edges = find_edges(draw)
    assert np.array_equal(edges, np.round(edges, 1))
    text = cut_numbers("x", edges, float(draw.min()), float(draw.max()), whole=False).words
    assert all(len(words) < 30 for words in text)
    assert 0 in edges
    assert not np.signbit(edges[edges == 0]).any()


def test_infinite_and_constant_numbers() -> None:
    assert len(find_edges(np.full(100, 3.0))) == 0
    edges = find_edges(np.concatenate([np.full(50, np.inf), np.arange(50.0)]))
    assert not np.isnan(edges).any()
    lonely = cut_numbers("x", find_edges(np.zeros(0)), np.inf, -np.inf, whole=True)
    assert lonely.words == ("x is missing",)


def test_texts_keep_the_most_frequent_and_leave_the_rest_out() -> None:
    cut = cut_texts("straße", {"ß": 3, "b": 5, "a": 3})
    assert cut.words == ("straße = b", "straße = a", "straße = ß", "straße is missing")
    values = pa.array(["a", None, "unknown", "ß"], pa.string())
    assert rows_of(cut, "straße = ß", values) == [3]
    assert rows_of(cut, "straße is missing", values) == [1]
    assert not cut.member[:, cut.encode(values)[2]].any()
    assert cut_texts("straße", {"a": 3, "ß": 3, "b": 5}).words == cut.words


def test_conditions_without_enough_rows_on_both_sides_are_dropped() -> None:
    cut = cut_texts("level", {"a": 60, "b": 30, "c": 10})
    kept = cut.keep_supported(np.array([60, 30, 10, 0, 0]), 20)
    assert kept.words == ("level = a", "level = b")
    only = cut_texts("one", {"a": 100})
    assert only.keep_supported(np.array([100, 0, 0]), 20).words == ()


def test_neighbours_are_one_part_wider_or_narrower() -> None:
    cut = cut_of("n", [0.0, 1.0, 2.0, 3.0])
    own = cut.words.index("n 1 to under 3")
    near = {cut.words[i] for i in cut.neighbours[own]}
    assert near == {"n under 3", "n = 2", "n = 1", "n 1 and over"}
    missing = cut.words.index("n is missing")
    assert set(cut.neighbours[missing].tolist()) == {missing}
