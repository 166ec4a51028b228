"""The README's pictures: `python tests/dashboard/readme_pictures.py RUNS RUN docs/images`.

From the address to who is treated worst, why, and what would help: each picture is one click on.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

sys.path.insert(0, str(Path(__file__).resolve().parent))
from real_browser import ARGUMENTS, find_chromium, serve, settle

SIZE = {"width": 1240, "height": 820}
CLICKS = (("fairness", "go-step-fairness"), ("gap", "go-next"), ("counterfactuals", "go-next"),
          ("help", "go-next"))  # fmt: skip
"""Each picture's name, and the button that leads to it from the one before."""


def take(runs: Path, run: str, folder: Path) -> None:
    """Take the pictures of the way, in light."""
    with serve(runs) as address, sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=find_chromium(), args=ARGUMENTS)
        page = chromium.new_context(viewport=SIZE, color_scheme="light").new_page()
        page.goto(f"{address}/?run={run}")
        settle(page)
        _save(page, folder / "overview.png")
        for name, button in CLICKS:
            page.locator(f".st-key-{button} button").click()
            page.wait_for_timeout(1500)
            settle(page)
            _save(page, folder / f"{name}.png")
        chromium.close()


def _save(page: Any, path: Path) -> None:
    page.wait_for_timeout(1200)
    page.mouse.move(5, 400)
    page.screenshot(path=path)


if __name__ == "__main__":
    take(Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3]))
