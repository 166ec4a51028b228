"""The audit's side of an explanation: chunks of rows to the model's worker, attributions back."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from audits.core.attribution import Attribution
from audits.core.errors import InputError, ModelCrashError
from audits.explain.methods import AUTO, PERMUTATION_SHAP
from audits.explain.sampled.engine import ERROR, PAIRS
from audits.models import ModelClient, select_features

SERVICE = "audits.explain.service"
"""What to name in `open_model(..., services=[SERVICE])` so that the worker can explain."""

CHUNK_ROWS = 131_072
SAMPLED_CHUNK_ROWS = 2_048
PROBE_ROWS = 64


@dataclass(frozen=True, slots=True)
class Settings:
    """How to explain.

    method: a name of `METHODS`, or "auto" for the model's own. output: "margin", "probability",
    or "auto" for what the method explains by itself. target_class: index in `client.info.classes`;
    for a binary model 0 gives the mirror image of 1; ignored for regression. pairs, error: budget
    and aim of sampled values (`Budget`). baseline: what a network's output is compared with
    ("auto", "mean", "zero" or "sample", see `audits.explain.methods`). seed: of all that is drawn.
    """

    method: str = AUTO
    output: str = AUTO
    target_class: int = 1
    pairs: int = PAIRS
    error: float = ERROR
    seed: int = 0
    baseline: str = AUTO


@dataclass(frozen=True, slots=True)
class Explainer:
    """One way to explain one opened model. Made by `prepare_explainer`.

    method, space: what it does and in which units. why: why the model's own method is not used,
    "" where it is.
    """

    client: ModelClient
    settings: Settings
    method: str
    space: str
    why: str
    _params: Mapping[str, Any]

    def explain(self, frame: pd.DataFrame, *, first: int = 0) -> Attribution:
        """Explain all rows of `frame` in one request; `first` is the number of its first row,
        which sampling draws by."""
        features = self.client.info.features
        chosen = select_features(frame, features)
        params = {**self._params, "seed": self.settings.seed + first}
        table, details = self.client.call("attribute", chosen, params)
        if table.num_rows != len(chosen):
            raise ModelCrashError("the model's worker answered attributions of the wrong shape")
        return _read_attribution(table, details, features)

    def iterate(
        self,
        frame: pd.DataFrame,
        *,
        first: int = 0,
        chunk_rows: int = CHUNK_ROWS,
        progress: Callable[[float], None] | None = None,
    ) -> Iterator[Attribution]:
        """Explain the rows in order, at most `chunk_rows` at a time, in bounded memory.

        progress: told the share of rows done, in (0, 1], after each chunk.
        """
        if self.method == PERMUTATION_SHAP:
            chunk_rows = min(chunk_rows, SAMPLED_CHUNK_ROWS)
        n_chunks = math.ceil(len(frame) / chunk_rows)
        # Even chunks: an engine that pays a set-up per call is never called for a small remainder.
        edges = np.linspace(0, len(frame), n_chunks + 1).round().astype(int)
        for begin, end in pairwise(edges):
            yield self.explain(frame.iloc[begin:end], first=first + int(begin))
            if progress is not None:
                progress(float(end / len(frame)))


def prepare_explainer(
    client: ModelClient,
    probe: pd.DataFrame,
    background: pd.DataFrame | None,
    settings: Settings | None = None,
    *,
    name: str = "background",
) -> Explainer:
    """Choose the method that explains the model, tried on the first rows of `probe`.

    client: opened with `services=[SERVICE]`. background: the reference rows that the method
    compares with; sent once, and kept by the worker under `name`: explainers in use at the same
    time need different names. None compares with the origin, where the method can.

    Raises CheckNotApplicableError where the wanted method does not explain this model, InputError
    where there are no rows, columns lack or the class does not exist, ModelCrashError where the
    worker dies.
    """
    settings = settings or Settings()
    if not len(probe):
        raise InputError("there are no rows to explain; give at least one row of data")
    features = client.info.features
    params: dict[str, Any] = {
        "output": settings.output,
        "target_class": settings.target_class,
        "pairs": settings.pairs,
        "error": settings.error,
        "seed": settings.seed,
        "baseline": settings.baseline,
    }
    if background is not None:
        client.call("remember", select_features(background, features), {"name": name})
        params["background"] = name
    chosen = select_features(probe.iloc[:PROBE_ROWS], features)
    _, answer = client.call("choose", chosen, {**params, "method": settings.method})
    params["method"] = str(answer["method"])
    return Explainer(
        client, settings, params["method"], str(answer["space"]), str(answer["why"]), params
    )


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
        error=None
        if first.error is None
        else np.concatenate([part.error for part in parts if part.error is not None]),
    )


def _read_attribution(
    table: pa.Table, details: dict[str, object], features: tuple[str, ...]
) -> Attribution:
    columns = [column.to_numpy() for column in table.columns]
    if not all(np.isfinite(column).all() for column in columns):
        raise ModelCrashError("the model's attributions are not finite numbers")
    n = len(features)
    if len(columns) not in (n + 2, 2 * n + 2):
        raise ModelCrashError("the model's worker answered attributions of the wrong shape")
    return Attribution(
        values=np.column_stack(columns[:n]),
        features=features,
        base=columns[n],
        output=columns[n + 1],
        space=str(details["space"]),
        method=str(details["method"]),
        exact=details["exact"] is True,
        additivity_error=float(str(details["additivity_error"])),
        budget=int(str(details["budget"])),
        device=str(details["device"]),
        error=np.column_stack(columns[n + 2 :]) if len(columns) > n + 2 else None,
    )
