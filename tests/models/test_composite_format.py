"""Composite files: what they hold is checked as the parts' own files are."""

import json
import zipfile

import joblib
import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from xgboost import XGBClassifier

from audits.core.errors import InputError
from audits.models.composite import file as composite_file
from audits.models.composite.format import load
from audits.models.convert import convert_model, save_model
from audits.models.files.skops_file import import_skops
from audits.models.formats.formats import detect_format
from audits.models.formats.skops import load as load_skops
from audits.models.worker.client import open_model


@pytest.fixture(scope="module")
def rows(frame):
    return frame[["age", "grade"]]


@pytest.fixture(scope="module")
def model(rows, targets):
    booster = XGBClassifier(n_estimators=4, max_depth=2, n_jobs=1)
    return make_pipeline(StandardScaler(), booster).fit(rows, targets["binary"])


@pytest.fixture
def path(tmp_path, rows, model):
    target = tmp_path / "model.skops"
    save_model(model, target, rows, "model.joblib")
    return target


def rewrite(path, **changed):
    """Write the archive again with some members changed; None leaves one out."""
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    members |= {name.replace("__", "/"): content for name, content in changed.items()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            if content is not None:
                archive.writestr(name, content)


def manifest(*parts, schema="assay.composite/1"):
    return json.dumps({"schema": schema, "parts": list(parts)})


PART = {"path": "parts/0.ubj", "format": "xgboost"}


def test_a_file_is_skops_with_boosters_beside_it(path, rows, model):
    with zipfile.ZipFile(path) as archive:
        assert {"schema.json", "assay.json", "parts/0.ubj"} <= set(archive.namelist())
        booster = archive.read("parts/0.ubj")
    assert detect_format(path).name == "composite"
    own = path.with_name("own.ubj")
    own.write_bytes(booster)
    assert detect_format(own).name == "xgboost"
    np.testing.assert_allclose(
        load(path, "cpu").predict(rows), model.predict_proba(rows), atol=1e-6
    )


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"assay.json": b"{"}, "cannot be read"),
        ({"assay.json": b"[" * 100_000}, "cannot be read"),
        ({"assay.json": manifest(PART, schema="assay.composite/9")}, "not of the schema"),
        ({"assay.json": manifest({"path": 5, "format": "xgboost"})}, "does not name its parts"),
        ({"assay.json": manifest({"path": "parts/0.ubj", "format": "pickle"})}, "does not name"),
        ({"assay.json": manifest(*[PART] * 10_001)}, "does not name its parts"),
        ({"assay.json": manifest()}, "no booster 0"),
        ({"assay.json": manifest({"path": "../../etc/passwd", "format": "xgboost"})}, "is missing"),
        ({"parts__0.ubj": None}, "is missing"),
        ({"parts__0.ubj": b"\x80\x04not a booster"}, "damaged"),
        ({"parts__0.ubj": b'{"learner": {}}'}, "XGBoost file model.skops/parts/0.ubj is damaged"),
    ],
)  # fmt: skip
def test_damage_is_one_line(path, changed, words):
    rewrite(path, **changed)
    with pytest.raises(InputError, match=words) as caught:
        load(path, "cpu")
    assert "\n" not in str(caught.value)


def test_a_member_that_changed_is_found(path):
    content = bytearray(path.read_bytes())
    place = content.find(b"parts/0.ubj") + 200
    content[place] ^= 0xFF
    path.write_bytes(content)
    with pytest.raises(InputError, match="damaged"):
        load(path, "cpu")


def test_an_archive_that_unpacks_to_too_much_is_refused(path):
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("parts/1.ubj", b"\0" * (100 << 20))
    with pytest.raises(InputError, match="unpacks to far more"):
        load(path, "cpu")


def test_types_beyond_the_list_are_refused_in_a_composite_too(tmp_path, rows, targets):
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(
        rows.fillna(0), targets["binary"]
    )
    model.note = composite_file.Part("xgboost", b"")
    path = tmp_path / "model.skops"
    import_skops().dump(model, path)
    rewrite(path, **{"assay.json": manifest()})
    with pytest.raises(InputError, match=r"reviewed list: 'audits\.models\.composite\.file\.Part'"):
        load(path, "cpu")


def test_a_plain_skops_file_holds_no_boosters(path):
    """What stands for a booster is of no use, and refused, outside a composite."""
    rewrite(path, **{"assay.json": None})
    with pytest.raises(InputError, match=r"reviewed list: 'audits\.models\.booster_part"):
        load_skops(path, "cpu")


def test_zeros_that_sparse_rows_leave_out_stay_missing_to_xgboost(tmp_path, frame, targets):
    """The library reads a sparse row so; a dense zero would take the other branch."""
    rows = frame[["job"]].fillna("none")
    booster = XGBClassifier(n_estimators=4, max_depth=3, n_jobs=1)
    model = make_pipeline(OneHotEncoder(), booster).fit(rows, targets["binary"])
    dense = model[:-1].transform(rows).toarray()
    assert not np.allclose(booster.predict_proba(dense), model.predict_proba(rows))
    save_model(model, tmp_path / "m.skops", rows, "m.joblib")
    adapter = load(tmp_path / "m.skops", "cpu")
    np.testing.assert_allclose(adapter.predict(rows), model.predict_proba(rows), atol=1e-6)
    encoded = adapter.encode(rows)
    np.testing.assert_allclose(
        adapter.predict_encoded(encoded.matrix), model.predict_proba(rows), atol=1e-6
    )
    assert set(encoded.owner.tolist()) == {0}


def test_convert_writes_and_proves_it_in_a_worker(tmp_path, rows, model):
    joblib.dump(model, tmp_path / "model.joblib")
    rows.to_csv(tmp_path / "rows.csv", index=False)
    target = tmp_path / "model.skops"
    proof = convert_model(tmp_path / "model.joblib", target, tmp_path / "rows.csv")
    assert (proof.format, proof.rows) == ("skops", len(rows))
    assert proof.max_difference <= 1e-6
    assert sorted(item.name for item in tmp_path.iterdir()) == [
        "model.joblib", "model.skops", "rows.csv",
    ]  # fmt: skip
    with open_model(target) as client:
        assert (client.info.format, client.info.output) == ("composite", "probability")
