"""Opening models of other people: formats, trust rules, and the worker in which a model lives."""

from audits.models.adapter import Adapter, Encoded, ModelInfo
from audits.models.client import ModelClient, open_model
from audits.models.declared import open_declared
from audits.models.formats import FORMATS, detect_format

__all__ = [
    "FORMATS",
    "Adapter",
    "Encoded",
    "ModelClient",
    "ModelInfo",
    "detect_format",
    "open_declared",
    "open_model",
]
