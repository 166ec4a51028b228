"""Writing the samples' data so that a killed run leaves no half file behind."""

from __future__ import annotations

from pathlib import Path

import pandas as pd


def save_csv(frame: pd.DataFrame, path: Path) -> None:
    """Write `frame` as UTF-8 CSV (missing numbers as empty fields), making the folder first."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    frame.to_csv(partial, index=False, lineterminator="\n", encoding="utf-8")
    partial.replace(path)
