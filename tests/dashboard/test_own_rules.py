"""Rules edited on the page: kept by every answer, which the model itself confirms."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from audits.core.errors import InputError
from audits.core.format import plain_text
from audits.core.settings.recourse import RecourseSection
from audits.models import ModelClient
from audits.recourse.rules.rules import build_rules
from dashboard.catalogue import say
from dashboard.state import RUNS_VARIABLE
from dashboard.viewmodels.cohorts.rows import Absent, RowSource, open_rows, open_run_model
from dashboard.viewmodels.counterfactuals import own_rules, recourse
from dashboard.viewmodels.counterfactuals.own_rules import OwnRules, amend_rules
from dashboard.viewmodels.run import RunData

APP = Path(__file__).resolve().parents[2] / "dashboard" / "app.py"


@pytest.fixture(scope="module")
def opened(run: RunData) -> Iterator[tuple[ModelClient, RowSource]]:
    client, source = open_run_model(run), open_rows(run)
    assert isinstance(client, ModelClient)
    assert isinstance(source, RowSource)
    yield client, source
    client.close()
    source.close()


def search(run: RunData, opened: tuple[ModelClient, RowSource], row: str, own: OwnRules) -> object:
    client, source = opened
    original = source.read([row]).iloc[0]
    return own_rules.search_row(run, client, original, source.sample(900), {}, own)


def test_answers_keep_the_readers_rules_and_are_accepted(
    run: RunData, opened: tuple[ModelClient, RowSource]
) -> None:
    client, source = opened
    audited = own_rules.read_rules(run, tuple(client.info.features))
    assert audited.fixed == run.spec.recourse.immutable
    looked_at = 0
    for row in recourse.load_answers(run).rows[:12]:
        own = replace(audited, rising=("income",), falling=("debt",), most=2)
        found = search(run, opened, row, own)
        if isinstance(found, Absent):
            continue
        original = source.read([row])
        for answer in found:
            assert 1 <= len(answer.changes) <= 2
            changed = original.copy()
            for change in answer.changes:
                assert change.column not in audited.fixed
                changed[change.column] = change.new
            assert (changed["income"] >= original["income"]).all()
            assert (changed["debt"] <= original["debt"]).all()
            scores = client.predict(pd.DataFrame(changed))
            assert scores[0, 1] >= 0.5
            looked_at += 1
    assert looked_at > 5


def test_the_audits_bounds_hold_on_the_page_too(
    run: RunData, opened: tuple[ModelClient, RowSource]
) -> None:
    """How unlike real people an answer may be is a setting of the audit, not of the check alone."""
    audited = own_rules.read_rules(run, tuple(opened[0].info.features))
    free = {row: search(run, opened, row, audited) for row in recourse.load_answers(run).rows[:12]}
    distances = [a.distance for found in free.values() if not isinstance(found, Absent)
                 for a in found]  # fmt: skip
    bound = float(pd.Series(distances).median())
    assert min(distances) < bound < max(distances)
    settings = dict(run.report.spec.effective)
    settings["recourse"] = settings["recourse"] | {"max_distance": bound}
    spec = run.report.spec.model_copy(update={"effective": settings})
    bounded = RunData(replace(run.bundle, report=run.report.model_copy(update={"spec": spec})))
    assert bounded.spec.recourse.max_distance == bound
    for row in free:
        found = search(bounded, opened, row, audited)
        assert isinstance(found, Absent) or all(answer.distance <= bound for answer in found)


def test_what_cannot_be_searched_says_why(
    run: RunData, opened: tuple[ModelClient, RowSource]
) -> None:
    features = tuple(opened[0].info.features)
    row = recourse.load_answers(run).rows[0]
    nothing = search(run, opened, row, OwnRules(features, (), (), 3))
    assert nothing == Absent(say("own.none"))
    twice = search(run, opened, row, OwnRules((), ("debt",), ("debt",), 3))
    assert twice == Absent(say("own.conflict", columns="debt"))
    scores = pd.read_parquet(run.bundle.evidence_path("predictions.parquet"))
    taken = str(scores.loc[scores["y_pred"] == 1, "row"].iloc[0])
    assert search(run, opened, taken, OwnRules((), (), (), 3)) == Absent(say("own.accepted"))


def test_what_stays_needs_no_other_rule_taken_back() -> None:
    sample = pd.DataFrame({"income": [1.0, 2.0, 3.0], "home": ["rent", "own", "rent"]})
    section = RecourseSection(
        steps={"income": 1.0}, ranges={"income": (0.0, 9.0)}, increase_only=("income",),
        transitions={"home": ("rent -> own",)}, allowed={"home": ("own",)},
    )  # fmt: skip
    both = ("income", "home")
    with pytest.raises(InputError):
        build_rules(section.model_copy(update={"immutable": both}), both, sample)
    own = OwnRules(both, ("income",), (), 2)
    assert own.find_conflict() == ""
    rules = build_rules(amend_rules(section, own), both, sample)
    assert rules.immutable == {"income", "home"}
    assert not rules.allows("income", 1.0, 2.0)
    moving = build_rules(amend_rules(section, replace(own, fixed=())), both, sample)
    assert moving.steps == {"income": 1.0}
    assert moving.allows("income", 1.0, 2.0)


def test_only_what_has_an_order_rises_or_falls() -> None:
    sample = pd.DataFrame({"home": ["rent"], "debt": [1.5], "owns": [True], "job": ["baker"]})
    names = tuple(sample.columns)
    assert own_rules.list_ordered(sample, names, ()) == ["debt", "owns"]
    assert own_rules.list_ordered(sample, names, ("job",)) == ["debt", "owns", "job"]


def test_rules_are_edited_on_the_page(
    run: RunData, runs: Path, rude_names: tuple[str, str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(RUNS_VARIABLE, str(runs))
    app = AppTest.from_file(str(APP), default_timeout=60)
    app.query_params["run"] = "model"
    app.query_params["row"] = recourse.load_answers(run).rows[0]
    app.run()
    app.switch_page("views/counterfactuals.py").run()
    fixed = app.multiselect(key="own-fixed")
    assert tuple(fixed.value) == run.spec.recourse.immutable
    assert plain_text(rude_names[2]) in fixed.options  # as it is called, nothing escaped
    app.button(key="own-search").click().run()
    assert not app.exception
    assert say("own.not_kept") in [item.value for item in app.text]
    app.multiselect(key="own-rising").set_value(["debt"]).run()
    app.multiselect(key="own-falling").set_value(["debt"]).run()
    assert say("own.conflict", columns="debt") in [item.value for item in app.text]
    assert app.button(key="own-search").disabled
    fixed.set_value(list(fixed.options)).run()
    app.button(key="own-search").click().run()
    assert not app.exception
    assert say("own.none") in [item.value for item in app.text]
