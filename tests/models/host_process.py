"""Runs a written script as a person would: a process of its own, asked over the loopback."""

import contextlib
import http.client
import json
import socket
import subprocess
import sys
import time
from pathlib import Path

from audits.cli.before.host import host_command
from audits.models.host import Declared


def find_free_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


def write_host(model: Path, data=None, kind=None, port=None, **declared) -> Path:
    """Write the script beside the model, as `assay host` does."""
    out = model.parent / "host.py"
    host_command(model, kind, out, data, port or find_free_port(), Declared(**declared))
    return out


def start(script: Path):
    """Start it and return its process and the first line that it says."""
    process = subprocess.Popen(
        [sys.executable, script], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        cwd="/",
    )  # fmt: skip
    return process, process.stdout.readline()


@contextlib.contextmanager
def run_host(script: Path):
    """Yield the description that a running script wrote."""
    process, line = start(script)
    try:
        assert "answers at" in line, process.stderr.read()
        deadline = time.monotonic() + 10
        path = script.with_suffix(".endpoint.json")
        while not path.exists():
            assert time.monotonic() < deadline
            time.sleep(0.01)
        yield path
    finally:
        process.terminate()
        process.communicate(timeout=20)


def fail_to_start(script: Path) -> str:
    """Return what a script says that does not start."""
    process, line = start(script)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 1
    assert not line
    return said


def send(port, body, path="/predict", method="POST", **headers):
    """Return the status and the parsed line that answers one raw request."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    names = {key.replace("_", "-"): value for key, value in headers.items()}
    try:
        connection.request(method, path, body, {"Content-Type": "application/json", **names})
        response = connection.getresponse()
        content = response.read()
    finally:
        connection.close()
    assert response.headers["Content-Type"] == "application/json"
    assert content.endswith(b"\n")
    assert content.count(b"\n") == 1
    return response.status, json.loads(content)
