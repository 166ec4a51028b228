"""A model beside the data, before an audit: what it is, and whether it can read these rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from audits.core.errors import AssayError, InputError, near_misses, one_of
from audits.core.format import plain_text
from audits.data import PLAIN, DataPreview, FileForm, read_head
from audits.models import ModelClient, ModelInfo, match_replaced, open_model
from audits.recourse import find_blocks
from dashboard.catalogue import has_words, say

TRIED_ROWS = 200


@dataclass(frozen=True, slots=True)
class ModelFit:
    """What a model is. problem: why it cannot read the data's rows, "" where it can, or where
    that was not tried; setting: what can be declared about that. blocks: features that encode one
    category together, as these rows show. inputs: the model's own names for its features. renamed:
    those that surely are columns of another name. span: the least and largest number that it
    answers on these rows, where it answers one."""

    info: ModelInfo
    problem: str = ""
    blocks: tuple[tuple[str, ...], ...] = ()
    setting: str = ""
    inputs: tuple[str, ...] = ()
    renamed: tuple[tuple[str, str], ...] = ()
    span: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class Declared:
    """What is declared of a model and of the data beside it. features: the data's columns by the
    model's inputs."""

    missing: tuple[str, ...] = ()
    form: FileForm = PLAIN
    output: str = ""
    features: tuple[tuple[str, str], ...] = ()


def try_model(path: Path, data: Path | None, declared: Declared = Declared()) -> ModelFit:
    """Open a model in its worker and let it predict the data's first rows.

    A model behind an endpoint is only described: nothing is sent to it before the audit.
    Raises InputError where the file cannot be opened, or is not what is declared.
    """
    client: ModelClient
    with open_model(path, output=declared.output) as client:
        fit = ModelFit(client.info, inputs=client.info.features)
        if data is None or fit.info.format == "endpoint":
            return fit
        try:
            rows = read_head(data, declared.missing, TRIED_ROWS, declared.form)
            return _predict_head(fit, client, rows, declared)
        except AssayError as error:
            setting = error.setting if isinstance(error, InputError) else ""
            return replace(fit, info=client.info, problem=str(error), setting=setting)


def _predict_head(
    fit: ModelFit, client: ModelClient, rows: pd.DataFrame, declared: Declared
) -> ModelFit:
    columns = [str(name) for name in rows.columns]
    renamed = match_replaced(fit.inputs, columns)
    said = {name: to for name, to in declared.features if name in fit.inputs and to in columns}
    client.rename({**renamed, **said})
    fit = replace(fit, info=client.info, renamed=tuple(renamed.items()))
    if not set(fit.info.features) <= set(columns):
        return fit
    blocks = find_blocks(rows[list(fit.info.features)])
    answers = client.predict(rows)
    is_number = fit.info.task == "regression" and len(answers)
    span = (float(answers.min()), float(answers.max())) if is_number else None
    return replace(fit, blocks=blocks, span=span)


def find_absent(info: ModelInfo, names: Sequence[str]) -> list[str]:
    """Return the model's features that the data does not have."""
    return [name for name in info.features if name not in set(names)]


def describe_model(info: ModelInfo, preview: DataPreview) -> str:
    """Return what the model is and how many of its features the data has, in one sentence."""
    key = f"format.{info.format}"
    kind = say(key) if has_words(key) else info.format
    absent = find_absent(info, preview.names)
    classes = plain_text(", ".join(info.classes))
    about = say(
        "form.model_found", kind=kind, task=say(f"task.{info.task}").lower(),
        features=len(info.features), classes=classes or say("form.none"),
    )  # fmt: skip
    rest = say("form.model_all") if not absent else say("form.model_absent", n=len(absent))
    return f"{about} {rest}"


def find_absent_problem(fit: ModelFit, preview: DataPreview) -> str:
    """Return which inputs of the model are no columns of the data, "" where all are."""
    if fit.setting == "model.features":
        return plain_text(fit.problem)
    absent = find_absent(fit.info, preview.names)
    if not absent:
        return ""
    return say(
        "form.need_features", n=len(absent), of=len(fit.info.features),
        names=plain_text(one_of(absent, 8)), hint=plain_text(near_misses(absent[0], preview.names)),
    )  # fmt: skip


def find_output_problem(fit: ModelFit, task: str) -> str:
    """Return why it has to be said what the model's number is, "" where its file says it."""
    if fit.info.task != "regression" or task != "binary":
        return ""
    if fit.span is None:
        return say("form.need_output")
    low, high = (f"{number:.3g}" for number in fit.span)
    key = (
        "form.need_output_share"
        if 0 <= fit.span[0] <= fit.span[1] <= 1
        else "form.need_output_span"
    )
    return say(key, n=TRIED_ROWS, low=low, high=high)


def find_fit_problem(fit: ModelFit, target: str, task: str) -> str:
    """Return why the model and the data do not go together and what to do, "" where they do."""
    if fit.info.task != task:
        return say("form.other_task", task=say(f"task.{fit.info.task}").lower())
    if target in fit.info.features:
        return say("form.target_is_feature", target=plain_text(target))
    return say("form.cannot_read", reason=plain_text(fit.problem)) if fit.problem else ""
