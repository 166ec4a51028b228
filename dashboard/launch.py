"""Starting the dashboard: `python -m dashboard.launch --runs DIR --port N`."""

from __future__ import annotations

import argparse
import os
import socket
import sys
from pathlib import Path

import streamlit as st

from audits.core.errors import InputError
from dashboard.paths import RUNS_VARIABLE
from dashboard.security import HOSTS, make_middleware
from dashboard.theme import make_theme_config
from dashboard.warmup import live_beside

ADDRESS = "127.0.0.1"
SCRIPT = Path(__file__).resolve().parent / "app.py"
UPLOAD_MB = 2_000


def make_config(port: int) -> dict[str, object]:
    """Return every setting of the server: local, quiet, nothing sent anywhere."""
    return {
        "server.address": ADDRESS,
        "server.port": port,
        "server.headless": True,
        "server.fileWatcherType": "none",
        "server.runOnSave": False,
        "server.allowedHosts": list(HOSTS),
        "server.enableCORS": True,
        "server.enableXsrfProtection": True,
        "server.xsrfCookieSameSite": "strict",
        "server.enableStaticServing": False,
        "server.enableAgentApi": False,
        "server.maxUploadSize": UPLOAD_MB,
        "server.disconnectedSessionTTL": 300,
        "browser.gatherUsageStats": False,
        "browser.serverAddress": ADDRESS,
        "client.toolbarMode": "minimal",
        "client.showErrorDetails": "none",
        "client.showErrorLinks": False,
        "runner.magicEnabled": False,
        # Garbage is still collected, when there is enough of it: see dashboard.warmup.
        "runner.postScriptGC": False,
        "logger.level": "warning",
        **make_theme_config(),
    }


def check_port(port: int) -> None:
    """Raise InputError where the port cannot be used."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((ADDRESS, port))
        except OSError as error:
            reason = error.strerror or str(error)
            raise InputError(
                f"port {port} cannot be used ({reason.lower()}); choose another with --port"
            ) from error


def launch(runs: Path, port: int) -> None:
    """Serve the runs in `runs` until stopped."""
    check_port(port)
    if runs.exists() and not runs.is_dir():
        raise InputError(f"--runs {str(runs)!r} is a file, not a folder")
    os.environ[RUNS_VARIABLE] = str(runs.absolute())
    app = st.App(SCRIPT, middleware=make_middleware(port), lifespan=live_beside)
    print(f"Assay dashboard: http://{ADDRESS}:{port}  (runs in {runs})", flush=True)
    app.run(config=make_config(port))


def main() -> None:
    """Read the command line and serve."""
    parser = argparse.ArgumentParser(prog="dashboard", description="Serve the Assay dashboard.")
    parser.add_argument("--runs", type=Path, default=Path("runs"), help="the folder with the runs")
    parser.add_argument("--port", type=int, default=8501, help="the port on this machine")
    chosen = parser.parse_args()
    try:
        launch(chosen.runs, chosen.port)
    except InputError as error:
        print(f"assay: {error}", file=sys.stderr)
        raise SystemExit(error.exit_code) from None


if __name__ == "__main__":
    main()
