"""`assay serve`."""

from __future__ import annotations

import importlib
import os
import subprocess
from pathlib import Path

from audits.core.child import make_command, make_environment


def serve_command(runs: Path, port: int) -> int:
    """Start the dashboard in a process of its own and wait for it; return its exit code.

    Raises ModuleNotFoundError where Streamlit is not installed, which `assay` says in its way.
    """
    importlib.import_module("streamlit.version")
    command = make_command("dashboard.launch", "--runs", str(runs), "--port", str(port))
    with subprocess.Popen(command, env=make_environment(os.environ)) as process:
        try:
            return process.wait()
        except KeyboardInterrupt:
            process.terminate()
            return 0
