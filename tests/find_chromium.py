"""Print the path of a Chromium for the browser tests; install one where there is none.

Looked for in this order: $CHROMIUM, Chromium or Chrome on the PATH, Playwright's own. Then
installed: Debian's package where apt works as this user, else Playwright's download.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")


def find() -> str | None:
    wanted = os.environ.get("CHROMIUM")
    if wanted and Path(wanted).is_file():
        return wanted
    for name in NAMES:
        if path := shutil.which(name):
            return path
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        own = playwright.chromium.executable_path
    return own if Path(own).is_file() else None


def install() -> None:
    """Try both ways; what they print goes to stderr, and a failure leaves `find` empty-handed."""
    ways = [[sys.executable, "-m", "playwright", "install", "--with-deps", "chromium"]]
    if shutil.which("apt-get") and os.geteuid() == 0:
        apt = "apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium"
        ways.insert(0, ["sh", "-c", apt])
    for way in ways:
        if subprocess.run(way, stdout=sys.stderr, check=False).returncode == 0 and find():
            return


def main() -> int:
    if find() is None:
        install()
    found = find()
    if found is None:
        print(
            "no Chromium: install one (apt install chromium, or Chrome) or set CHROMIUM to its path",
            file=sys.stderr,
        )
        return 1
    print(found)
    return 0


if __name__ == "__main__":
    sys.exit(main())
