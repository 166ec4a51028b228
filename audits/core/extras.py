"""Which extra of the package brings a library that is not there."""

from __future__ import annotations

from collections.abc import Mapping

from audits.core.errors import MissingPackageError

EXTRAS: Mapping[str, tuple[str, ...]] = {
    "boosting": ("catboost", "lightgbm", "xgboost"),
    "dashboard": ("streamlit",),
    "excel": ("fastexcel",),
    "explain": ("shap", "woodelf"),
    "keras": ("keras",),
    "mitigate": ("fairlearn",),
    "onnx": ("onnx", "onnxruntime", "skl2onnx"),
    "torch": ("captum", "safetensors", "torch"),
}
"""The modules that each extra brings; the package works without them."""


def find_extra(module: str) -> str:
    """Return the extra that brings a module (`torch.nn` too), "" where none does."""
    top = module.partition(".")[0]
    return next((extra for extra, modules in EXTRAS.items() if top in modules), "")


def explain_missing(error: Exception) -> Exception:
    """Return an error that says what to install, for an import that an extra would mend; else
    the error itself."""
    if not isinstance(error, ModuleNotFoundError) or not error.name:
        return error
    extra = find_extra(error.name)
    if not extra:
        return error
    return MissingPackageError(
        f"this needs {error.name.partition('.')[0]}, which is not installed: "
        f'pip install "assay-audit[{extra}]"'
    )
