"""`assay convert`: a person's own pickle, opened by them, in their own environment."""

from __future__ import annotations

import sys
from pathlib import Path

from audits.core.errors import InputError
from audits.models.convert import convert_model


def convert_command(model: Path, out: Path | None, data: Path | None, *, consent: bool) -> None:
    """Convert and prove; without consent say what opening the file means."""
    if not consent:
        raise InputError(
            f"opening {model.name!r} runs whatever code is in it; if you made this file, or trust "
            "whoever did, repeat the command with --yes"
        )
    target = out or model.with_suffix(".skops")
    proof = convert_model(model, target, data)
    if proof.warning:
        print(
            f"Take care: {proof.warning}. The proof compares with the model as it runs here; check "
            "a few rows against what it answered where it was trained.",
            file=sys.stderr,
        )
    print(
        f"Wrote {target}. On {proof.rows:,} rows ({proof.rows_from}) its predictions differ from "
        f"the original's by at most {proof.max_difference:.2g}.",
        file=sys.stderr,
    )
