"""Proxies in order and in words: what is used and what gives away comes first; words follow tests."""

from __future__ import annotations

import pytest

from audits.core.report.estimate import Estimate, Unavailable
from audits.core.report.measurement import Measurement
from audits.findings.stories.proxies import (
    list_faint,
    list_proxies,
    render_faint,
    render_proxy,
    render_whole,
)


def make(
    metric: str, value: float, source: str | None, *, attribute: str | None = "team",
    group: str | None = "B", p_value: float | None = 0.001, half: float = 0.01,
) -> Measurement:  # fmt: skip
    estimate = Estimate(
        value=value, low=value - half, high=value + half, n=5_000, method="delong_logit",
        confidence=0.95,
    )  # fmt: skip
    return Measurement(
        id=f"{metric}:{group}:{source}:{value}", check="fairness.proxies", metric=metric,
        attribute=attribute, group=group, slice=source, estimate=estimate, p_value=p_value,
        unit="score", direction="none",
    )  # fmt: skip


def move(feature: str, value: float) -> Measurement:
    return make(
        "mean_absolute_attribution", value, f"feature={feature}", attribute=None, group=None,
        p_value=None,
    )  # fmt: skip


def test_the_used_proxy_comes_before_the_clearer_one() -> None:
    items = [
        make("proxy_auc", 0.9, "feature=hobby"),
        make("proxy_auc", 0.71, "feature=street"),
        make("proxy_auc", 0.66, "feature=street", group="C"),
        make("proxy_auc", 0.8, "feature=luck", p_value=0.2),
        make("proxy_auc", 0.95, "all columns together"),
        move("street", 0.4), move("hobby", 0.001), move("pay", 0.6),
    ]  # fmt: skip
    found = list_proxies(items)
    assert [(one.feature, one.item.group, one.rank) for one in found] == [
        ("street", "B", 2), ("hobby", "B", 3),
    ]  # fmt: skip
    assert found[0].weight == pytest.approx(0.42 * 0.4 / 1.001)
    assert render_proxy(found[0]) == (
        "street is the model's 2nd most important column and a proxy for team: it tells B from the "
        "others in 7 of 10 pairs (AUC 0.710, 95% interval 0.700 to 0.720; n = 5,000)."
    )
    assert list_proxies(items, "sex") == []
    alone = list_proxies([item for item in items if item.metric == "proxy_auc"])
    assert [one.feature for one in alone] == ["hobby", "street"]
    assert render_proxy(alone[1]).startswith("street tells B from the others in 7 of 10 pairs")


@pytest.mark.parametrize(
    ("auc", "half", "proxy"),
    [(0.52, 0.005, False), (0.55, 0.01, False), (0.59, 0.05, False), (0.59, 0.03, True)],
)
def test_only_what_is_surely_above_the_limit_is_a_proxy(auc, half, proxy) -> None:
    items = [make("proxy_auc", auc, "feature=pay", half=half)]
    assert bool(list_proxies(items)) is proxy
    faint = list_faint(items)
    assert bool(faint) is not proxy
    said = render_faint(faint, "team")
    assert said == (
        ""
        if proxy
        else "pay tells groups of team apart beyond chance, but too little to be called a proxy "
        "(AUC not surely above 0.55)."
    )


def test_a_weak_relation_is_called_faint_and_counted_in_hundreds() -> None:
    found = list_faint([make("proxy_auc", 0.53, "feature=pay"), move("pay", 0.1)])
    assert render_proxy(found[0]) == (
        "pay is the model's most important column and a faint sign of team: it tells B from the "
        "others in 53 of 100 pairs (AUC 0.530, 95% interval 0.520 to 0.540; n = 5,000)."
    )


@pytest.mark.parametrize(
    ("rank", "word"), [(2, "2nd"), (3, "3rd"), (4, "4th"), (11, "11th"), (12, "12th"), (21, "21st")]
)
def test_places_have_their_endings(rank: int, word: str) -> None:
    moves = [move(f"x{k}", 100.0 - k) for k in range(rank - 1)] + [move("street", 1.0)]
    found = list_proxies([make("proxy_auc", 0.9, "feature=street"), *moves])
    assert f"the model's {word} most important column" in render_proxy(found[0])


def test_all_columns_and_the_score_say_no_more_than_their_tests() -> None:
    told = render_whole(
        [make("proxy_auc", 0.8, "all columns together"), make("score_proxy_auc", 0.31, None),
         make("score_proxy_auc", 0.6, None, group="C")]
    )  # fmt: skip
    assert told[0].startswith("All columns together tell B from the others in 8 of 10 pairs")
    assert told[1].startswith(
        "A person in the group B scores below one of the others in 7 of 10 pairs"
    )
    told = render_whole(
        [make("proxy_auc", 0.51, "all columns together", p_value=0.4),
         make("score_proxy_auc", 0.49, None, p_value=0.9)]
    )  # fmt: skip
    assert "do not tell B from the others significantly better than chance (AUC 0.510" in told[0]
    assert "does not significantly tell B from the others (AUC 0.490" in told[1]


def test_groups_without_a_number_are_no_proxies() -> None:
    item = make("proxy_auc", 0.8, "feature=street")
    small = item.model_copy(update={"estimate": None, "unavailable": Unavailable(reason="small")})
    assert list_proxies([small]) == []
    assert render_whole([small]) == []
