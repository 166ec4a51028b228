"""Attributions against a column's values, methods beside one another, and the map of slices."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from audits.explain.effects.dependence import (
    MAX_BINS,
    bin_numbers,
    compute_categories,
    compute_numeric,
)
from audits.figures.theme import MAX_POINTS
from audits.pipeline.dependence import compute_dependence
from dashboard.catalogue import say
from dashboard.state import RUNS_VARIABLE
from dashboard.viewmodels.cohorts.rows import RowSource, open_rows
from dashboard.viewmodels.explanations import agreement, dependence, explanations
from dashboard.viewmodels.performance import slices
from dashboard.viewmodels.run import RunData
from tests.figures.marks import count_points

pages = import_module("tests.dashboard.test_pages")


def test_bins_by_hand() -> None:
    bins, count = bin_numbers(np.array([3.0, 1.0, np.nan, 1.0, 2.0]))
    assert (bins.tolist(), count) == ([2, 0, -1, 0, 1], 3)
    found = compute_numeric(np.array([3.0, 1, np.nan, 1]), np.array([5.0, 1, -2, 3]), "missing")
    assert found.labels == ("1", "3", "missing")
    assert found.mean.tolist() == [2.0, 5.0, -2.0]
    assert found.rows.tolist() == [2, 1, 1]
    assert np.isnan(found.low[1]) and np.isnan(found.centre[2])
    # Two rows, 1 and 3: mean 2, standard error 1, t with one degree of freedom.
    assert found.high[0] == pytest.approx(2 + stats.t.ppf(0.975, 1))


def test_many_values_are_cut_where_rows_are_and_none_is_parted() -> None:
    draw = np.random.default_rng(0)
    values = np.round(draw.exponential(10, 5_000))
    bins, count = bin_numbers(values)
    assert count <= MAX_BINS
    for value in np.unique(values):
        assert len(np.unique(bins[values == value])) == 1
    assert (np.diff(bins[np.argsort(values)]) >= 0).all()
    assert np.bincount(bins).min() > 0


def test_categories_by_hand() -> None:
    values = np.array(["b", "a", None, "b"], dtype=object)
    found = compute_categories(values, np.array([1.0, 4, 7, 3]), "missing", "others")
    assert dict(zip(found.labels, found.mean.tolist(), strict=True)) == {
        "b": 2,
        "a": 4,
        "missing": 7,
    }
    many = np.array([f"c{n}" for n in range(30)] * 2 + ["c0"], dtype=object)
    cut = compute_categories(many, np.ones(61), "missing", "others")
    assert (len(cut.labels), cut.labels[0], cut.labels[-1]) == (MAX_BINS, "c0", "others")
    assert cut.rows.sum() == 61


@pytest.fixture(scope="module")
def source(run: RunData) -> RowSource:
    found = open_rows(run)
    assert isinstance(found, RowSource)
    yield found
    found.close()


def test_dependence_equals_a_count_of_the_evidence(
    run: RunData, source: RowSource, inputs: Path
) -> None:
    frame = pd.read_csv(inputs / "rows.csv")
    evidence = explanations.find_evidence(run)
    assert evidence is not None
    parts = pd.read_parquet(run.bundle.evidence_path(evidence))
    found = source.follow(run, "biased")
    by_hand = parts["biased"].astype(float).groupby(frame["biased"].to_numpy()).mean()
    assert found.binned.labels == ("0", "1")
    np.testing.assert_allclose(found.binned.mean, by_hand.to_numpy(), rtol=1e-6)
    assert found.rows == len(frame) == 900
    assert len(found.parts) == 600
    title = dependence.make_dependence_chart(found).title
    assert title.startswith("biased: 1 pulls the score down most (−")
    for feature in explanations.list_features(run):
        chart = dependence.make_dependence_chart(source.follow(run, feature))
        assert count_points(chart.figure) < MAX_POINTS
        assert "<b>" not in str(chart.figure.layout.xaxis.title.text)


def test_an_unknown_column_is_said_to_be_none(run: RunData, source: RowSource) -> None:
    from audits.core.errors import CheckNotApplicableError

    with pytest.raises(CheckNotApplicableError, match="no column 'gone'"):
        compute_dependence(source._table, run.bundle.path, "gone")


def test_agreement_is_what_was_measured(run: RunData) -> None:
    evidence = explanations.find_evidence(run)
    assert evidence is not None
    items = agreement.list_agreements(run, evidence)
    assert len(items) == 2
    table = agreement.tabulate_agreement(run, items)
    kept = pd.read_parquet(run.bundle.evidence_path("trust.parquet"))
    for item, (_, record) in zip(items, table.iterrows(), strict=True):
        assert item.estimate is not None
        other = item.slice.split("|")[1]
        values = kept[f"{item.metric}|{other}"].dropna()
        assert item.estimate.value == pytest.approx(values.mean())
        apart = int((values < agreement.APART).sum())
        assert record[say("agreement.apart")] == say("agreement.count", n=apart, of=len(values))
    chart = agreement.make_agreement_chart(items)
    alike = items[0].estimate.low >= agreement.ALIKE
    assert ("columns alike" in chart.title) == alike


def test_the_map_of_slices_is_the_list(run: RunData) -> None:
    worst = slices.make_worst_slices(run)
    assert worst is not None and worst.chart is not None
    drawn = {
        text.strip(): (x, y)
        for trace in worst.chart.figure.data
        for text, x, y in zip(trace.text, trace.x, trace.y, strict=True)
    }
    assert list(worst.table[say("slices.number")]) == [str(n + 1) for n in range(len(drawn))]
    for _, record in worst.table.iterrows():
        share, size = drawn[record[say("slices.number")]]
        assert share == pytest.approx(record[say("column.share")])
        assert size > 0


def test_the_parts_stand_on_their_page(runs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(RUNS_VARIABLE, str(runs))
    app = pages.open_page("explanations", part=say("explanations.effects"), feature="biased")
    assert not app.exception
    assert any(text.startswith("biased: 1 pulls the score down") for text in pages.texts(app))
    app = pages.open_page("explanations")
    assert not app.exception
    assert any("order a row's columns" in text for text in pages.texts(app))
