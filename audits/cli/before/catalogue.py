"""`assay checks`: the catalogue, for people, machines and the documentation."""

from __future__ import annotations

import json

from rich.console import Console
from rich.table import Table

from audits.checks import Chapter, build_catalogue, render_markdown

_IN_TERMINAL = ("code", "name", "rule", "title", "meaning", "values", "source")
"""The columns that a terminal has room for; all are in the JSON and on the documentation's page."""


def catalogue_command(*, as_json: bool, as_markdown: bool) -> None:
    """Print every check, metric, summary, and clause that a rule rests on."""
    if as_markdown:
        print(render_markdown(), end="")
        return
    chapters = build_catalogue()
    if as_json:
        catalogue = {
            chapter.title.lower().replace(" ", "_"): [
                dict(zip(chapter.heads, row, strict=True)) for row in chapter.rows
            ]
            for chapter in chapters
        }
        print(json.dumps(catalogue, indent=1, ensure_ascii=False))
        return
    console = Console()
    for chapter in chapters:
        _print(console, chapter)


def _print(console: Console, chapter: Chapter) -> None:
    table = Table(
        title=chapter.title, box=None, title_justify="left", title_style="bold", padding=(0, 1)
    )
    shown = [position for position, head in enumerate(chapter.heads) if head in _IN_TERMINAL]
    for position in shown:
        table.add_column(chapter.heads[position], overflow="fold")
    for row in chapter.rows:
        table.add_row(*(row[position] for position in shown))
    console.print(table)
    console.print()
