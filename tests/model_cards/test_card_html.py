"""The HTML card: well formed, self-contained, every number anchored, no markup from data."""

from __future__ import annotations

from html.parser import HTMLParser
from itertools import pairwise

import pytest

from audits.core.errors import InputError
from model_cards.build import build_card
from model_cards.card import Form, Number, Table, Text, number_ordinals, walk_sections
from model_cards.render.html import compute_bars, make_anchors, render_html

VOID = {"meta", "br", "link", "img", "input", "hr", "path", "rect", "line", "circle"}


class Page(HTMLParser):
    """A strict reading of a page: tags must close in order."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.stack: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        assert len(attrs) == len(dict(attrs)), f"attribute twice on {tag}"
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.stack.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.stack and self.stack[-1] == tag, f"</{tag}> closes {self.stack[-3:]}"
        self.stack.pop()

    def handle_data(self, data):
        self.text += data

    def values(self, name: str) -> list[str]:
        return [attrs[name] or "" for _, attrs in self.tags if name in attrs]


@pytest.fixture
def page(any_report) -> Page:
    return Page(render_html(build_card(any_report)))


def test_tags_close_and_ids_are_unique(page):
    assert page.stack == []
    ids = page.values("id")
    assert len(ids) == len(set(ids))
    assert all(not set(name) & set(" <>\"'") for name in ids)


def test_every_link_stays_on_the_page_and_arrives(page):
    ids = set(page.values("id"))
    links = page.values("href")
    assert links
    for link in links:
        assert link.startswith("#") and link[1:] in ids, link


def test_nothing_is_requested(any_report):
    html = render_html(build_card(any_report))
    page = Page(html)
    assert not page.values("src") and not page.values("srcset") and not page.values("action")
    assert not {"script", "link", "img", "iframe", "object", "base", "form"} & {
        tag for tag, _ in page.tags
    }
    style = html[html.index("<style>") : html.index("</style>")]
    assert "url(" not in style and "@import" not in style
    assert "default-src 'none'" in html
    assert not any(name.startswith("on") for _, attrs in page.tags for name in attrs)


def test_every_number_names_its_measurement_and_has_its_line(any_report):
    card = build_card(any_report)
    page = Page(render_html(card))
    ordinals = number_ordinals(card)
    assert set(page.values("data-measurement")) == set(ordinals)
    ids = set(page.values("id"))
    for place in ordinals.values():
        assert {f"n{place}", f"u{place}"} <= ids


def test_structure_is_readable_without_eyes(page):
    levels = [int(tag[1]) for tag, _ in page.tags if tag in ("h1", "h2", "h3", "h4", "h5", "h6")]
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    tags = [tag for tag, _ in page.tags]
    assert tags.count("table") == tags.count("caption")
    assert all(attrs.get("scope") in ("col", "row") for tag, attrs in page.tags if tag == "th")
    assert all(attrs.get("aria-hidden") == "true" for tag, attrs in page.tags if tag == "svg")
    assert ("html", {"lang": "en"}) in page.tags


def test_status_is_a_word_beside_its_colour(binary_report):
    html = render_html(build_card(binary_report))
    for status, word in (("fail", "Failed"), ("warn", "Warning"), ("pass", "Passed")):
        assert f'<span class="badge {status}">' in html
        assert f"<span>{word}</span>" in html


def test_hostile_names_are_text(decisions_report, hostile_names):
    html = render_html(build_card(decisions_report))
    page = Page(html)
    for name in hostile_names:
        assert name in page.text
    assert "<script" not in html


def test_a_figure_stands_in_its_section_and_an_unknown_one_is_refused(binary_report):
    card = build_card(binary_report)
    html = render_html(card, {"fairness-sex": "<svg id='drawing'></svg>"})
    assert html.count("<figure><svg id='drawing'></svg></figure>") == 1
    with pytest.raises(InputError, match="did you mean 'fairness'"):
        render_html(card, {"fairnes": "<svg/>"})


def test_anchors_are_safe_and_differ(any_report):
    card = build_card(any_report)
    anchors = make_anchors(card.sections)
    assert len(set(anchors.values())) == len(list(walk_sections(card))) == len(anchors)
    assert all(
        set(name) <= set("abcdefghijklmnopqrstuvwxyz0123456789-.") for name in anchors.values()
    )


def number(value, low=None, high=None):
    return Number("m", Form.INTERVAL, "x", value=value, low=low, high=high)


def test_bars_share_one_scale_from_their_origin():
    rows = (
        (Text("a"), number(0.5, 0.4, 1.5)),
        (Text("b"), Number("gone", number(1).form, "not measured: x")),
        (Text("c"), number(1.0)),
    )
    first, none, last = compute_bars(Table("", ("", ""), rows, bars=1, origin=1.0))
    assert none is None
    assert (first.left, first.width, first.low, first.high) == (9.09, 45.46, 0.0, 100.0)
    assert (last.left, last.width, last.low, last.origin) == (54.55, 0.0, None, 54.55)
    assert compute_bars(Table("", ("", ""), rows)) == []
