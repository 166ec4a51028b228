"""Files that are programs, not models: refused by their content, with what to do instead."""

from __future__ import annotations

import zipfile
from pathlib import Path

from audits.core.errors import InputError, one_of
from audits.models.ways_in import TABLE, offer_conversion, offer_host, offer_python

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
_TORCH_LEGACY = b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19"
_TORCH_SUFFIXES = (".pt", ".pth")
_NATIVE_SUFFIXES = (".skops", ".onnx", ".ubj", ".xgb", ".lgb", ".cb", ".cbm")
_FOREIGN = {
    ".rds": "an R object",
    ".rda": "R's data",
    ".rdata": "R's data",
    ".pmml": "a PMML document",
    ".tflite": "a TensorFlow Lite model",
    ".mlmodel": "a Core ML model",
    ".mojo": "an H2O MOJO",
}


def refuse_programs(path: Path, head: bytes) -> None:
    """Raise InputError where opening this file would run code that its author chose.

    The message says in one line what the file is, why it is refused and what to do instead.
    """
    if path.is_dir():
        _refuse_folder(path)
    if path.name == "MLmodel":
        raise InputError(_mlflow(path.parent))
    if path.name == "saved_model.pb":
        raise InputError(_saved_model(path))
    if head.startswith(_TORCH_LEGACY) or (
        path.suffix.lower() in _TORCH_SUFFIXES and head[:1] == b"\x80"
    ):
        raise InputError(_torch(path, "a torch pickle"))
    if foreign := _FOREIGN.get(path.suffix.lower()):
        raise InputError(_other(path, foreign))
    if _is_pickle(path, head):
        raise InputError(_pickle(path, head))
    if head.startswith(b"\x93NUMPY"):
        raise InputError(_arrays(path, "a NumPy array"))
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
    if (path / "metadata").is_dir() and ((path / "stages").is_dir() or (path / "data").is_dir()):
        raise InputError(_other(path, "a Spark model"))
    if (path / "config.json").exists() and [*path.glob("*.safetensors"), *path.glob("*.bin")]:
        raise InputError(_other(path, "a transformers model"))
    raise InputError(f"{path} is a folder; give the model's file in it")


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
    if "model.ini" in names:
        raise InputError(
            f"{path.name} is an H2O MOJO, which only H2O's own Java code reads; "
            + offer_host(path.name, "h2o")
        )
    if any(name.endswith(".npy") for name in names) and "schema.json" not in names:
        raise InputError(_arrays(path, "an archive of NumPy arrays"))


def _pickle(path: Path, head: bytes) -> str:
    is_packed = head.startswith(_COMPRESSED)
    what = "compressed, as joblib writes pickles" if is_packed else "a pickle (joblib, dill)"
    return (
        f"{path.name} is {what}: opening it runs whatever code its author put in, so it is "
        f"refused; if it is your own, {offer_conversion(path.name)}, and "
        + offer_host(path.name, "joblib")
    )


def _arrays(path: Path, what: str) -> str:
    return f"{path.name} is {what}, not a model; give the model's file; or {TABLE}"


def _torch(path: Path, what: str) -> str:
    return (
        f"{path.name} is {what}: opening it runs code, so it is refused; export the network to "
        "ONNX, or save its weights with safetensors beside an assay.torch/1 JSON file; "
        + offer_host(path.name, "torch")
    )


def _keras(path: Path) -> str:
    return (
        f"{path.name} is a Keras file (HDF5 or .keras), which can carry code, so it is refused; "
        f"{offer_conversion(path.name)}, as ONNX; {offer_host(path.name, 'keras')}"
    )


def _saved_model(path: Path) -> str:
    return (
        f"{path.name} is a TensorFlow SavedModel, whose graph executes when opened, so it is "
        f"refused; export the model to ONNX (tf2onnx); {offer_python()}"
    )


def _mlflow(folder: Path) -> str:
    inside = sorted(
        item.relative_to(folder).as_posix()
        for item in folder.glob("**/*")
        if item.suffix in _NATIVE_SUFFIXES and item.is_file()
    )
    native = (
        f"give the native file inside it ({one_of(inside, 3)})"
        if inside
        else "it holds no native file (model.ubj, model.onnx, model.cb ...) that could be given"
    )
    return (
        f"{folder.name} is an MLflow wrapper, which imports the model's own code, so it is "
        f"refused; {native}; {offer_host(folder.name, 'mlflow')}"
    )


def _other(path: Path, what: str) -> str:
    """For models that a library of another world reads: a few lines of Python can ask it."""
    return f"{path.name} is {what}, which is not opened here; {offer_python()}"
