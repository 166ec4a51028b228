"""`assay serve`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def serve_command(runs: Path, port: int) -> int:
    """Start the dashboard in a process of its own and wait for it; return its exit code."""
    command = [sys.executable, "-m", "dashboard.launch", "--runs", str(runs), "--port", str(port)]
    with subprocess.Popen(command) as process:
        try:
            return process.wait()
        except KeyboardInterrupt:
            process.terminate()
            return 0
