"""Starting our own modules in processes of their own, whatever lies in the working folder."""

from __future__ import annotations

import sys
import sysconfig
from collections.abc import Mapping
from pathlib import Path

import audits


def make_command(module: str, *arguments: str) -> list[str]:
    """Return the command that runs one of our modules; the working folder is not searched."""
    return [sys.executable, "-P", "-m", module, *arguments]


def make_environment(inherited: Mapping[str, str]) -> dict[str, str]:
    """Return the variables for such a process: it finds the Assay that starts it, no other.

    A checkout is put on the path. Installed packages are there already, and naming their folder
    would put it before the standard library.
    """
    root = str(Path(audits.__file__).resolve().parent.parent)
    kept = {name: value for name, value in inherited.items() if name != "PYTHONPATH"}
    installed = {str(Path(sysconfig.get_path(kind)).resolve()) for kind in ("purelib", "platlib")}
    return kept if root in installed else kept | {"PYTHONPATH": root}
