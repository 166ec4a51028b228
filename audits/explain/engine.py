"""The audit's side of an explanation: chunks of rows to the model's worker, attributions back."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from itertools import pairwise

import numpy as np
import pandas as pd
import pyarrow as pa

from audits.core.attribution import Attribution
from audits.core.errors import InputError, ModelCrashError
from audits.models.client import ModelClient
from audits.models.columns import select_features

SERVICE = "audits.explain.service"
"""What to name in `open_model(..., services=[SERVICE])` so that the worker can explain."""

CHUNK_ROWS = 131_072
BACKGROUND_ROWS = 4_096


def sample_background(
    frame: pd.DataFrame, generator: np.random.Generator, rows: int = BACKGROUND_ROWS
) -> pd.DataFrame:
    """Return at most `rows` rows of the reference data, drawn without replacement."""
    if len(frame) <= rows:
        return frame
    return frame.iloc[np.sort(generator.choice(len(frame), size=rows, replace=False))]


def iterate_attributions(
    client: ModelClient,
    frame: pd.DataFrame,
    *,
    background: pd.DataFrame | None,
    target_class: int = 1,
    chunk_rows: int = CHUNK_ROWS,
    progress: Callable[[float], None] | None = None,
) -> Iterator[Attribution]:
    """Explain the rows of `frame` in order, about `chunk_rows` at a time, in bounded memory.

    client: opened with `services=[SERVICE]`. frame: at least the columns `client.info.features`.
    background: reference rows whose mean, as the model sees them, is the point of comparison of
    linear models and networks (trees need none); zeros where None. It is sent once: keep it
    small (`sample_background`). target_class: index in `client.info.classes`; for a binary
    model 0 gives the mirror image of 1; ignored for regression. progress: told the share of
    rows done, in (0, 1], after each chunk.

    Raises CheckNotApplicableError where nothing explains this kind of model, InputError where
    there are no rows, columns lack or the class does not exist, ModelCrashError where the worker
    dies.
    """
    if not len(frame):
        raise InputError("there are no rows to explain; give at least one row of data")
    features = client.info.features
    chosen = select_features(frame, features)
    params = {"target_class": target_class}
    if background is not None:
        _, answer = client.call("baseline", select_features(background, features))
        params |= answer
    n_chunks = math.ceil(len(chosen) / chunk_rows)
    # Even chunks: an engine that pays a set-up per call is never called for a small remainder.
    edges = np.linspace(0, len(chosen), n_chunks + 1).round().astype(int)
    for begin, end in pairwise(edges):
        table, details = client.call("attribute", chosen.iloc[begin:end], params)
        if table.num_rows != end - begin or table.num_columns != len(features) + 2:
            raise ModelCrashError("the model's worker answered attributions of the wrong shape")
        yield _read_attribution(table, details, features)
        if progress is not None:
            progress(float(end / len(chosen)))


def compute_attributions(
    client: ModelClient,
    frame: pd.DataFrame,
    *,
    background: pd.DataFrame | None,
    target_class: int = 1,
    chunk_rows: int = CHUNK_ROWS,
    progress: Callable[[float], None] | None = None,
) -> Attribution:
    """Explain all rows of `frame` and keep them in memory; see `iterate_attributions`.

    `additivity_error` and `budget` are the largest of the chunks.
    """
    parts = list(
        iterate_attributions(
            client,
            frame,
            background=background,
            target_class=target_class,
            chunk_rows=chunk_rows,
            progress=progress,
        )
    )
    return concatenate(parts)


def concatenate(parts: list[Attribution]) -> Attribution:
    """Join the attributions of consecutive rows of one model. `parts` has at least one."""
    first = parts[0]
    return Attribution(
        values=np.concatenate([part.values for part in parts]),
        features=first.features,
        base=np.concatenate([part.base for part in parts]),
        output=np.concatenate([part.output for part in parts]),
        space=first.space,
        method=", ".join(dict.fromkeys(part.method for part in parts)),
        exact=all(part.exact for part in parts),
        additivity_error=max(part.additivity_error for part in parts),
        budget=max(part.budget for part in parts),
        device=first.device,
    )


def _read_attribution(
    table: pa.Table, details: dict[str, object], features: tuple[str, ...]
) -> Attribution:
    columns = [column.to_numpy() for column in table.columns]
    if not all(np.isfinite(column).all() for column in columns):
        raise ModelCrashError("the model's attributions are not finite numbers")
    return Attribution(
        values=np.column_stack(columns[: len(features)]),
        features=features,
        base=columns[-2],
        output=columns[-1],
        space=str(details["space"]),
        method=str(details["method"]),
        exact=details["exact"] is True,
        additivity_error=float(str(details["additivity_error"])),
        budget=int(str(details["budget"])),
        device=str(details["device"]),
    )
