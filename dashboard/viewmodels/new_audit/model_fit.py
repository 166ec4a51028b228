"""A model beside the data, before an audit: what it is, and whether it can read these rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from audits.core.errors import AssayError, near_misses, one_of
from audits.core.format import plain_text
from audits.data import DataLook, read_head
from audits.models import ModelClient, ModelInfo, open_model
from audits.recourse import find_blocks
from dashboard.catalogue import has_words, say

TRIED_ROWS = 200


@dataclass(frozen=True, slots=True)
class ModelFit:
    """What a model is. problem: why it cannot read the data's rows, "" where it can, or where
    that was not tried. blocks: features that encode one category together, as these rows show."""

    info: ModelInfo
    problem: str = ""
    blocks: tuple[tuple[str, ...], ...] = ()


def try_model(path: Path, data: Path | None, missing: tuple[str, ...]) -> ModelFit:
    """Open a model in its worker and let it predict the data's first rows.

    A model behind an endpoint is only described: nothing is sent to it before the audit.
    Raises InputError where the file cannot be opened.
    """
    client: ModelClient
    with open_model(path) as client:
        info = client.info
        if data is None or info.format == "endpoint":
            return ModelFit(info)
        blocks: tuple[tuple[str, ...], ...] = ()
        try:
            rows = read_head(data, missing, TRIED_ROWS)
            if set(info.features) <= set(rows.columns):
                blocks = find_blocks(rows[list(info.features)])
                client.predict(rows)
        except AssayError as error:
            return ModelFit(info, str(error))
    return ModelFit(info, blocks=blocks)


def find_absent(info: ModelInfo, names: Sequence[str]) -> list[str]:
    """Return the model's features that the data does not have."""
    return [name for name in info.features if name not in set(names)]


def describe_model(info: ModelInfo, look: DataLook) -> str:
    """Return what the model is and how many of its features the data has, in one sentence."""
    key = f"format.{info.format}"
    kind = say(key) if has_words(key) else info.format
    absent = find_absent(info, look.names)
    classes = plain_text(", ".join(info.classes))
    about = say(
        "form.model_found", kind=kind, task=say(f"task.{info.task}").lower(),
        features=len(info.features), classes=classes or say("form.none"),
    )  # fmt: skip
    rest = say("form.model_all") if not absent else say("form.model_absent", n=len(absent))
    return f"{about} {rest}"


def find_fit_problem(fit: ModelFit, look: DataLook, target: str, task: str) -> str:
    """Return why the model and the data do not go together and what to do, "" where they do."""
    info = fit.info
    absent = find_absent(info, look.names)
    if absent:
        hint = near_misses(absent[0], look.names)
        return say(
            "form.need_features", n=len(absent), of=len(info.features),
            names=plain_text(one_of(absent, 8)), hint=plain_text(hint),
        )  # fmt: skip
    if info.task != task:
        return say("form.other_task", task=say(f"task.{info.task}").lower())
    if target in info.features:
        return say("form.target_is_feature", target=plain_text(target))
    return say("form.cannot_read", reason=plain_text(fit.problem)) if fit.problem else ""
