"""`card.toml`: people's own words, read strictly and never invented."""

from __future__ import annotations

import pytest

from audits.core.errors import InputError
from model_cards.build import build_card
from model_cards.card import HumanText, incomplete_sections, walk_sections
from model_cards.human import PROMPTS, load_human_text, split_paragraphs
from model_cards.render.html import render_html
from model_cards.render.markdown import render_markdown


def test_text_is_read_and_an_empty_one_is_not_written(tmp_path):
    path = tmp_path / "card.toml"
    path.write_text('intended_use = """\nTriage.\n"""\ncontact = "  "\n', encoding="utf-8")
    assert load_human_text(path) == {"intended_use": "Triage."}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b'intended_usage = "x"', "did you mean 'intended_use'"),
        (b"contact = 3", "contact is int, not text"),
        (b"contact = x", "line 1"),
        (b'contact = "\xff"', "UTF-8"),
    ],
)
def test_unusable_file_is_one_clear_line(tmp_path, content, said):
    path = tmp_path / "card.toml"
    path.write_bytes(content)
    with pytest.raises(InputError) as caught:
        load_human_text(path)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_missing_file_is_named(tmp_path):
    with pytest.raises(InputError, match=r"nowhere\.toml"):
        load_human_text(tmp_path / "nowhere.toml")


def test_unknown_key_is_refused_by_the_card(binary_report):
    with pytest.raises(InputError, match="did you mean 'limitations'"):
        build_card(binary_report, {"limitation": "x"})


def test_absent_sections_are_marked_and_only_they(binary_report):
    bare = build_card(binary_report)
    assert set(incomplete_sections(bare)) == {title for title, _ in PROMPTS.values()}
    for text in (render_markdown(bare), render_html(bare)):
        assert text.count("Not yet written:") == len(PROMPTS)
    full = build_card(binary_report, dict.fromkeys(PROMPTS, "Said."))
    assert incomplete_sections(full) == ()
    assert "Not yet written" not in render_markdown(full) + render_html(full)
    owned = [s for s in walk_sections(full) if s.human]
    assert [type(block) for section in owned for block in section.blocks] == [HumanText] * 5


def test_lines_become_paragraphs_and_lists():
    found = split_paragraphs("a\nb\n\nc:\n- d\n- e\n\n\nf")
    assert [(p.lines, p.listed) for p in found] == [
        (("a", "b"), False),
        (("c:",), False),
        (("d", "e"), True),
        (("f",), False),
    ]


def test_peoples_words_cannot_be_markup(binary_report):
    words = "# big\n\n<img src=x>\n1. one [a](b)"
    card = build_card(binary_report, {"contact": words})
    html, markdown = render_html(card), render_markdown(card)
    assert "<img" not in html and "<img" not in markdown
    assert "\n# big" not in markdown
    assert "[a](b)" not in markdown
