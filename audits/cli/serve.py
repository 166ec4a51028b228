"""`assay serve`."""

from __future__ import annotations

import importlib
import os
import signal
import subprocess
from pathlib import Path

from audits.core.package.child import make_command, make_environment


def serve_command(runs: Path, port: int) -> int:
    """Start the dashboard in a process of its own and wait for it; return its exit code.

    Raises ModuleNotFoundError where Streamlit is not installed, which `assay` says in its way.
    """
    importlib.import_module("streamlit.version")
    command = make_command("dashboard.launch", "--runs", str(runs), "--port", str(port))
    with subprocess.Popen(command, env=make_environment(os.environ)) as process:
        # Whoever stops this process (a container, a supervisor) means the dashboard.
        signal.signal(signal.SIGTERM, lambda *_: process.terminate())
        try:
            code = process.wait()
        except KeyboardInterrupt:
            process.terminate()
            return 0
    return 0 if code == -signal.SIGTERM else code
