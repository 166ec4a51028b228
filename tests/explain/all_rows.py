"""All rows explained at once, as tests want them; checks take the chunks one by one."""

import pandas as pd

from audits.core.attribution import Attribution
from audits.explain.engine import Settings, concatenate, prepare_explainer
from audits.models import ModelClient


def compute_attributions(
    client: ModelClient,
    frame: pd.DataFrame,
    *,
    background: pd.DataFrame | None,
    settings: Settings | None = None,
    chunk_rows: int = 131_072,
) -> Attribution:
    """Explain all rows of `frame`; `additivity_error` and `budget` are the largest of a chunk."""
    explainer = prepare_explainer(client, frame, background, settings)
    return concatenate(list(explainer.iterate(frame, chunk_rows=chunk_rows)))
