"""A real server and a real browser for the tests of the dashboard."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dashboard.nav import PAGES, name_address

ROOT = Path(__file__).resolve().parents[2]
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
HARMLESS = ("_stcore/health", "_stcore/host-config")
"""Addresses that Streamlit's page asks for below a deep link before it finds its own root."""

PLACES = tuple(name_address(page) for page in PAGES)
"""The pages' addresses."""


def find_chromium() -> str | None:
    """Return a Chromium's path, None to let Playwright use its own."""
    named = os.environ.get("CHROMIUM")
    if named:
        return named
    for name in ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable"):
        found = shutil.which(name)
        if found:
            return found
    return None


def find_free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def serve(runs: Path) -> Iterator[str]:
    """Start the dashboard over `runs` and yield its address."""
    with start(runs) as (_, address):
        yield address


@contextmanager
def start(runs: Path) -> Iterator[tuple[int, str]]:
    """Start the dashboard over `runs` and yield its process id and its address."""
    port = find_free_port()
    command = [sys.executable, "-m", "dashboard.launch", "--runs", str(runs), "--port", str(port)]
    address = f"http://127.0.0.1:{port}"
    with subprocess.Popen(command, cwd=ROOT, start_new_session=True) as process:
        try:
            _wait_until_healthy(process, address)
            yield process.pid, address
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()


def _wait_until_healthy(process: subprocess.Popen[bytes], address: str) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"the dashboard ended with exit code {process.returncode}")
        try:
            with urllib.request.urlopen(f"{address}/_stcore/health", timeout=1) as answer:
                if answer.status == 200:
                    return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError("the dashboard did not start within 60 s")


@dataclass
class Watch:
    """What a page did that it should not: console errors, requests off the server."""

    address: str
    problems: list[str] = field(default_factory=list)

    def attach(self, page: Any) -> None:
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self.problems.append(f"page error: {error}"))
        page.on("request", self._see)

    def _hear(self, message: Any) -> None:
        if message.type != "error":
            return
        place = str(message.location.get("url", ""))
        if "404" in message.text and place.endswith(HARMLESS):
            return
        self.problems.append(f"console: {message.text} ({place})")

    def _see(self, request: Any) -> None:
        own = (self.address, self.address.replace("http", "ws"), "data:", "blob:", "about:")
        if not request.url.startswith(own):
            self.problems.append(f"request off the server: {request.url}")


def settle(page: Any, timeout_ms: int = 30_000) -> None:
    """Wait until the page has run to its end and its charts stand."""
    page.wait_for_selector('[data-testid="stMainBlockContainer"]', timeout=timeout_ms)
    page.wait_for_selector(
        '[data-testid="stApp"][data-test-script-state="notRunning"]', timeout=timeout_ms
    )
    page.wait_for_timeout(400)
    page.wait_for_selector(
        '[data-testid="stApp"][data-test-script-state="notRunning"]', timeout=timeout_ms
    )


FOREIGN = {"presentation-role-conflict": "stFileUploaderDropzone"}
"""Rules of axe that a part of Streamlit breaks by itself, and that part: its upload field has a
label and a role that says it has none."""


def list_violations(page: Any) -> list[str]:
    """Return what axe finds wrong with a page: the rule, the element, and what is wanted."""
    from axe_playwright_python.sync_playwright import Axe

    found = []
    for rule in Axe().run(page).response["violations"]:
        for node in rule["nodes"]:
            if FOREIGN.get(rule["id"], "\0") not in node["html"]:
                found.append(f"{rule['id']}: {node['html'][:200]} {node['failureSummary'][:200]}")
    return found
