"""Files that people hand in: written to the disk piece by piece, under plain names."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import BinaryIO

from audits.core.errors import InputError
from audits.models import detect_format
from dashboard.catalogue import say

INPUTS = ".inputs"
"""Where uploaded files and written settings lie, inside the folder with the runs."""

_HEAD = 1 << 20
_WEIGHTS = ".safetensors"


def save_upload(folder: Path, name: str, content: BinaryIO) -> Path:
    """Write an uploaded file into `folder`, under its own plain name; memory holds a piece of it.

    Raises InputError for the description of an endpoint: whoever sends it could have this machine
    ask any of its own ports. Such a file is named by its path, on the machine itself.
    """
    content.seek(0)
    if b'"assay.endpoint/' in content.read(_HEAD):
        raise InputError(say("new.no_endpoint"))
    content.seek(0)
    safe = re.sub(r"[^\w.\- ]", "_", Path(name.replace("\\", "/")).name).lstrip(".") or "file"
    target = folder / safe
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("wb") as file:
        shutil.copyfileobj(content, file, _HEAD)
    return target


def choose_main(files: list[Path]) -> Path | None:
    """Return the model among uploaded files: the first that is one. Weights alone are none, and
    belong to a JSON file beside them; where nothing is a model, the first file that is no weights
    is returned, so that its message is shown."""
    for file in files:
        if file.suffix.lower() == _WEIGHTS:
            continue
        try:
            detect_format(file)
        except InputError:
            continue
        return file
    others = [file for file in files if file.suffix.lower() != _WEIGHTS]
    return next(iter((*others, *files)), None)


def is_upload(path: str, root: Path) -> bool:
    """Whether a path is that of a file that was handed in."""
    return Path(path).is_relative_to((root / INPUTS).absolute())
