"""The Markdown card: golden files, and names from the data that cannot become markup.

`ASSAY_UPDATE_GOLDEN=1 pytest tests/model_cards/test_card_markdown.py` writes the golden files
anew; read the difference before committing it.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from model_cards.build import build_card
from model_cards.render.markdown import code_span, escape_markdown, render_markdown

GOLDEN = Path(__file__).parent / "golden"
HUMAN = {"intended_use": "Helps a clerk decide which files to read first.\n\n- no | pipes\n- two"}


@pytest.mark.parametrize("name", ["binary", "multiclass", "regression", "decisions", "empty"])
def test_markdown_is_as_agreed(report_by_name, name):
    text = render_markdown(build_card(report_by_name(name), HUMAN))
    path = GOLDEN / f"{name}.md"
    if os.environ.get("ASSAY_UPDATE_GOLDEN") == "1":
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


def test_every_table_has_the_same_cells_in_every_row(any_report):
    lines = render_markdown(build_card(any_report)).splitlines()
    widths: list[set[int]] = [set()]
    for line in lines:
        if line.startswith("|"):
            widths[-1].add(len(re.findall(r"(?<!\\)\|", line)))
        elif widths[-1]:
            widths.append(set())
    assert all(len(found) <= 1 for found in widths)


def test_every_link_has_its_line_in_the_register(any_report):
    text = render_markdown(build_card(any_report))
    assert set(re.findall(r"\]\(#n(\d+)\)", text)) <= set(re.findall(r'<a id="n(\d+)">', text))
    outside = re.sub(r"(`+).*?(?<!`)\1(?!`)", "", text)
    assert not re.findall(r"(?<!\\)\]\((?!#n\d+\))", outside)


def test_hostile_names_are_text(decisions_report, hostile_names):
    text = render_markdown(build_card(decisions_report))
    outside = re.sub(r"(`+).*?(?<!`)\1(?!`)", "", text)
    for name in hostile_names:
        assert name not in outside
    assert "<script" not in outside
    assert "](javascript" not in outside.replace("\\](", "")
    assert "https://" not in outside
    assert set(re.findall(r"<[^>]*>", outside)) <= set(re.findall(r'<a id="n\d+">|</a>', outside))


@pytest.mark.parametrize(
    ("name", "escaped"),
    [
        ("a|b*c_[x](javascript:alert(1))", r"a\|b\*c\_\[x\](javascript:alert(1))"),
        ("<script>", "&lt;script&gt;"),
        ("`x`", r"\`x\`"),
        ("sex & race", "sex & race"),
        ("&lt;", "&amp;lt;"),
        ("# a", r"\# a"),
        ("- a", r"\- a"),
        ("1. a", r"1\. a"),
        ("10.5", "10.5"),
        ("two\nlines", "two lines"),
        ("http://x", "http&#58;//x"),
        ("www.x.org", "www&#46;x.org"),
    ],
)
def test_escape(name, escaped):
    assert escape_markdown(name) == escaped


def test_code_span_outgrows_the_backticks_inside():
    assert code_span("a`b``c") == "```a`b``c```"
    assert code_span("`a") == "`` `a ``"
    assert code_span("a|b\nc") == "`a\\|b␊c`"
