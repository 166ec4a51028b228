"""Four fifths, exactly: the worked vectors, an independent count by enumeration, invariances."""

from __future__ import annotations

import json
from fractions import Fraction
from math import comb
from pathlib import Path

import pytest
from hypothesis import assume, given, strategies as st
from scipy import stats

from audits.cube.intervals.hypergeometric import compute_exact_test
from audits.rules.adverse_impact import Undefined, compute_adverse_impact

# (selected, people) of the group and of the reference group, and what is known of the pair. From
# the Questions and Answers (12, 21) and from the tables of 6 RCNY 5-301; numbers by calculator.
VECTORS = [
    ((12, 40), (48, 80), {"impact_ratio": 0.5, "z": -3.0984, "z_p": 0.00195,
     "hypergeometric_z": -3.0854, "fisher_p": 0.00341, "mid_p": 0.00214, "flips": False,
     "shortfall": 8.0, "below_four_fifths": True, "significant": True}),
    ((1, 10), (3, 20), {"impact_ratio": 0.6667, "z": -0.3798, "z_p": 0.70411,
     "hypergeometric_z": -0.3734, "fisher_p": 1.0, "mid_p": 0.79201, "flips": True,
     "shortfall": 0.3333, "significant": False}),
    ((45, 100), (60, 100), {"impact_ratio": 0.75, "z": -2.124, "z_p": 0.03367,
     "fisher_p": 0.04717, "mid_p": 0.0352, "flips": False, "significant": True, "robust": False}),
    ((48, 100), (60, 100), {"impact_ratio": 0.8, "below_four_fifths": False, "z": -1.7025,
     "z_p": 0.08866, "fisher_p": 0.11839}),
    ((3, 5), (6, 8), {"impact_ratio": 0.8, "below_four_fifths": False}),
    ((170, 390), (412, 797), {"impact_ratio": 0.8432, "z": -2.6233, "z_p": 0.00871,
     "fisher_p": 0.00943, "mid_p": 0.00864, "below_four_fifths": False, "significant": True}),
    ((7, 17), (215, 412), {"impact_ratio": 0.7891, "z": -0.8901, "z_p": 0.3734,
     "fisher_p": 0.46054, "mid_p": 0.39411, "flips": False, "below_four_fifths": True,
     "significant": False}),
    ((555, 1181), (667, 1390), {"impact_ratio": 0.9793, "z": -0.5017, "z_p": 0.61587,
     "fisher_p": 0.63449}),
    ((3, 12), (12, 16), {"impact_ratio": 0.3333, "z": -2.6253, "z_p": 0.00866,
     "fisher_p": 0.02002, "mid_p": 0.01467, "robust": False}),
]  # fmt: skip
NAMES = {"ir": "impact_ratio", "z_pooled": "z", "p_z": "z_p", "z_hypergeom": "hypergeometric_z",
         "fisher_two_sided": "fisher_p", "flip_flop": "flips"}  # fmt: skip


def check(group, reference, known) -> None:
    found = compute_adverse_impact(*group, *reference)
    for name, value in known.items():
        if isinstance(value, float):
            digits = 4 if name in ("impact_ratio", "z", "hypergeometric_z", "shortfall") else 5
            assert round(getattr(found, name), digits) == value, name
        else:
            assert getattr(found, name) is value, name


@pytest.mark.parametrize(("group", "reference", "known"), VECTORS)
def test_worked_numbers(group, reference, known) -> None:
    check(group, reference, known)


def test_every_shared_vector(shared_data: Path) -> None:
    file = shared_data.parent / "reference" / "ll144_vectors.json"
    vectors = json.loads(file.read_text())["four_fifths_vectors"]
    assert len(vectors) == 9
    for vector in vectors:
        known = {NAMES.get(k, k): v for k, v in vector.items() if k not in ("name", "a", "ref")}
        check(vector["a"], vector["ref"], known)


@st.composite
def tables(draw, most: int = 60):
    n, ref_n = draw(st.integers(1, most)), draw(st.integers(1, most))
    return draw(st.integers(0, n)), n, draw(st.integers(0, ref_n)), ref_n


def enumerate_p(selected, n, ref_selected, ref_n) -> tuple[Fraction, Fraction]:
    """Fisher's two-sided p and its mid-p, by counting every table with the same margins."""
    chosen = selected + ref_selected
    ways = {
        k: comb(n, k) * comb(ref_n, chosen - k)
        for k in range(max(0, chosen - ref_n), min(chosen, n) + 1)
    }
    total, seen = sum(ways.values()), ways[selected]
    less = Fraction(sum(way for way in ways.values() if way < seen), total)
    tied = Fraction(sum(way for way in ways.values() if way == seen), total)
    return less + tied, less + tied / 2


@given(tables())
def test_exact_p_values_equal_an_enumeration(table) -> None:
    fisher, mid_p = enumerate_p(*table)
    found = compute_exact_test(*table)
    assert found.fisher == pytest.approx(float(fisher), rel=1e-9)
    assert found.mid_p == pytest.approx(float(mid_p), rel=1e-9)


@given(tables())
def test_four_fifths_and_the_flip_are_exact(table) -> None:
    selected, n, ref_selected, ref_n = table
    assume(ref_selected > 0)
    found = compute_adverse_impact(*table)
    ratio = Fraction(selected * ref_n, ref_selected * n)
    assert found.below_four_fifths is (ratio < Fraction(4, 5))
    assert (found.impact_ratio < 0.8) is found.below_four_fifths
    assert found.impact_ratio == ratio.numerator / ratio.denominator
    lower = Fraction(selected, n) < Fraction(ref_selected, ref_n)
    turned = Fraction(selected + 1, n) > Fraction(ref_selected - 1, ref_n)
    assert found.flips is (lower and turned)
    # What the policy relies on: falling short by less than a person is the same thing.
    assert found.flips is (lower and found.shortfall < 1)
    expected = Fraction(n * (selected + ref_selected), n + ref_n) - selected
    assert found.shortfall == pytest.approx(float(expected), abs=1e-12)


@given(tables())
def test_order_of_groups_does_not_matter_to_the_tests(table) -> None:
    selected, n, ref_selected, ref_n = table
    one = compute_adverse_impact(*table)
    other = compute_adverse_impact(ref_selected, ref_n, selected, n)
    assert one.fisher_p == pytest.approx(other.fisher_p, rel=1e-9)
    assert one.mid_p == pytest.approx(other.mid_p, rel=1e-9)
    assert one.shortfall == pytest.approx(-other.shortfall)
    if one.z is not None:
        assert one.z == pytest.approx(-other.z)
        assert abs(one.hypergeometric_z) <= abs(one.z)


@given(tables(), st.integers(2, 50))
def test_ratio_is_that_of_the_rates_whatever_the_scale(table, factor) -> None:
    assume(table[2] > 0)
    one = compute_adverse_impact(*table)
    many = compute_adverse_impact(*(factor * number for number in table))
    assert many.impact_ratio == one.impact_ratio
    assert many.below_four_fifths is one.below_four_fifths
    assert many.shortfall == pytest.approx(factor * one.shortfall)


@pytest.mark.parametrize(
    ("table", "undefined"),
    [
        ((0, 0, 3, 5), Undefined.EMPTY_GROUP),
        ((1, 2, 0, 0), Undefined.EMPTY_REFERENCE),
        ((0, 4, 0, 5), Undefined.NOBODY_SELECTED),
        ((2, 4, 0, 5), Undefined.REFERENCE_ZERO),
        ((0, 4, 2, 5), None),
    ],
)
def test_undefined_by_name(table, undefined) -> None:
    found = compute_adverse_impact(*table)
    assert found.undefined is undefined
    assert (found.impact_ratio is None) is (undefined is not None)
    assert (found.below_four_fifths is None) is (undefined is not None)
    # 1 of 4 would be more than 1 of 5.
    assert found.flips is (table == (0, 4, 2, 5))


def test_everybody_selected_has_no_z_and_no_evidence() -> None:
    found = compute_adverse_impact(4, 4, 9, 9)
    assert (found.z, found.fisher_p, found.mid_p, found.impact_ratio) == (None, 1.0, 0.5, 1.0)


@pytest.mark.parametrize(
    "table",
    [
        (1_000_000, 3_000_000, 1_003_000, 3_000_000),
        (5, 2_000_000, 20, 2_000_000),
        (5_000_000, 10_000_000, 5_002_000, 10_000_000),
        (100_000, 1_000_000, 900_000, 1_000_000),
    ],
)
def test_millions_agree_with_scipy(table) -> None:
    selected, n, ref_selected, ref_n = table
    found = compute_exact_test(*table)
    counts = [[selected, n - selected], [ref_selected, ref_n - ref_selected]]
    assert found.fisher == pytest.approx(stats.fisher_exact(counts).pvalue, rel=1e-6, abs=1e-300)
    assert found.mid_p <= found.fisher
