"""Files that are programs, not models: refused by their content, with what to do instead."""

from __future__ import annotations

import zipfile
from pathlib import Path

from audits.core.errors import InputError

_PICKLE_SUFFIXES = (".pkl", ".pickle", ".joblib", ".dill", ".cloudpickle", ".sav")
_COMPRESSED = (
    b"\x1f\x8b",
    b"BZh",
    b"\xfd7zXZ",
    b"\x78\x01",
    b"\x78\x5e",
    b"\x78\x9c",
    b"\x78\xda",
    b"\x5d\x00\x00",
    b"\x04\x22\x4d\x18",
    b"ZF",
)
_PICKLE_PROTOCOLS = range(2, 6)


def refuse_programs(path: Path, head: bytes) -> None:
    """Raise InputError where opening this file would run code that its author chose."""
    if path.is_dir():
        _refuse_folder(path)
    if path.name == "MLmodel":
        raise InputError(_mlflow(path))
    if path.name == "saved_model.pb":
        raise InputError(_saved_model(path))
    if _is_pickle(path, head):
        raise InputError(
            f"{path.name} is a pickle (joblib, dill): opening it runs whatever code its author put "
            f"in, so it is refused; if it is your own, run `assay convert {path.name}`, "
            "or save the model in its library's own format"
        )
    if head.startswith(b"\x93NUMPY"):
        raise InputError(f"{path.name} is a NumPy array, not a model")
    if head.startswith(b"\x89HDF") or path.suffix.lower() in (".h5", ".hdf5"):
        raise InputError(_keras(path))
    if head.startswith(b"PK"):
        _refuse_archive(path)


def _is_pickle(path: Path, head: bytes) -> bool:
    if path.suffix.lower() in _PICKLE_SUFFIXES:
        return True
    if len(head) > 1 and head[0] == 0x80 and head[1] in _PICKLE_PROTOCOLS:
        return True
    # Protocols 0 and 1 have no signature: they start by naming a global, or with a mark that
    # a list, a tuple or a dictionary follows.
    if head.startswith((b"ccopy_reg\n", b"cbuiltins\n", b"c__builtin__\n", b"(lp", b"(dp", b"(i")):
        return True
    names = head[1:].split(b"\n", 2)
    is_global = head[:1] == b"c" and len(names) == 3
    return (is_global and all(name.isidentifier() for name in _texts(names[:2]))) or (
        head.startswith(_COMPRESSED)
    )


def _texts(names: list[bytes]) -> list[str]:
    return [name.decode("ascii", "replace").replace(".", "_") for name in names]


def _refuse_folder(path: Path) -> None:
    if (path / "MLmodel").exists():
        raise InputError(_mlflow(path))
    if (path / "saved_model.pb").exists():
        raise InputError(_saved_model(path))
    raise InputError(f"{path} is a folder; give the model's file")


def _refuse_archive(path: Path) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, OSError):
        return  # its own format says that it is damaged
    if any("/code/" in name or name.endswith(("constants.pkl", "bytecode.pkl")) for name in names):
        raise InputError(_torch(path, "a TorchScript program"))
    if any(name.endswith(("archive_format", "serialized_exported_program.json")) for name in names):
        raise InputError(_torch(path, "an exported torch program (.pt2)"))
    if any(name.endswith("data.pkl") for name in names):
        raise InputError(_torch(path, "a torch pickle"))
    if any(name.endswith(".weights.h5") for name in names):
        raise InputError(_keras(path))
    if any(name.endswith(".npy") for name in names) and "schema.json" not in names:
        raise InputError(f"{path.name} holds NumPy arrays, not a model")


def _torch(path: Path, what: str) -> str:
    return (
        f"{path.name} is {what}: opening it runs code, so it is refused; save the weights with "
        "safetensors beside an assay.torch/1 JSON file, or export the network to ONNX"
    )


def _keras(path: Path) -> str:
    return (
        f"{path.name} is a Keras file (HDF5 or .keras), which can carry code, so it is refused; "
        "export the model to ONNX (tf2onnx)"
    )


def _saved_model(path: Path) -> str:
    return (
        f"{path.name} is a TensorFlow SavedModel, whose graph executes when opened, so it is "
        "refused; export the model to ONNX (tf2onnx)"
    )


def _mlflow(path: Path) -> str:
    return (
        f"{path.name} is an MLflow wrapper, which imports the model's own code, so it is refused; "
        "give the native file inside it (for example model.xgb, model.lgb.txt, model.onnx)"
    )
