"""An offline report in a real Chromium, without a network, and what stands in it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

READY = "document.querySelector('#agreement .badge, #agreement:empty') !== null"
READ_TABLE = """() => [...document.querySelectorAll('.by-group tbody tr')].map(row =>
  [...row.children].map(cell => {
    const small = cell.querySelector('small');
    return [cell.childNodes[0] ? cell.childNodes[0].textContent : '', small ? small.textContent : ''];
  }))"""
CHOOSE = """(chosen) => chosen.forEach(([id, value]) => {
  const one = document.getElementById(id);
  one.value = value;
  one.dispatchEvent(new Event(id === 'threshold' || id === 'search' ? 'input' : 'change'));
})"""


@contextmanager
def open_offline(browser: Any, text: str, folder: Path, **settings: Any) -> Iterator[Any]:
    """Yield the page of a report that is opened from disk with the network off. Afterwards it
    must have logged nothing and asked for nothing but itself."""
    path = folder / "report.html"
    path.write_text(text, encoding="utf-8")
    context = browser.new_context(**{"viewport": {"width": 1440, "height": 900}, **settings})
    context.set_offline(True)
    page, problems = context.new_page(), []
    page.on("console", lambda message: problems.append(message.text))
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("request", lambda request: problems.append(request.url))
    page.goto(path.as_uri())
    page.wait_for_function(READY)
    yield page
    context.close()
    assert problems == [path.as_uri()]


def choose(page: Any, **chosen: object) -> None:
    """Use a chooser or the slider, as its own events do."""
    page.evaluate(CHOOSE, [[name, str(value)] for name, value in chosen.items()])


def read_table(page: Any) -> dict[str, list[tuple[str, str]]]:
    """Return the table by group: for each cell its text and the small text below."""
    return {
        row[0][0]: [(text, small) for text, small in row[1:]] for row in page.evaluate(READ_TABLE)
    }
