"""Each kind of model is saved as people save it, comes in by its way, and answers as before."""

from pathlib import Path

import joblib
import numpy as np
import pytest

from audits.core.errors import CheckNotApplicableError
from audits.explain.service import choose_method, compute_attribution, remember
from audits.models.convert import convert_model, save_model
from audits.models.formats import detect_format
from tests.zoo.kind import OPEN
from tests.zoo.kinds import KINDS
from tests.zoo.rows import ROWS
from tests.zoo.table import render_table


def test_names_are_unique():
    names = [(kind.group, kind.name) for kind in KINDS]
    assert len(names) == len(set(names)) >= 70


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: f"{kind.group}: {kind.name}")
def test_a_model_answers_as_it_did(kind, tmp_path):
    model = kind.make()
    adapter = load(kind, model, tmp_path)
    scores = adapter.predict(kind.rows)
    assert adapter.info.output == kind.output
    is_rank = kind.output == "score"
    if not is_rank:
        expected = ask(kind, model)
        scale = 1.0 if adapter.info.classes else float(np.abs(expected).max())
        np.testing.assert_allclose(scores, expected, rtol=0, atol=1e-6 * scale)
    if adapter.info.classes:
        own = decisions(kind, model, adapter)
        if kind.agrees:
            np.testing.assert_array_equal(decide(adapter, scores), own)
        else:  # its own decisions are not those of its own probabilities
            rows = adapter.prepare(kind.rows)
            np.testing.assert_array_equal(adapter.model.predict(rows).astype(str), own)
            assert (decide(adapter, scores) != own).any()
    if is_rank and hasattr(model, "decision_function"):
        check_order(scores, np.asarray(model.decision_function(kind.rows)))
    check_explanations(kind, adapter)


def load(kind, model, folder):
    if kind.way == OPEN:
        path = kind.save(model, folder)
    elif kind.save is not None:
        kind.rows.to_parquet(folder / "rows.parquet")
        path = folder / "converted.onnx"
        convert_model(kind.save(model, folder), path, folder / "rows.parquet")
    else:
        joblib.dump(model, folder / "model.joblib")
        path = folder / "model.skops"
        save_model(joblib.load(folder / "model.joblib"), path, kind.rows, "model.joblib")
    return detect_format(path).load(path, "cpu")


def ask(kind, model):
    if kind.expected is not None:
        positive = np.asarray(kind.expected(model, kind.rows), dtype=float)
        return np.column_stack([1 - positive, positive])
    rows = kind.rows
    if hasattr(model, "predict_proba"):
        return np.asarray(model.predict_proba(rows), dtype=float)
    return np.asarray(model.predict(rows), dtype=float).ravel()


def decide(adapter, scores):
    return np.array(adapter.info.classes)[scores.argmax(axis=1)]


def decisions(kind, model, adapter):
    """The model's own `predict`; of one that moves its threshold that of the model inside."""
    if kind.expected is not None or not hasattr(model, "predict"):
        return decide(adapter, ask(kind, model))
    if hasattr(model, "best_threshold_") or hasattr(model, "threshold"):
        model = model.estimator_
    return np.asarray(model.predict(kind.rows)).ravel().astype(str)


def check_order(scores, margins):
    """Of any two rows the one with the larger margin has the larger score, class by class."""
    if set(np.unique(scores)) == {0.0, 1.0}:  # its margins are of pairs of classes
        return
    columns = [scores[:, 1]] if margins.ndim == 1 else list(scores.T)
    margins = [margins] if margins.ndim == 1 else list(margins.T)
    if len(columns) != len(margins):
        return
    for score, margin in zip(columns, margins, strict=True):
        order = np.argsort(margin, kind="stable")
        assert (np.diff(score[order]) >= -1e-12).all()


def check_explanations(kind, adapter):
    """The model's own engine explains it, exactly; others are sampled, which is tested elsewhere."""
    rows = kind.rows.head(8)
    remember(adapter, kind.rows, {"name": "reference"})
    wanted = {"background": "reference", "method": "auto", "seed": 0}
    try:
        _, chosen = choose_method(adapter, rows, wanted)
    except CheckNotApplicableError as error:
        pytest.fail(str(error))
    is_sampled = chosen["method"] == "permutation_shap"
    assert is_sampled != kind.explains, chosen
    if is_sampled:
        return
    table, told = compute_attribution(adapter, rows, wanted | {"method": chosen["method"]})
    is_network = adapter.info.format == "torch"
    assert told["exact"] != is_network
    assert table.num_columns == len(adapter.info.features) + 2
    spread = max(1.0, float(np.abs(table.column("output").to_numpy()).max()))
    assert told["additivity_error"] <= (1e-3 if is_network else 1e-5) * spread


def test_rows_are_what_they_say():
    assert {"yes", "no"} == set(ROWS.yes_no)
    assert len(set(ROWS.three)) == 3


def test_the_table_in_the_docs_is_the_list():
    page = Path(__file__).resolve().parents[2] / "docs" / "models.md"
    assert page.read_text(encoding="utf-8") == render_table(), (
        "write it again: python -m tests.zoo.table > docs/models.md"
    )
