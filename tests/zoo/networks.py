"""ONNX graphs and torch networks."""

import json

import numpy as np
import torch
from safetensors.torch import save_file
from skl2onnx import to_onnx
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from tests.zoo.kind import OPEN, Kind
from tests.zoo.rows import ROWS

FEATURES = list(ROWS.numbers)
SINGLE = ROWS.numbers.astype(np.float32)


class Network(torch.nn.Module):
    """Two layers and a softmax, as most notebooks write them."""

    def __init__(self):
        super().__init__()
        self.layers = torch.nn.Sequential(
            torch.nn.Linear(4, 6), torch.nn.ReLU(), torch.nn.Linear(6, 2), torch.nn.Softmax(dim=1)
        )

    def forward(self, rows):
        return self.layers(rows / 50)

    def predict_proba(self, frame):
        with torch.no_grad():
            return self(torch.tensor(frame.to_numpy(np.float32))).numpy()


def _make_network():
    torch.manual_seed(0)
    return Network().eval()


def _save_with_torch(model, folder):
    path = folder / "model.onnx"
    torch.onnx.export(
        model, (torch.zeros(1, 4),), str(path), dynamo=False, input_names=["rows"],
        output_names=["probabilities"], dynamic_axes={"rows": {0: "n"}, "probabilities": {0: "n"}},
    )  # fmt: skip
    return _name_features(path)


def _name_features(path):
    import onnx

    document = onnx.load(path)
    entry = document.metadata_props.add()
    entry.key, entry.value = "assay.features", json.dumps(FEATURES)
    onnx.save(document, path)
    return path


def _save_with_skl2onnx(**options):
    def save(model, folder):
        path = folder / "model.onnx"
        document = to_onnx(model, SINGLE[:1].to_numpy(), options=options or None)
        path.write_bytes(document.SerializeToString())
        return _name_features(path)

    return save


def _linear():
    return make_pipeline(StandardScaler(), LogisticRegression()).fit(ROWS.numbers, ROWS.zero_one)


SPEC = {
    "schema": "assay.torch/1", "architecture": "tabular", "weights": "weights.safetensors",
    "task": "binary", "classes": ["no", "yes"], "features": FEATURES, "hidden": [5],
    "numeric": [{"name": name, "mean": 20.0, "std": 10.0, "fill": 20.0} for name in FEATURES],
    "categorical": [],
}  # fmt: skip


class Tabular(torch.nn.Module):
    """What assay.torch/1 describes: scaled numbers, two layers, one logit."""

    def __init__(self):
        super().__init__()
        self.layers = torch.nn.ModuleList([torch.nn.Linear(4, 5), torch.nn.Linear(5, 1)])

    def predict_proba(self, frame):
        with torch.no_grad():
            rows = (torch.tensor(frame.to_numpy(np.float32)) - 20) / 10
            logit = self.layers[1](torch.relu(self.layers[0](rows))).double().numpy()[:, 0]
        positive = 1 / (1 + np.exp(-logit))
        return np.column_stack([1 - positive, positive])


def _make_tabular():
    torch.manual_seed(1)
    return Tabular()


def _save_tabular(model, folder):
    save_file(model.state_dict(), folder / "weights.safetensors")
    path = folder / "model.json"
    path.write_text(json.dumps(SPEC))
    return path


class Keras:
    """Some layers of Keras, asked as scikit-learn's models are."""

    def __init__(self, *last, columns=None):
        from audits.models.keras_file import use_torch

        use_torch()
        import keras

        keras.utils.set_random_seed(0)
        layers = keras.layers
        inputs = [keras.Input((1,), name=name) for name in columns or ()] or keras.Input((4,))
        joined = layers.Concatenate()(inputs) if columns else inputs
        scaled = layers.Normalization(mean=[20.0] * 4, variance=[100.0] * 4)(joined)
        hidden = layers.BatchNormalization()(layers.Dense(6, activation="relu")(scaled))
        answer = layers.Dense(*last)(layers.Dropout(0.2)(hidden))
        self.network = keras.Model(inputs, answer)

    def ask(self, frame):
        rows = frame.to_numpy(np.float32)
        parts = [rows[:, [place]] for place in range(4)]
        return self.network.predict(parts if len(self.network.inputs) > 1 else rows, verbose=0)

    def predict_proba(self, frame):
        given = self.ask(frame).astype(float)
        return given if given.shape[1] > 1 else np.column_stack([1 - given, given])


class KerasRegression:
    """The same with one number that is no probability."""

    def __init__(self):
        self.network = Keras(1, None).network

    def predict(self, frame):
        return self.network.predict(frame.to_numpy(np.float32), verbose=0)[:, 0]


def _save_keras(suffix):
    def save(model, folder):
        path = folder / f"model{suffix}"
        model.network.save(path)
        return path

    return save


KINDS = [
    Kind("Keras (.keras), one sigmoid", "Networks", lambda: Keras(1, "sigmoid"), SINGLE,
         _save_keras(".keras")),
    Kind("Keras (.h5), softmax", "Networks", lambda: Keras(3, "softmax"), SINGLE,
         _save_keras(".h5")),
    Kind("Keras, one input a column", "Networks",
         lambda: Keras(1, "sigmoid", columns=FEATURES), SINGLE, _save_keras(".keras")),
    Kind("Keras regression", "Networks", KerasRegression, SINGLE, _save_keras(".keras"),
         output="value"),
    Kind("torch.onnx.export with a softmax", "Networks", _make_network, SINGLE, _save_with_torch,
         OPEN),
    Kind("torch weights as safetensors with assay.torch/1", "Networks", _make_tabular,
         ROWS.numbers, _save_tabular, OPEN, explains=True),
    Kind("skl2onnx with a ZipMap", "ONNX", _linear, SINGLE, _save_with_skl2onnx(), OPEN),
    Kind("skl2onnx without a ZipMap", "ONNX", _linear, SINGLE,
         _save_with_skl2onnx(zipmap=False), OPEN),
    Kind("skl2onnx of a regression", "ONNX",
         lambda: LinearRegression().fit(ROWS.numbers, ROWS.amount), SINGLE, _save_with_skl2onnx(),
         OPEN, output="value"),
]  # fmt: skip
