"""Scores of classifiers without probabilities: their order, and their own decisions."""

import numpy as np
import pytest
from hypothesis import given, strategies as st

from audits.models.adapters.class_scores import compute_class_scores
from audits.models.adapters.readout import rank

MARGINS = [0.0, -0.0, 5e-324, -5e-324, 1e-20, -1e-20, 1.0, -1.0, 40.0, 41.0, 1e6, 1e15, -1e15]


class Margin:
    """A classifier whose margins and decisions are given."""

    def __init__(self, margins, decided, classes):
        self.margins, self.decided = np.asarray(margins), np.asarray(decided)
        self.classes_ = np.asarray(classes)

    def decision_function(self, _):
        return self.margins

    def predict(self, _):
        return self.classes_[self.decided]


@pytest.mark.parametrize("at_zero", [0, 1])
def test_half_is_where_the_model_decides(at_zero):
    """Also at a margin of nothing, and next to it, where adding a half loses the sign."""
    margins = np.array(MARGINS)
    decided = np.where(margins == 0, at_zero, margins > 0)
    scores = compute_class_scores(Margin(margins, decided, ["no", "yes"]), None)
    np.testing.assert_array_equal(scores[:, 1] >= 0.5, decided == 1)
    np.testing.assert_array_equal(scores[:, 0] >= 0.5, decided == 0)
    np.testing.assert_array_equal(scores.argmax(axis=1), decided)


@given(st.lists(st.floats(-1e12, 1e12), min_size=2))
def test_order_is_kept(margins):
    margins = np.sort(np.array(margins))
    scores = rank(margins)
    assert (np.diff(scores) >= 0).all()
    assert scores.min() >= 0
    assert scores.max() <= 1


def test_margins_far_apart_do_not_tie_as_the_logistic_function_has_them():
    far = np.array([40.0, 60.0, 1000.0])
    assert len(set(1 / (1 + np.exp(-far)))) == 1
    assert len(set(rank(far))) == 3


def test_of_several_classes_the_decided_one_has_the_largest_score():
    """Votes between pairs may decide for another class than the one with the largest margin."""
    margins = [[3.0, 2.0, 1.0], [1e300, 1e300, 0.0], [0.0, 0.0, 0.0]]
    scores = compute_class_scores(Margin(margins, [1, 1, 2], ["a", "b", "c"]), None)
    assert scores.argmax(axis=1).tolist() == [1, 1, 2]
    assert scores.max() <= 1


def test_without_a_margin_decisions_are_zero_and_one():
    model = Margin([np.nan, 1.0], [1, 0], ["no", "yes"])
    assert compute_class_scores(model, None).tolist() == [[0, 1], [1, 0]]
