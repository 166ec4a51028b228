"""Every page as a picture: `python tests/dashboard/screenshots.py RUNS RUN FOLDER`.

Wide and narrow, light and dark; the pictures are for looking at.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from playwright.sync_api import sync_playwright

sys.path.insert(0, str(Path(__file__).resolve().parent))
from real_browser import ARGUMENTS, PLACES, find_chromium, serve, settle

SIZES = ((1440, 900), (390, 844))
EXTRA = {
    "explanations-groups": "explanations?part=By%20group",
    "explanations-errors": "explanations?part=What%20makes%20it%20err",
    "explanations-gap": "explanations?part=What%20drives%20the%20gap",
    "explanations-effects": "explanations?part=Effect%20of%20one%20column",
    "fairness-guide": "fairness?outcome=Yes,%20it%20can%20be%20trusted&harm=Both%20alike"
    "&law=Yes,%20rates%20are%20compared&threshold=0.36",
    "explanations-row": "explanations?part=One%20row",
    "explanations-rules": "explanations?part=Rules",
    "counterfactuals-own": "counterfactuals",
}


def fit(page: Any, width: int, least: int) -> None:
    """Make the window as tall as the page, so that one picture holds all of it."""
    page.set_viewport_size({"width": width, "height": least})
    main = page.locator('[data-testid="stMainBlockContainer"]')
    box = main.bounding_box()
    tall = min(int(box["height"]) + 120, 9000) if box else least
    page.set_viewport_size({"width": width, "height": max(least, tall)})
    page.wait_for_timeout(700)


def take(runs: Path, run: str, folder: Path, only: str = "") -> None:
    """Take every page's picture in every size and scheme."""
    folder.mkdir(parents=True, exist_ok=True)
    places = {name or "overview": name for name in PLACES} | EXTRA
    with serve(runs) as address, sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=find_chromium(), args=ARGUMENTS)
        for scheme in ("light", "dark"):
            for width, height in SIZES:
                context = chromium.new_context(
                    viewport={"width": width, "height": height}, color_scheme=scheme
                )
                page = context.new_page()
                for name, place in places.items():
                    if only and only not in name:
                        continue
                    glue = "&" if "?" in place else "?"
                    chosen = f"&row={find_row(runs, run)}" if "counterfactuals" in name else ""
                    page.goto(f"{address}/{place}{glue}run={run}{chosen}")
                    settle(page)
                    if chosen:
                        wait_for_model(page)
                    if name == "counterfactuals-own":
                        search_own(page)
                    fit(page, width, height)
                    page.screenshot(path=folder / f"{name}-{width}-{scheme}.png")
                    page.set_viewport_size({"width": width, "height": height})
                context.close()
        chromium.close()


def find_row(runs: Path, run: str) -> str:
    """Return the id of a row that was searched, "" where none was."""
    path = runs / run / "evidence" / "counterfactuals.parquet"
    rows = pq.read_table(path, columns=["row"])["row"] if path.is_file() else []
    return str(rows[0]) if len(rows) else ""


def wait_for_model(page: Any) -> None:
    """Wait until the panels that ask the model have filled themselves in."""
    page.wait_for_timeout(2500)
    settle(page)


def search_own(page: Any) -> None:
    """Open the panel of the reader's own rules, let another column stay, and search."""
    panel = page.locator(".st-key-own-rules")
    if not panel.count():
        return
    panel.locator("summary").click()
    page.locator(".st-key-own-fixed input").click()
    page.locator('[role="option"]').first.click()
    page.keyboard.press("Escape")
    settle(page)
    page.locator(".st-key-own-search button").click()
    wait_for_model(page)


if __name__ == "__main__":
    take(Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3]), *sys.argv[4:5])
