"""Principal reasons by hand: grouped, ordered, never prohibited, and compared."""

import numpy as np
import pytest

from audits.explain.groups.reasons import build_codes, compute_overlap, compute_reasons

FEATURES = ("income", "amount", "late", "sex", "age", "job")
CODES = {"income": "Income for the amount", "amount": "Income for the amount", "late": "Late"}


def codes(prohibited=("sex",)):
    return build_codes(FEATURES, CODES, prohibited)


def test_columns_with_the_same_words_are_one_reason():
    found = codes()
    assert found.names == ("Income for the amount", "Late", "sex", "age", "job")
    assert found.owner == (0, 0, 1, 2, 3, 4)
    assert found.prohibited == (False, False, True, False, False)
    assert found.columns(0, FEATURES) == ("income", "amount")


def test_the_weightiest_come_first_and_help_is_no_reason():
    values = np.array(
        [
            [-0.5, 0.2, -1.0, 0.0, 0.4, -0.1],  # income and amount together: -0.3
            [0.3, 0.1, 0.2, 0.0, 0.1, 0.0],  # nothing counts against this one
        ]
    )
    found = compute_reasons(values, codes())
    assert found.order.tolist() == [[1, 0, 4, -1], [-1] * 4]
    np.testing.assert_allclose(found.shortfall, [[1.0, 0.3, 0.1, 0.0], [0.0] * 4])
    np.testing.assert_allclose(found.total, [1.4, 0.0])
    assert found.prohibited.tolist() == [False, False]


def test_a_prohibited_column_is_never_told_and_never_hidden():
    values = np.array([[-0.5, -0.2, -1.0, -2.0, -0.4, -0.1]])
    found = compute_reasons(values, codes())
    assert found.order.tolist() == [[1, 0, 3, 4]]
    assert found.prohibited.tolist() == [True]
    # Even words that put it together with others do not hide it.
    joined = build_codes(FEATURES, {"sex": "Person", "age": "Person"}, ("sex",))
    assert joined.names[-3:] == ("sex", "Person", "job")
    # One that would come fifth would not have been told anyway.
    weak = compute_reasons(np.array([[-0.5, 0.0, -1.0, -0.01, -0.4, -0.3]]), codes())
    assert weak.prohibited.tolist() == [False]


def test_at_most_four_and_a_model_of_one_column():
    five = compute_reasons(-np.arange(1.0, 7.0)[None, :], build_codes(FEATURES, {}, ()))
    assert five.order.tolist() == [[5, 4, 3, 2]]
    one = compute_reasons(np.array([[-1.0]]), build_codes(("a",), {}, ()))
    assert one.order.tolist() == [[0, -1, -1, -1]]
    assert one.shortfall.tolist() == [[1.0, 0.0, 0.0, 0.0]]


@pytest.mark.parametrize(
    ("one", "other", "share"),
    [
        ([0, 1, 2, 3], [3, 2, 1, 0], 1.0),
        ([0, 1, 2, 3], [0, 1, 4, 5], 0.5),
        ([0, 1, -1, -1], [0, -1, -1, -1], 0.5),
        ([-1] * 4, [-1] * 4, 1.0),
        ([0, -1, -1, -1], [-1] * 4, 0.0),
    ],
)
def test_overlap(one, other, share):
    assert compute_overlap(np.array([one]), np.array([other])).tolist() == [share]
