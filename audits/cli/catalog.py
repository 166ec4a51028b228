"""`assay checks`: the catalogue, generated from the checks and the table of metrics."""

from __future__ import annotations

import json
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from audits.checks.catalog import BUILTIN
from audits.core.clauses import CLAUSES
from audits.core.words import describe
from audits.cube.disparities import DISPARITIES
from audits.cube.metrics import METRICS


def catalog_command(*, as_json: bool) -> None:
    """Print every check, metric, summary, and clause that a rule rests on."""
    checks = [(check.code, check.title, check.meaning) for check in BUILTIN]
    metrics = {m.name: m.source for table in METRICS.values() for m in table}
    listed = [_describe(name, source) for name, source in metrics.items()]
    summaries = [_describe(item.name, item.source) for item in DISPARITIES]
    clauses = [(clause.rule, clause.title, clause.meaning, clause.source) for clause in CLAUSES]
    if as_json:
        names = ("name", "title", "meaning", "source")
        catalogue = {
            "checks": [dict(zip(("code", *names[1:3]), row, strict=True)) for row in checks],
            "metrics": [dict(zip(names, row, strict=True)) for row in listed],
            "summaries": [dict(zip(names, row, strict=True)) for row in summaries],
            "clauses": [dict(zip(names, row, strict=True)) for row in clauses],
        }
        print(json.dumps(catalogue, indent=1))
        return
    console = Console()
    _print(console, "Checks", ("code", "title", "meaning"), checks)
    _print(console, "Metrics", ("name", "title", "meaning", "source"), listed)
    _print(console, "Between groups", ("name", "title", "meaning", "source"), summaries)
    _print(console, "Clauses of rules", ("rule", "title", "meaning", "source"), clauses)


def _describe(name: str, source: str) -> tuple[str, ...]:
    word = describe(name)
    return name, word.title, word.meaning, source


def _print(
    console: Console, title: str, heads: tuple[str, ...], rows: Sequence[tuple[str, ...]]
) -> None:
    table = Table(title=title, box=None, title_justify="left", title_style="bold", padding=(0, 1))
    for head in heads:
        table.add_column(head, overflow="fold")
    for row in rows:
        table.add_row(*row)
    console.print(table)
    console.print()
