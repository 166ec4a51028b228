"""The card's own texts and the sign-off: written on the page, kept beside the run."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from audits.store.bundle import load_bundle, verify_bundle
from audits.store.preview import find_place, save_preview
from dashboard.catalogue import say
from dashboard.state import RUNS_VARIABLE
from dashboard.viewmodels.card import card, review
from dashboard.viewmodels.overview import story
from dashboard.viewmodels.run import RunData
from model_cards.human import PROMPTS

APP = Path(__file__).resolve().parents[2] / "dashboard" / "app.py"
RUDE = "<script>alert(1)</script> **x** :red[y]"


@pytest.fixture
def own(runs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RunData:
    """A run in a folder of its own, whose workspace is empty."""
    shutil.copytree(runs / "decisions", tmp_path / "decisions")
    monkeypatch.setenv(RUNS_VARIABLE, str(tmp_path))
    return RunData(load_bundle(tmp_path / "decisions"))


def open_part(part: str) -> AppTest:
    app = AppTest.from_file(str(APP), default_timeout=60)
    app.query_params["run"] = "decisions"
    app.run()
    app.session_state["card-part"] = say(f"card.{part}")
    return app.switch_page("views/card.py").run()


def texts(app: AppTest) -> list[str]:
    return [item.value for item in app.text]


def test_text_is_written_kept_and_in_every_form_of_the_card(own: RunData) -> None:
    app = open_part("write")
    contact = next(box for box in app.text_area if box.label == PROMPTS["contact"][0])
    contact.set_value(RUDE).run()
    app.button(key="save-card").click().run()
    assert any("your name" in box.value for box in app.error)
    assert review.list_parts(own)[-1].text == ""
    app.text_input(key="reviewer").set_value("Ann").run()
    app.button(key="save-card").click().run()
    assert not app.exception
    assert not app.error
    saved = {part.key: part for part in review.list_parts(own)}
    assert saved["contact"].text == RUDE
    assert "Ann" in saved["contact"].note
    assert "alert(1)" in card.render(own, "markdown")
    assert "<script>alert" not in card.render(own, "html")
    assert len(card.list_incomplete(own)) == len(PROMPTS) - 1
    assert verify_bundle(own.bundle.path) == []


def test_another_run_of_the_same_audit_may_take_the_texts_over(own: RunData) -> None:
    workspace = card.find_workspace(own)
    workspace.write_card_text("older", own.report.subject.name, "contact", "Bob", "Bob")
    assert review.find_earlier(own) == {"contact": "Bob"}
    app = open_part("write")
    app.button(key="take-over").click().run()
    contact = next(box for box in app.text_area if box.label == PROMPTS["contact"][0])
    assert contact.value == "Bob"
    assert review.list_parts(own)[-1].text == ""  # only saving keeps it


def test_sign_off_needs_a_name_and_a_reason_and_counts_for_one_report(own: RunData) -> None:
    app = open_part("sign")
    assert say("review.unsigned") in texts(app)
    app.button(key="sign").click().run()
    assert any("your name" in box.value for box in app.error)
    app.text_input(key="reviewer").set_value("Ann")
    app.session_state["decision"] = "rejected"
    app.run()
    app.button(key="sign").click().run()
    assert any("say why" in box.value for box in app.error)
    app.text_area(key="comment").set_value(RUDE).run()
    app.button(key="sign").click().run()
    assert not app.exception
    assert RUDE in texts(app)
    [signed] = review.list_signatures(own)
    assert (signed.decision, signed.stale) == ("rejected", False)
    assert story.describe_step(own, "card").answer == signed.sentence  # type: ignore[union-attr]
    card.find_workspace(own).add_review(own.report.run.id, "other", "approved", "Bob", "")
    assert [one.stale for one in review.list_signatures(own)] == [True, False]


def test_first_result_shares_the_workspace_and_is_not_signed(own: RunData) -> None:
    place = find_place(own.bundle.path.parent / "coming")
    save_preview(own.report, own.bundle.path, place)
    first = RunData(load_bundle(place))
    card.find_workspace(first).write_card_text(own.report.run.id, "x", "contact", "Ann", "Ann")
    assert review.list_parts(own)[-1].text == "Ann"
    app = AppTest.from_file(str(APP), default_timeout=60)
    app.query_params["run"] = "coming"
    app.run()
    app.session_state["card-part"] = say("card.sign")
    app.switch_page("views/card.py").run()
    assert say("review.unfinished") in texts(app)
    assert not app.get("text_area")
