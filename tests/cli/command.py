"""The command, in this process or in one of its own, with its exit code and what it said."""

from __future__ import annotations

import io
import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from subprocess import run
from unittest.mock import patch

from audits.cli.main import main

COMMAND = [sys.executable, "-m", "audits.cli.main"]


@dataclass(frozen=True)
class Done:
    """A command that has ended."""

    returncode: int
    stdout: str
    stderr: str


def assay(*arguments: object) -> Done:
    """Run what the command runs, from the arguments to the exit code, without a process's start."""
    out, err = io.StringIO(), io.StringIO()
    argv = ["assay", *map(str, arguments)]
    with patch.object(sys, "argv", argv), redirect_stdout(out), redirect_stderr(err):
        try:
            main()
            code = 0
        except SystemExit as ended:
            code = int(ended.code or 0)
    return Done(code, out.getvalue(), err.getvalue())


def start_assay(*arguments: object) -> Done:
    """Run the command in a process of its own, as people and CI do."""
    done = run([*COMMAND, *map(str, arguments)], capture_output=True, text=True, check=False)
    return Done(done.returncode, done.stdout, done.stderr)
