"""`assay convert`: a person's own pickle, opened by them, in their own environment."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from audits.core.errors import InputError
from audits.data import PLAIN, FileForm, read_head
from audits.models import SUFFIXES, convert_model

_MAX_ROWS = 10_000


def convert_command(
    model: Path, out: Path | None, data: Path | None, *, consent: bool, form: FileForm = PLAIN
) -> None:
    """Convert and prove; without consent say what opening the file means.

    form: what is declared of the data's file, as in `[data]`.
    """
    is_network = model.suffix.lower() in SUFFIXES
    if not consent and not is_network:
        raise InputError(
            f"opening {model.name!r} runs whatever code is in it; if you made this file, or trust "
            "whoever did, repeat the command with --yes"
        )
    target = out or model.with_suffix(".onnx" if is_network else ".skops")
    with _read_as_audits_do(data, form) as rows:
        proof = convert_model(model, target, rows)
    if proof.warning:
        print(
            f"Take care: {proof.warning}. The proof compares with the model as it runs here; check "
            "a few rows against what it answered where it was trained.",
            file=sys.stderr,
        )
    print(
        f"Wrote {target}. On {proof.rows:,} rows "
        f"({proof.rows_from if data is None else data.name}) its predictions differ from "
        f"the original's by at most {proof.max_difference:.2g}.",
        file=sys.stderr,
    )
    if proof.taken:
        print(
            "The file does not name its inputs: they were taken for the columns of the data, in "
            f"this order: {', '.join(proof.taken)}. If that is not the network's order, reorder "
            "the data and convert again.",
            file=sys.stderr,
        )


@contextmanager
def _read_as_audits_do(data: Path | None, form: FileForm) -> Iterator[Path | None]:
    """Yield the first rows of a data file of any kind as Parquet, their columns of the types that
    an audit gives them; None for none."""
    if data is None:
        yield None
        return
    with tempfile.TemporaryDirectory(prefix="assay-rows-") as folder:
        path = Path(folder) / "rows.parquet"
        read_head(data.absolute(), (), _MAX_ROWS, form).to_parquet(path)
        yield path
