"""Opens a skops file only after its archive and its types were looked at."""

from __future__ import annotations

import importlib
import sys
import zipfile
from importlib.abc import MetaPathFinder
from pathlib import Path
from types import ModuleType

from audits.core.errors import InputError, one_of
from audits.models.adapters.adapter import NativeModel
from audits.models.files.skops_types import ALLOWED
from audits.models.files.ways_in import offer_host

_MAX_MEMBERS = 100_000
_MAX_BYTES = 4 << 30
_MAX_SCHEMA_BYTES = 256 << 20
_MAX_RATIO = 500
_SMALL_BYTES = 64 << 20  # below this any ratio is harmless


def load_estimator(path: Path, allowed: frozenset[str] = ALLOWED) -> NativeModel:
    """Return the fitted estimator. Raises InputError where it is damaged or holds other types."""
    check_archive(path)
    skops_io = import_skops()
    try:
        refused = find_refused_types(path, allowed)
        if refused:
            raise InputError(describe_refused(path.name, refused))
        return skops_io.load(path, trusted=sorted(allowed))
    except (InputError, MemoryError):
        raise
    except Exception as error:  # any damage surfaces as whatever the damaged part raises
        raise InputError(
            f"the skops file {path.name} is damaged, or of another version of its libraries "
            f"({type(error).__name__}: {str(error)[:200]}); write it again"
        ) from error


def import_skops() -> ModuleType:
    """Import skops.io without torch, which it drags in and which takes seconds.

    skops looks at every module of scikit-learn, and one of those is an optional bridge to torch
    that scikit-learn itself leaves out where torch is not installed.
    """
    without_torch = _WithoutTorch()
    sys.meta_path.insert(0, without_torch)
    try:
        return importlib.import_module("skops.io")
    finally:
        sys.meta_path.remove(without_torch)


class _WithoutTorch(MetaPathFinder):
    """An import hook for which torch is not installed."""

    def find_spec(self, fullname: str, path: object, target: object = None) -> None:
        if fullname == "torch":
            raise ModuleNotFoundError("torch is not needed here", name="torch")


def find_refused_types(path: Path, allowed: frozenset[str] = ALLOWED) -> list[str]:
    """Return the types in the file that neither skops nor the reviewed list allows."""
    return sorted(set(import_skops().get_untrusted_types(file=path)) - allowed)


def describe_refused(name: str, refused: list[str]) -> str:
    """Return the message of a file that holds types which were not reviewed."""
    advice = "use scikit-learn's own estimators and transformers; " + offer_host(
        Path(name).with_suffix(".joblib").name, "joblib"
    )
    if any(item.startswith(("lightgbm.", "xgboost.", "catboost.")) for item in refused):
        advice = "write it with `assay convert`, which keeps boosters in their own formats"
    return f"{name} holds types that are not on the reviewed list: {one_of(refused)}; {advice}"


def check_archive(path: Path) -> None:
    """Raise InputError unless the archive is whole and of a plausible size."""
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            broken = archive.testzip() if _is_plausible(members) else None
    except (zipfile.BadZipFile, OSError, EOFError, NotImplementedError, RuntimeError) as error:
        raise InputError(
            f"the skops file {path.name} is damaged: {error}; write it again"
        ) from error
    except Exception as error:  # a decompressor's own errors: zlib.error, LZMAError
        raise InputError(
            f"the skops file {path.name} is damaged: {error}; write it again"
        ) from error
    if not _is_plausible(members):
        raise InputError(
            f"{path.name} unpacks to far more than a model needs (limits: {_MAX_BYTES >> 30} GB, "
            f"{_MAX_MEMBERS:,} parts, {_MAX_RATIO} times its size); it is refused"
        )
    if broken is not None:
        raise InputError(
            f"the skops file {path.name} is damaged: part {broken!r} has changed; write it again"
        )


def _is_plausible(members: list[zipfile.ZipInfo]) -> bool:
    unpacked = sum(item.file_size for item in members)
    packed = sum(item.compress_size for item in members)
    schema = sum(item.file_size for item in members if item.filename == "schema.json")
    return (
        len(members) <= _MAX_MEMBERS
        and unpacked <= _MAX_BYTES
        and schema <= _MAX_SCHEMA_BYTES
        and (unpacked <= _SMALL_BYTES or unpacked <= packed * _MAX_RATIO)
    )
