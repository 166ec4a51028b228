"""Opening a model as the settings declare it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from audits.core.settings.model import ModelSection
from audits.models.worker.client import ModelClient, open_model


def open_declared(
    section: ModelSection, base: Path, *, device: str = "cpu", services: Sequence[str] = ()
) -> ModelClient:
    """Open the model of `[model]`: its numbers, its inputs and its classes as declared there.

    base: the folder of the settings. Raises InputError where the file cannot be opened, or is not
    what is declared.
    """
    client = open_model(
        base / section.path,
        device=device,
        services=services,
        output=section.reading,
        features=section.features,
    )
    if section.classes and len(section.classes) == len(client.info.classes):
        client.name_classes(section.classes)
    return client
