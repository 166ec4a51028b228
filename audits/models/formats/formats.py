"""The formats that can be opened, and which one a file is."""

from __future__ import annotations

from pathlib import Path

from audits.core.errors import InputError, near_misses
from audits.models.adapters.adapter import Format
from audits.models.composite import format as composite_format
from audits.models.endpoint import format as endpoint_format
from audits.models.files.refused import refuse_programs
from audits.models.files.ways_in import TABLE, offer_host, offer_python
from audits.models.formats import (
    catboost as catboost_format,
    lightgbm as lightgbm_format,
    onnx as onnx_format,
    skops as skops_format,
    torch as torch_format,
    xgboost as xgboost_format,
)

FORMATS: tuple[Format, ...] = (
    composite_format.FORMAT,
    skops_format.FORMAT,
    lightgbm_format.FORMAT,
    onnx_format.FORMAT,
    torch_format.FORMAT,
    endpoint_format.FORMAT,
    catboost_format.FORMAT,
    xgboost_format.FORMAT,
)
"""Every format, in the order in which they are tried. A new format is a file and a line."""

_HEAD_BYTES = 1 << 20


def detect_format(path: Path) -> Format:
    """Return what kind of model file this is, by its content.

    Raises InputError where there is no such file, where opening it could run code, or where it
    is none of the formats.
    """
    if not path.exists():
        siblings = [item.name for item in path.parent.iterdir()] if path.parent.is_dir() else []
        raise InputError(f"no model file {str(path)!r}{near_misses(path.name, siblings)}")
    head = b"" if path.is_dir() else _read_head(path)
    refuse_programs(path, head)
    if not head:
        raise InputError(f"the model file {path.name} is empty; write it again")
    for known in FORMATS:
        if known.recognises(path, head):
            return known
    if named := [known.name for known in FORMATS if path.suffix.lower() in known.suffixes]:
        raise InputError(
            f"{path.name} is no {' or '.join(named)} model, whatever its name says, or it is "
            f"damaged; write it again; or {TABLE}"
        )
    if path.suffix.lower() == ".safetensors":
        raise InputError(
            f"{path.name} holds weights only; give the assay.torch/1 JSON file that names them, or "
            f"export the network to ONNX; {offer_host('network.pt', 'torch')}"
        )
    raise InputError(
        f"{path.name} is no model that can be opened; save it as "
        + ", ".join(f"{known.name} ({' '.join(known.suffixes)})" for known in FORMATS)
        + f"; or {offer_python()}"
    )


def _read_head(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(_HEAD_BYTES)
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror}") from error
