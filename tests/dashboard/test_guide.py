"""The chooser that asks about the use: every answer leads somewhere, and its words match numbers."""

from __future__ import annotations

from importlib import import_module
from itertools import product
from pathlib import Path

import pandas as pd
import pytest

from audits.core.format import format_value
from dashboard.catalogue import has_words, say
from dashboard.state import RUNS_VARIABLE
from dashboard.viewmodels.fairness import guide
from dashboard.viewmodels.fairness.fairness import list_metrics
from dashboard.viewmodels.fairness.guide import (
    DEFINITIONS,
    QUESTIONS,
    Answers,
    advise,
    choose_definitions,
)
from dashboard.viewmodels.run import RunData
from dashboard.viewmodels.sentences import name_metric

pages = import_module("tests.dashboard.test_pages")
EVERY = [Answers(*given) for given in product(*QUESTIONS.values())]


def test_every_combination_of_answers_is_asked() -> None:
    assert len(EVERY) == 12
    for answers in EVERY:
        chosen = choose_definitions(answers)
        assert 1 <= len(chosen) == len(set(chosen)) <= 2
        assert set(chosen) <= set(DEFINITIONS)


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        (("unfair", "refused", "none"), ("demographic_parity",)),
        (("unfair", "both", "rates"), ("demographic_parity",)),
        (("fair", "refused", "none"), ("equal_opportunity",)),
        (("fair", "accepted", "none"), ("predictive_equality",)),
        (("fair", "both", "none"), ("equalized_odds",)),
        (("fair", "refused", "rates"), ("demographic_parity", "equal_opportunity")),
    ],
)
def test_the_table_by_hand(answers: tuple[str, str, str], expected: tuple[str, ...]) -> None:
    assert choose_definitions(Answers(*answers)) == expected


@pytest.mark.parametrize("answers", EVERY, ids=lambda one: f"{one.outcome}-{one.harm}-{one.law}")
def test_advice_is_in_the_run_or_says_why_not(
    run: RunData, decisions: RunData, amounts: RunData, answers: Answers
) -> None:
    for one in (run, decisions, amounts):
        for grouping in one.groupings:
            shown = [name_metric(metric) for metric in list_metrics(one, grouping)]
            for advice in advise(one, grouping, answers):
                assert bool(advice.metric) != bool(advice.missing)
                assert not advice.metric or advice.metric in shown
                assert advice.why and advice.gives_up and "20" in advice.source
    assert all(
        advice.missing == say("guide.not_binary") for advice in advise(amounts, "sex", answers)
    )


def test_a_run_without_outcomes_says_so(run: RunData, monkeypatch: pytest.MonkeyPatch) -> None:
    class NoTruth(RunData):
        def by_group(self, metric: str, attribute: str | None) -> list:
            return super().by_group(metric, attribute) if metric == "selection_rate" else []

        def view(self, grouping: str | None, cube: object = None):
            view = super().view(grouping)
            hidden = {**view.cube.codes, "y_true": view.cube.codes["y_true"] * 0 - 1}
            return type(view)(
                type(view.cube)(**{**_fields(view.cube), "codes": hidden}),
                view.attribute, view.labels, view.cell_group,
            )  # fmt: skip

    blind = NoTruth(run.bundle)
    found = advise(blind, "sex", Answers("fair", "refused", "rates"))
    assert [bool(advice.metric) for advice in found] == [True, False]
    assert found[1].missing == say("guide.no_truth")


def _fields(cube: object) -> dict[str, object]:
    return {name: getattr(cube, name) for name in cube.__slots__}


def test_every_sentence_has_its_words() -> None:
    for name in DEFINITIONS:
        assert has_words(f"guide.title.{name}") and has_words(f"guide.gives_up.{name}")
    for name in ("demographic_parity", "equal_opportunity", "predictive_equality"):
        for way in ("behind", "ahead", "even"):
            assert has_words(f"guide.says.{name}_{way}")


def test_definitions_disagree_in_the_runs_own_numbers(
    run: RunData, rude_names: tuple[str, str, str]
) -> None:
    group, attribute, _ = rude_names
    sentences = guide.describe_disagreement(run, attribute)
    frame = pd.read_parquet(run.bundle.evidence_path("predictions.parquet"))
    selected = frame.groupby(attribute)["y_pred"].mean()
    gap = float(selected["A"] - selected[group])
    assert gap > 0.1
    assert f"{format_value(gap, 'points')} behind A (95% interval " in sentences[0]
    good = frame[frame["y_true"] == 1].groupby(attribute)["y_pred"].mean()
    assert format_value(abs(float(good["A"] - good[group])), "points") in sentences[1]
    # A size and the ends of its interval have the same sign.
    assert "−" not in sentences[0]
    # Nobody is said to be behind where chance explains it.
    assert all("behind" not in one for one in guide.describe_disagreement(run, "sex"))


def test_answers_stand_in_the_address_and_the_button_sets_the_measure(
    runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(RUNS_VARIABLE, str(runs))
    assert say("guide.unanswered") in pages.texts(pages.open_page("fairness"))
    given = {"outcome": "fair", "harm": "refused", "law": "rates"}
    address = {name: say(f"guide.answer.{name}.{answer}") for name, answer in given.items()}
    app = pages.open_page("fairness", **address)
    assert not app.exception
    assert app.radio(key="harm").value == say("guide.answer.harm.refused")
    assert say("guide.title.equal_opportunity") in pages.texts(app)
    app.button(key="advice-show-1").click().run()
    assert not app.exception
    assert app.selectbox(key="metric").value == "True positive rate"
