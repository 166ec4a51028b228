"""Everything that is measured is documented, and the page is what the tables say."""

from __future__ import annotations

from pathlib import Path

from audits.checks.catalogue import build_catalogue, render_markdown
from audits.core.words.metrics import METRICS as WORDS

PAGE = Path(__file__).resolve().parent.parent / "docs" / "catalogue.md"


def test_the_page_is_up_to_date() -> None:
    """Write it anew with: assay checks --markdown > docs/catalogue.md"""
    assert PAGE.read_text(encoding="utf-8") == render_markdown()


def test_nothing_is_without_words_values_or_source() -> None:
    for chapter in build_catalogue():
        for row in chapter.rows:
            assert len(row) == len(chapter.heads)
            assert all(row), row


def test_every_metric_has_words_of_its_own() -> None:
    chapters = {chapter.title: chapter for chapter in build_catalogue()}
    names = {row[0] for title in ("Metrics", "Between groups") for row in chapters[title].rows}
    assert names <= set(WORDS)
