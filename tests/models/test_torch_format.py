import json

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from audits.core.errors import InputError
from audits.models.formats.formats import detect_format
from audits.models.formats.torch import load

SPEC = {
    "schema": "assay.torch/1",
    "architecture": "tabular",
    "weights": "weights.safetensors",
    "task": "binary",
    "classes": ["denied", "approved"],
    "features": ["job", "age", "grade"],
    "numeric": [{"name": "age", "mean": 40.0, "std": 12.0, "fill": 37.0}],
    "categorical": [
        {"name": "job", "categories": ["clerk", "Müller"], "dim": 3},
        {"name": "grade", "categories": ["1", "2", "3"], "dim": 2},
    ],
    "hidden": [8, 4],
}
TASKS = {"binary": (["no", "yes"], 1), "multiclass": (["a", "b", "c"], 3), "regression": ([], 1)}


def make_tensors(outputs, seed=0):
    generator = torch.Generator().manual_seed(seed)
    shapes = {"embeddings.0.weight": (3, 3), "embeddings.1.weight": (4, 2)}
    widths = [6, 8, 4, outputs]
    for index in range(3):
        shapes[f"layers.{index}.weight"] = (widths[index + 1], widths[index])
        shapes[f"layers.{index}.bias"] = (widths[index + 1],)
    return {name: torch.randn(shape, generator=generator) for name, shape in shapes.items()}


def save(folder, tensors=None, **changes):
    spec = {**SPEC, **changes}
    outputs = len(spec["classes"]) if spec["task"] == "multiclass" else 1
    save_file(make_tensors(outputs) if tensors is None else tensors, folder / "weights.safetensors")
    path = folder / "model.json"
    path.write_text(json.dumps(spec, ensure_ascii=False), encoding="utf-8")
    return path


def compute_by_hand(frame, tensors):
    """The contract of docs/formats.md in numpy, row by row."""
    weights = {name: tensor.numpy() for name, tensor in tensors.items()}
    rows = []
    for _, row in frame.iterrows():
        age = 37.0 if np.isnan(row["age"]) else row["age"]
        job = {"clerk": 1, "Müller": 2}.get(row["job"], 0)
        grade = {"1": 1, "2": 2, "3": 3}.get(str(row["grade"]), 0)
        value = np.r_[
            np.float32((age - 40.0) / 12.0),
            weights["embeddings.0.weight"][job],
            weights["embeddings.1.weight"][grade],
        ]
        for index in range(3):
            value = weights[f"layers.{index}.weight"] @ value + weights[f"layers.{index}.bias"]
            value = np.maximum(value, 0) if index < 2 else value
        rows.append(value)
    return np.array(rows)


@pytest.mark.parametrize("task", TASKS)
def test_predictions_follow_the_contract(tmp_path, frame, task):
    classes, outputs = TASKS[task]
    path = save(tmp_path, task=task, classes=classes)
    assert detect_format(path).name == "torch"
    adapter = load(path, "auto")
    logits = compute_by_hand(frame, make_tensors(outputs)).astype(float)
    if task == "binary":
        positive = 1 / (1 + np.exp(-logits[:, 0]))
        expected = np.column_stack([1 - positive, positive])
    elif task == "multiclass":
        expected = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    else:
        expected = logits[:, 0]
    np.testing.assert_allclose(adapter.predict(frame), expected, rtol=1e-4, atol=1e-5)
    assert adapter.info.features == ("job", "age", "grade")
    assert adapter.info.classes == tuple(classes)


def test_embedded_columns_know_their_raw_column_and_give_the_same_logits(tmp_path, frame):
    adapter = load(save(tmp_path), "cpu")
    numeric, codes = adapter.tensors(frame)
    dense = adapter.estimator.embed(numeric, codes)
    assert adapter.owner.tolist() == [1, 0, 0, 0, 2, 2]
    torch.testing.assert_close(
        adapter.estimator.forward_embedded(dense), adapter.estimator(numeric, codes)
    )
    encoded = adapter.encode(frame)
    np.testing.assert_allclose(encoded.matrix, dense.numpy())
    dense.requires_grad_(True)
    adapter.estimator.forward_embedded(dense).sum().backward()
    assert torch.count_nonzero(dense.grad) > 0


def test_unseen_and_missing_share_row_zero(tmp_path, frame):
    adapter = load(save(tmp_path), "cpu")
    np.testing.assert_array_equal(
        adapter.predict(frame.assign(job="pilot")), adapter.predict(frame.assign(job=None))
    )


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"architecture": "transformer"}, "architecture"),
        ({"classes": ["only"]}, "1 classes do not fit"),
        ({"features": ["job", "age"]}, "features must be"),
        ({"weights": "../weights.safetensors"}, "same folder"),
        ({"weights": "absent.safetensors"}, "no such file"),
        ({"hidden": [8, 5]}, r"'layers.1.bias' is \[4\]"),
        ({"hidden": [8]}, "layers.1"),
        ({"numeric": [{"name": "age", "mean": 1.0, "std": 0.0, "fill": 0.0}]}, "std"),
        ({"code": "import os"}, "code"),
    ],
)
def test_a_spec_that_does_not_fit_is_refused(tmp_path, changes, words):
    with pytest.raises(InputError, match=words):
        load(save(tmp_path, **changes), "cpu")


def test_weights_that_are_not_finite_are_refused(tmp_path):
    tensors = make_tensors(1)
    tensors["layers.0.bias"][0] = float("nan")
    with pytest.raises(InputError, match="not finite"):
        load(save(tmp_path, tensors), "cpu")


@pytest.mark.parametrize("share", [0.0, 0.005, 0.05, 0.5, 0.99])
@pytest.mark.parametrize("name", ["weights.safetensors", "model.json"])
def test_truncated_half_is_one_clear_error(tmp_path, name, share):
    path = save(tmp_path)
    half = tmp_path / name
    content = half.read_bytes()
    half.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(InputError, match=r"damaged|empty|is not a") as caught:
        detect_format(path).load(path, "cpu")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "change",
    [
        lambda header: header["layers.0.bias"].update(data_offsets=[0, 1 << 40]),
        lambda header: header["layers.0.bias"].update(shape=[1 << 40]),
        lambda header: header["layers.0.bias"].update(dtype="F64"),
        lambda header: header.update(extra=header["layers.0.bias"]),
    ],
)
def test_safetensors_headers_are_checked_before_reading(tmp_path, change):
    path = save(tmp_path)
    weights = tmp_path / "weights.safetensors"
    content = weights.read_bytes()
    size = int.from_bytes(content[:8], "little")
    header = json.loads(content[8 : 8 + size])
    change(header)
    text = json.dumps(header).encode()
    weights.write_bytes(len(text).to_bytes(8, "little") + text + content[8 + size :])
    with pytest.raises(InputError, match="damaged"):
        load(path, "cpu")


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device")
def test_cuda_without_a_gpu_says_so(tmp_path):
    with pytest.raises(InputError, match="no CUDA GPU"):
        load(save(tmp_path), "cuda")


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_the_gpu_gives_the_cpu_s_answers(tmp_path, frame):
    path = save(tmp_path)
    on_gpu = load(path, "auto")
    assert on_gpu.info.device.startswith("cuda:0 (")
    np.testing.assert_allclose(on_gpu.predict(frame), load(path, "cpu").predict(frame), atol=1e-4)
