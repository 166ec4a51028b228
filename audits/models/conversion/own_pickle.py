"""Opens a person's own pickle for `assay convert`, with their consent, and says what it is.

Unlike everything else in this room it unpickles, in the process of the person whose file it is.
"""

from __future__ import annotations

import pickle
import re
import sys
import warnings
from dataclasses import dataclass
from pathlib import Path

from audits.core.errors import InputError, near_misses
from audits.models.adapters.adapter import NativeModel
from audits.models.conversion.unwrap import BOOSTERS, check_refit, is_booster, library_of
from audits.models.files.ways_in import offer_host

_NO_ATTRIBUTE = re.compile(r"Can't get attribute '([^']+)' on <module '([^']+)'")


@dataclass(frozen=True, slots=True)
class Opened:
    """A model, and what is to be known of the versions it was saved with ("" for nothing)."""

    model: NativeModel
    warning: str


def open_pickle(source: Path) -> Opened:
    """Return what is in a joblib or pickle file. Raises InputError where it is no such model."""
    import joblib  # noqa: PLC0415

    if not source.is_file():
        siblings = [item.name for item in source.parent.glob("*")]
        raise InputError(f"no model file {str(source)!r}{near_misses(source.name, siblings)}")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            model = joblib.load(source)
        except Exception as error:  # any library's code may run here, and raise what it likes
            raise InputError(_explain(source.name, error, _find_versions(caught))) from error
    check_kind(model, source.name)
    return Opened(model, _find_versions(caught))


def check_kind(model: NativeModel, name: str) -> None:
    """Raise InputError where the object is nothing that a file of ours can hold."""
    library, kind = library_of(model), type(model).__name__
    check_refit(model)
    if not hasattr(model, "predict"):
        is_scaler = hasattr(model, "transform")
        hint = (
            "; save the pipeline with its model, not its preprocessing alone" if is_scaler else ""
        )
        raise InputError(f"{name} holds a {kind}, which predicts nothing{hint}")
    if library in BOOSTERS and not is_booster(model):
        raise InputError(
            f"{name} holds a {kind}, whose output is neither a probability nor a target; save a "
            f"classifier or a regressor; {offer_host(name, 'joblib')}"
        )
    if library not in ("sklearn", "imblearn", *BOOSTERS, "__main__") and not _is_estimator(model):
        raise InputError(
            f"{name} holds a {kind} of the library {library}, whose models no file carries without "
            f"its code; {offer_host(name, _kind_of_host(library))}"
        )


def _is_estimator(model: NativeModel) -> bool:
    from sklearn.base import BaseEstimator  # noqa: PLC0415

    return isinstance(model, BaseEstimator)


def _kind_of_host(library: str) -> str:
    return {"statsmodels": "statsmodels", "keras": "keras", "torch": "torch"}.get(library, "joblib")


def _find_versions(caught: list[warnings.WarningMessage]) -> str:
    """Return which versions of scikit-learn differ, as it warned itself; "" where none do."""
    for item in caught:
        saved = getattr(item.message, "original_sklearn_version", None)
        if saved is not None:
            here = getattr(item.message, "current_sklearn_version", "another")
            return f"scikit-learn {saved} saved it, {here} is installed here"
    return ""


def _explain(name: str, error: Exception, versions: str) -> str:
    """Return in one line why a pickle does not open, and the way around."""
    host = offer_host(name, "joblib")
    text = " ".join(str(error).split())
    absent = _NO_ATTRIBUTE.search(text)
    if absent and (absent[2] == "__main__" or repr(sys.modules["__main__"]) in text):
        return (
            f"{name} uses {absent[1]!r}, a function or class of the script that trained it: the "
            "file has its name alone, and no model file carries code; use scikit-learn's own "
            f"transformers, or paste {absent[1]!r} into the script of `assay host`: {host}"
        )
    if isinstance(error, ModuleNotFoundError):
        return (
            f"{name} needs the module {error.name!r}, which is not installed here; convert it "
            f"where it was trained (pip install assay-audit there), or {host}"
        )
    if versions:
        return (
            f"{name} does not open: {versions}, and the two do not fit (pip install "
            f"'scikit-learn=={versions.split()[1]}' in an environment of its own); {host}"
        )
    if absent:
        return (
            f"{name} uses {absent[1]!r} of the module {absent[2]}, which the version "
            f"installed here does not have; convert it where it was trained, or {host}"
        )
    if isinstance(error, (EOFError, pickle.UnpicklingError, KeyError, IndexError, ValueError)):
        return (
            f"{name} cannot be opened: it is cut short, no pickle, or made by other versions of "
            f"its libraries ({type(error).__name__}); save it again, or {host}"
        )
    return (
        f"{name} cannot be opened: its own code stopped with {type(error).__name__} "
        f"({text[:160]}); convert it where it was trained, or {host}"
    )
