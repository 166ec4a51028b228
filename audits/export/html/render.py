"""The offline report as one HTML file: markup, style, script and data in one text."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
from dataclasses import asdict
from importlib import resources
from pathlib import Path

from audits.core.limits import MIN_ROWS_TO_SHOW
from audits.core.report.report import AuditReport
from audits.core.report.verdict import Status
from audits.cube import Cube
from audits.export.html.payload import Payload, build_payload
from audits.export.html.words import load_words, say
from audits.figures import GRID, PALETTE, QUIET, STATUS_COLOURS
from audits.store import Bundle

FILE = "report.html"
"""The file's name in a run's folder."""

_SCRIPTS = (
    "dom.js",
    "numbers.js",
    "statistics.js",
    "metrics.js",
    "table.js",
    "draw.js",
    "groups.js",
    "curves.js",
    "sections.js",
    "report.js",
)
"""In the order in which they stand on each other; together they are one function."""


def render_html(bundle: Bundle, *, least: int = MIN_ROWS_TO_SHOW) -> str:
    """Return a run's offline report: one HTML document, live, without any request.

    least: groups of fewer rows have no numbers in it. The same run gives the same text.
    """
    return render_page(build_payload(bundle.report, bundle.load_cube(), least=least))


def save_html(report: AuditReport, folder: Path) -> None:
    """Write `report.html` into a run's folder that is being written."""
    cube = Cube.load(folder / "evidence" / "cube.parquet")
    (folder / FILE).write_text(render_page(build_payload(report, cube)), encoding="utf-8")


def render_page(payload: Payload) -> str:
    """Return the document that shows a payload. Texts of the data stand in it as data only."""
    script, style = _join_scripts(), _make_style()
    parts = {
        "language": html.escape(say("page.language")),
        "policy": _make_policy(script, style),
        "title": html.escape(say("page.title", name=payload.title)),
        "name": html.escape(payload.title),
        "style": style,
        "noscript": _render_plainly(payload),
        "footer": html.escape(say("page.footer", sha=payload.report_sha256)),
        "payload": encode_json({"data": asdict(payload), "words": dict(load_words())}),
        "script": script,
    }
    for key in ("skip", "brand", "kind", "contents"):
        parts[key] = html.escape(say(f"page.{key}"))
    return re.sub(r"\{\{(\w+)\}\}", lambda found: parts[found[1]], _read("template.html"))


def encode_json(value: object) -> str:
    """Return JSON that can stand in a script element: nothing in it ends one or begins markup."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for letter in "<>&\u2028\u2029":
        text = text.replace(letter, f"\\u{ord(letter):04x}")
    return text


def _render_plainly(payload: Payload) -> str:
    """Return the verdicts for who reads without JavaScript."""
    story = payload.story
    lines = [line for one in story.findings for line in (one.line, *one.under)]
    lines += [line for rule in story.met for line in rule.lines]
    items = "".join(
        f"<li>{html.escape(say(f'status.{line.status}'))}: {html.escape(line.sentence)}</li>"
        for line in lines
    )
    note, headline = html.escape(say("page.noscript")), html.escape(story.headline)
    cautions = "".join(f"<p>{html.escape(text)}</p>" for text in story.notes)
    return f"<p>{note}</p><h2>{headline}</h2>{cautions}<ul>{items}</ul>"


def _join_scripts() -> str:
    body = "\n".join(_read(f"{name}") for name in _SCRIPTS)
    return f'(() => {{\n"use strict";\n{body}}})();\n'


def _make_style() -> str:
    """Return the style sheet with the colours of all our figures."""
    colours = {f"series-{n}": colour for n, colour in enumerate(PALETTE)}
    colours |= {f"status-{status.value}": STATUS_COLOURS[status] for status in Status}
    colours |= {"quiet": QUIET, "grid": GRID}
    lines = "".join(f"--{name}: {colour}; " for name, colour in colours.items())
    return f":root {{ {lines}}}\n{_read('report.css')}"


def _make_policy(script: str, style: str) -> str:
    """Return the content security policy: this script, this style, and no request at all."""
    allowed = {"script-src": _digest(script), "style-src": _digest(style)}
    closed = ("default-src", "base-uri", "form-action")
    rules = [f"{name} 'none'" for name in closed] + [f"{k} {v}" for k, v in allowed.items()]
    return "; ".join([*rules, "img-src data:"])


def _digest(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _read(name: str) -> str:
    folder = resources.files("audits.export.html") / "page"
    return (folder / name).read_text(encoding="utf-8")
