"""Drawing rows for the search: small groups get theirs, and no group's sample is lopsided."""

from __future__ import annotations

import numpy as np
import pytest

from audits.recourse.burden.sampling import draw_rows

N = 2_000


def people(seed: int = 0) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    draw = np.random.default_rng(seed)
    sex = draw.choice(["f", "m"], N)
    race = draw.choice(["a", "b", "c"], N, p=[0.9, 0.09, 0.01]).astype(object)
    return np.flatnonzero(np.ones(N)) * 3, {"sex": sex.astype(object), "race": race}


def draw(seed: int, **changes: int):
    rejected, groups = people()
    settings = {"rows": 200, "group_rows": 50, "generator": np.random.default_rng(seed)}
    return rejected, groups, draw_rows(rejected, groups, **{**settings, **changes})


def test_small_groups_have_enough_rows_or_all() -> None:
    rejected, groups, drawn = draw(1)
    assert np.all(np.diff(drawn.positions) > 0)
    assert drawn.base.sum() == 200
    for name, own in groups.items():
        mine = own[np.searchsorted(rejected, drawn.positions[drawn.members(name)])]
        for group in np.unique(own.astype(str)):
            assert (mine == group).sum() >= min(50, (own == group).sum()), (name, group)
    assert not drawn.extra["sex"].any()


def test_the_first_draw_is_that_of_old_audits() -> None:
    rejected, _, drawn = draw(4)
    plain = np.sort(np.random.default_rng(4).choice(rejected, size=200, replace=False))
    np.testing.assert_array_equal(drawn.positions[drawn.base], plain)


def test_few_rejected_are_all_searched() -> None:
    rejected, _, drawn = draw(1, rows=5_000)
    np.testing.assert_array_equal(drawn.positions, rejected)
    assert drawn.members("race").all()


def test_nothing_on_top_where_it_is_turned_off() -> None:
    _, _, drawn = draw(1, group_rows=0)
    assert len(drawn.positions) == 200


def test_many_small_groups_share_what_may_be_drawn() -> None:
    rejected = np.arange(1_000)
    own = np.array([f"g{n % 20}" for n in range(1_000)], dtype=object)
    drawn = draw_rows(
        rejected, {"town": own}, rows=50, group_rows=10, generator=np.random.default_rng(0)
    )
    assert 0 < drawn.extra["town"].sum() <= 50
    counts = np.unique(own[drawn.positions[drawn.members("town")]], return_counts=True)[1]
    assert len(counts) == 20
    assert 3 <= counts.min() < 10


@pytest.mark.parametrize("name", ["sex", "race"])
def test_every_row_of_a_group_is_as_likely_as_any_other(name: str) -> None:
    """Rows of the small race must not be over-represented among the rows that count for sex."""
    rejected, groups = people()
    share = groups["race"] == "c"
    seen: dict[str, list[float]] = {}
    for seed in range(300):
        _, _, drawn = draw(seed)
        at = np.searchsorted(rejected, drawn.positions[drawn.members(name)])
        for group in np.unique(groups[name].astype(str)):
            mine = at[groups[name][at] == group]
            seen.setdefault(group, []).append(float(share[mine].mean()))
    for group, values in seen.items():
        true = share[groups[name] == group].mean()
        error = np.std(values) / np.sqrt(len(values)) + 1e-9
        assert abs(np.mean(values) - true) < 4 * error, group
