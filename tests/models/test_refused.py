import io
import pickle
import re
import shlex
import zipfile
from pathlib import Path

import joblib
import numpy as np
import pytest
import torch
from typer.testing import CliRunner

from audits.cli.main import app
from audits.core.errors import InputError
from audits.models.formats import FORMATS, detect_format


class Hostile:
    """Unpickling this makes a file."""

    def __init__(self, marker):
        self._marker = marker

    def __reduce__(self):
        return (Path.touch, (Path(self._marker),))


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize("name", ["model.pkl", "model.skops", "model.json", "model.onnx", "m"])
def test_a_pickle_is_refused_whatever_its_name_and_never_runs(tmp_path, protocol, name):
    marker = tmp_path / "ran"
    path = tmp_path / name
    path.write_bytes(pickle.dumps(Hostile(marker), protocol=protocol))
    with pytest.raises(InputError):
        detect_format(path)
    assert not marker.exists()
    pickle.loads(path.read_bytes())
    assert marker.exists(), "the file was hostile after all"


@pytest.mark.parametrize("compress", [0, ("gzip", 3), ("zlib", 3), ("bz2", 3), ("xz", 3)])
def test_joblib_files_are_refused_with_what_to_do(tmp_path, compress):
    path = tmp_path / "model.bin"
    joblib.dump({"weights": np.arange(5)}, path, compress=compress)
    with pytest.raises(InputError, match=r"assay convert model\.bin`"):
        detect_format(path)


def _torch_pickle(path):
    torch.save({"weight": torch.zeros(2)}, path)


def _script(path):
    torch.jit.script(torch.nn.Linear(2, 1)).save(path)


def _exported(path):
    torch.export.save(torch.export.export(torch.nn.Linear(2, 1), (torch.zeros(1, 2),)), path)


def _keras(path):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("config.json", "{}")
        archive.writestr("model.weights.h5", b"\x89HDF\r\n")


def _mojo(path):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("model.ini", "[info]")


@pytest.mark.parametrize(
    ("write", "words"),
    [
        (_torch_pickle, "a torch pickle"),
        (_script, "TorchScript"),
        (_exported, "exported torch program"),
        (_keras, "Keras"),
        (lambda path: path.write_bytes(b"\x89HDF\r\n\x1a\n"), "Keras"),
        (lambda path: np.save(path.open("wb"), np.array([{}], dtype=object)), "NumPy array"),
        (lambda path: np.savez(path.open("wb"), a=np.zeros(2)), "NumPy arrays, not a model"),
        (_mojo, "an H2O MOJO"),
        (
            lambda path: torch.save(torch.zeros(1), path, _use_new_zipfile_serialization=False),
            "a torch pickle",
        ),
        (lambda path: path.write_text("hello"), "no model that can be opened"),
        (lambda path: path.write_bytes(b""), "is empty"),
    ],
)
@pytest.mark.filterwarnings("ignore")
def test_programs_and_other_files_are_refused_by_content(tmp_path, write, words):
    path = tmp_path / "model.dat"
    write(path)
    with pytest.raises(InputError, match=words):
        detect_format(path)


def test_wrappers_are_refused(tmp_path):
    (tmp_path / "MLmodel").write_text("flavors: {}")
    (tmp_path / "model.xgb").write_text("")
    with pytest.raises(InputError, match="native file inside"):
        detect_format(tmp_path)
    with pytest.raises(InputError, match="native file inside"):
        detect_format(tmp_path / "MLmodel")
    folder = tmp_path / "saved"
    folder.mkdir()
    (folder / "saved_model.pb").write_bytes(b"\x08\x01")
    with pytest.raises(InputError, match="SavedModel"):
        detect_format(folder)


@pytest.mark.parametrize("suffix", sorted({item for known in FORMATS for item in known.suffixes}))
def test_a_name_does_not_make_a_model(tmp_path, suffix):
    path = tmp_path / f"model{suffix}"
    path.write_bytes(io.BytesIO(b"not a model at all").getvalue())
    with pytest.raises(InputError, match=r"whatever its name says"):
        detect_format(path)


def test_weights_alone_point_to_their_json(tmp_path):
    path = tmp_path / "model.safetensors"
    path.write_bytes(b"\x08\x00\x00\x00\x00\x00\x00\x00{}      ")
    with pytest.raises(InputError, match="JSON file that names them"):
        detect_format(path)


def _folder(*names):
    def write(path):
        for name in names:
            (path / name).parent.mkdir(parents=True, exist_ok=True)
            (path / name).write_bytes(b"{}")

    return write


REFUSED = {
    # name: (how it is written, the ways that the refusal offers)
    "model.joblib": (lambda path: joblib.dump([1], path), ["convert", "host", "table"]),
    "my model.pkl": (lambda path: path.write_bytes(pickle.dumps([1])), ["convert", "host", "table"]),
    "model.dill": (lambda path: path.write_bytes(pickle.dumps([1])), ["convert", "host", "table"]),
    "model.gz": (lambda path: joblib.dump([1], path, compress=("gzip", 3)), ["convert", "host", "table"]),
    "net.pt": (_torch_pickle, ["host", "ONNX", "safetensors", "table"]),
    "net.pth": (_script, ["host", "ONNX", "safetensors", "table"]),
    "net.pt2": (_exported, ["host", "ONNX", "safetensors", "table"]),
    "net.keras": (_keras, ["convert", "host", "ONNX", "table"]),
    "net.h5": (lambda path: path.write_bytes(b"\x89HDF\r\n\x1a\n"), ["convert", "host", "ONNX", "table"]),
    "weights.safetensors": (lambda path: path.write_bytes(b"\x02\0\0\0\0\0\0\0{}"), ["ONNX", "assay.torch/1"]),
    "tf": (_folder("saved_model.pb"), ["host", "ONNX", "table"]),
    "mlflow": (_folder("MLmodel"), ["host", "table"]),
    "mlflow native": (_folder("MLmodel", "data/model.ubj"), ["'data/model.ubj'", "host", "table"]),
    "spark": (_folder("metadata/part-0", "stages/0/x"), ["host", "table"]),
    "bert": (_folder("config.json", "model.safetensors"), ["host", "table"]),
    "model.zip": (_mojo, ["host", "table"]),
    "model.rds": (lambda path: path.write_bytes(b"\x1f\x8b\x08"), ["host", "table"]),
    "model.pmml": (lambda path: path.write_text("<PMML/>"), ["host", "table"]),
    "scores.npy": (lambda path: np.save(path, np.zeros(2)), ["table"]),
    "model.onnx": (lambda path: path.write_text("hello"), ["write it again", "table"]),
    "model.xyz": (lambda path: path.write_text("hello"), ["skops", "ONNX".lower(), "host", "table"]),
}  # fmt: skip
WORDS = {"convert": "`assay convert ", "host": "`assay host ", "table": "[predictions]"}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", REFUSED)
def test_every_refusal_is_one_line_that_names_ways_in_which_exist(tmp_path, monkeypatch, name):
    """The command that a refusal offers is given as it stands, and is taken."""
    monkeypatch.chdir(tmp_path)
    write, ways = REFUSED[name]
    write(tmp_path / name)
    with pytest.raises(InputError) as caught:
        detect_format(tmp_path / name)
    said = str(caught.value)
    assert "\n" not in said
    assert name in said
    assert str(tmp_path) not in said
    for way in ways:
        assert WORDS.get(way, way) in said
    (tmp_path / "predict.py").write_text("def predict(frame): ...")
    (tmp_path / "network.pt").write_text("")
    for command in re.findall("`assay (host .*?)`", said):
        done = CliRunner().invoke(app, shlex.split(command))
        assert done.exit_code == 0, done.exception
        compile((tmp_path / "host.py").read_text(encoding="utf-8"), "host.py", "exec")
