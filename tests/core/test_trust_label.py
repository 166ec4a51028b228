"""Labels: the table of limits, the worst measure decides, and words that say what numbers do."""

import pytest

from audits.core.report.estimate import Estimate, Unavailable
from audits.core.report.measurement import Measurement, measurement_id
from audits.core.report.parts import Part, PartKind
from audits.core.words.methods import TITLES
from audits.core.words.words import METRICS
from audits.explain.methods import METHODS
from audits.findings.stories.trust import judge_explanations
from audits.findings.stories.trust_limits import LIMITS, Grade


def measure(metric, value, low=None, high=None, other="", method="tree_shap", unit="ratio"):
    name = Part(PartKind.METHOD, method, other).text
    low, high = (value if low is None else low), (value if high is None else high)
    return Measurement(
        id=measurement_id(metric, part=Part.parse(name)), check="explain.trust", metric=metric,
        slice=name, unit=unit, direction="higher_is_better",
        estimate=Estimate(value=value, low=low, high=high, n=200, method="t", confidence=0.95),
    )  # fmt: skip


def lack(metric, reason):
    return Measurement(
        id=measurement_id(metric, part=Part(PartKind.METHOD, "tree_shap")), check="explain.trust",
        metric=metric, slice="method=tree_shap", unit="ratio", direction="higher_is_better",
        unavailable=Unavailable(reason=reason),
    )  # fmt: skip


GOOD = (
    measure("trust_deletion", 4.1, 3.8, 4.4),
    measure("trust_claim", 0.95, 0.9, 1.0),
    measure("trust_insertion", 2.0, 1.9, 2.1),
)


def judge(*items):
    (found,) = judge_explanations(items)
    return found


def test_the_plain_sentence():
    found = judge(*GOOD)
    assert (found.grade, found.label, found.title) == (
        Grade.RELIABLE, "Can be relied on", "SHAP for trees",
    )  # fmt: skip
    assert found.sentence == (
        "Shuffling the explanation's top columns changes the score 4.10 times as much as "
        "shuffling random ones (95% 3.80 to 4.40; 200 rows)."
    )


def test_the_worst_measure_decides_and_is_named():
    found = judge(*GOOD[1:], measure("trust_deletion", 0.9, 0.8, 1.0),
                  measure("trust_noise", 0.2, 0.1, 0.3))  # fmt: skip
    assert found.grade is Grade.UNRELIABLE
    assert found.label == "Not reliable"
    assert "0.90 times" in found.sentence
    assert found.sentence.endswith("Also against it: stability under small moves.")


def test_an_interval_that_straddles_a_bound_is_with_care():
    limit = next(one for one in LIMITS if one.metric == "trust_noise")
    cases = {(0.85, 0.95): Grade.RELIABLE, (0.7, 0.9): Grade.CARE, (0.3, 0.6): Grade.CARE,
             (0.1, 0.45): Grade.UNRELIABLE}  # fmt: skip
    for (low, high), expected in cases.items():
        assert judge(*GOOD, measure("trust_noise", low, low, high)).grade is expected
        assert limit.grade(measure("trust_noise", low, low, high).estimate) is expected


def test_less_is_better_turns_the_bounds_round():
    for low, high, expected in (
        (0.0, 0.1, Grade.RELIABLE), (0.3, 0.8, Grade.CARE), (1.2, 1.4, Grade.UNRELIABLE),
    ):  # fmt: skip
        item = measure("trust_noise_change", low, low, high, unit="share")
        assert judge(*GOOD, item).grade is expected


def test_a_lawful_difference_of_methods_is_no_failure():
    item = measure("trust_other_agreement", -0.5, -0.6, -0.4, other="interventional_shap")
    found = judge(*GOOD, item)
    assert found.grade is Grade.CARE
    assert "asks another question where columns are correlated" in found.sentence
    assert "no fault" in found.sentence
    same = measure("trust_agreement", -0.5, -0.6, -0.4, other="permutation_shap")
    assert judge(*GOOD, same).grade is Grade.UNRELIABLE


def test_what_moves_every_column_alike_is_not_reliable():
    flat = lack("trust_claim", "the explanation claims the same for all columns")
    found = judge(measure("trust_deletion", 1.0, 0.8, 1.3), flat)
    assert found.grade is Grade.UNRELIABLE
    assert "tells nothing apart" in found.sentence


def test_without_a_look_at_the_model_nothing_is_relied_on():
    found = judge(measure("trust_additivity", 0.0, unit="share"))
    assert found.grade is Grade.CARE
    assert "Nothing could be measured" in found.sentence
    nothing = judge(lack("trust_deletion", "5 rows"), lack("trust_claim", "5 rows"))
    assert (nothing.grade, nothing.label) == (None, "Not tested")
    assert "not measured: 5 rows" in nothing.findings[0].sentence


def test_every_attribution_has_a_label_of_its_own():
    others = [measure("trust_deletion", 0.5, method="linear_shap")]
    found = judge_explanations([*GOOD, *others])
    assert [(one.method, one.grade) for one in found] == [
        ("tree_shap", Grade.RELIABLE), ("linear_shap", Grade.UNRELIABLE),
    ]  # fmt: skip
    assert judge_explanations([]) == ()


def test_names_and_limits_are_whole():
    assert {name: method.title for name, method in METHODS.items()} == TITLES
    for limit in LIMITS:
        assert limit.metric in METRICS
        assert len(limit.reason) > 20


@pytest.mark.parametrize("limit", LIMITS, ids=lambda limit: limit.metric)
def test_every_limit_has_a_sentence_of_its_own(limit):
    item = measure(limit.metric, 0.4, 0.3, 0.5, other="deeplift")
    (found,) = judge(item).findings
    assert found.sentence.count("0.40") == 1
    assert "95% 0.30 to 0.50; 200 rows" in found.sentence
    assert found.reason == limit.reason
