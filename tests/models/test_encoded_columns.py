import numpy as np
import pandas as pd
import pytest
import skops.io
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import PCA
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.feature_selection import SelectKBest
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    KBinsDiscretizer,
    OneHotEncoder,
    OrdinalEncoder,
    PolynomialFeatures,
    StandardScaler,
    TargetEncoder,
)

from audits.core.errors import CheckNotApplicableError
from audits.models.formats.skops import load


def open_pipeline(folder, steps, frame, target):
    model = make_pipeline(*steps).fit(frame, target)
    path = folder / "m.skops"
    skops.io.dump(model, path)
    return load(path, "cpu"), model


def compute_dependence(model, frame, features):
    """Which raw columns move which encoded columns, found by replacing each raw column."""
    before = model[:-1]
    base = np.asarray(_dense(before.transform(frame)), dtype=float)
    moved = np.zeros((len(features), base.shape[1]), dtype=bool)
    for index, name in enumerate(features):
        for shift in (1, 7, 29):
            values = np.roll(frame[name].to_numpy(object), shift)
            dtype = frame[name].dtype
            changed = frame.assign(**{name: pd.Series(values, index=frame.index).astype(dtype)})
            after = np.asarray(_dense(before.transform(changed)), dtype=float)
            moved[index] |= ~np.isclose(base, after, equal_nan=True).all(axis=0)
    return moved


def _dense(matrix):
    return matrix.toarray() if hasattr(matrix, "toarray") else matrix


PIPELINES = {
    "many": [
        ColumnTransformer(
            [
                ("one", OneHotEncoder(handle_unknown="ignore"), ["job", "grade"]),
                (
                    "two",
                    make_pipeline(SimpleImputer(add_indicator=True), StandardScaler()),
                    ["age"],
                ),
                ("none", "drop", ["constant"]),
            ],
            remainder="passthrough",
        )
    ],
    "ordinal": [
        ColumnTransformer(
            [
                ("o", OrdinalEncoder(encoded_missing_value=-1), ["job"]),
                ("d", OneHotEncoder(drop="first", min_frequency=5), ["grade", "constant"]),
                ("p", "passthrough", ["member"]),
            ]
        ),
        StandardScaler(),
    ],
    "numbers by position": [
        ColumnTransformer(
            [
                ("k", KBinsDiscretizer(3, quantile_method="averaged_inverted_cdf"), [2]),
                ("f", FunctionTransformer(np.log1p), [2]),
            ],
            remainder=make_pipeline(OneHotEncoder(handle_unknown="ignore")),
            sparse_threshold=0,
        )
    ],
    "selected": [
        ColumnTransformer(
            [
                ("c", OneHotEncoder(handle_unknown="ignore"), ["job", "grade"]),
                ("a", SimpleImputer(), ["age"]),
            ]
        ),
        SelectKBest(k=4),
    ],
    "union": [
        ColumnTransformer(
            [
                ("u", FeatureUnion([("s", StandardScaler()), ("p", "passthrough")]), ["grade"]),
                ("t", TargetEncoder(random_state=0), ["job"]),
                ("q", PolynomialFeatures(2, include_bias=False), ["member"]),
            ]
        )
    ],
}


@pytest.mark.parametrize("name", PIPELINES)
@pytest.mark.filterwarnings("ignore")
def test_each_encoded_column_moves_only_with_its_owner(tmp_path, frame, targets, name):
    adapter, model = open_pipeline(
        tmp_path, [*PIPELINES[name], LogisticRegression()], frame, targets["binary"]
    )
    encoded = adapter.encode(frame)
    np.testing.assert_allclose(
        encoded.matrix, np.asarray(_dense(model[:-1].transform(frame)), dtype=float)
    )
    moved = compute_dependence(model, frame, adapter.info.features)
    for column, owner in enumerate(encoded.owner):
        assert set(np.flatnonzero(moved[:, column])) <= {owner}, column
    assert moved.any(axis=0).sum() >= 3
    scores = model[-1].predict_proba(encoded.matrix)
    np.testing.assert_allclose(adapter.predict(frame), scores, atol=1e-12)


def test_a_tree_without_a_pipeline_owns_its_columns(tmp_path, frame, targets):
    rows = frame[["age", "grade", "member"]].fillna(40)
    model = RandomForestClassifier(3, random_state=0).fit(rows, targets["binary"])
    skops.io.dump(model, tmp_path / "m.skops")
    adapter = load(tmp_path / "m.skops", "cpu")
    encoded = adapter.encode(rows)
    assert encoded.owner.tolist() == [0, 1, 2]
    np.testing.assert_array_equal(encoded.matrix, rows.to_numpy(float))


@pytest.mark.parametrize(
    "mixer", [PCA(2), PolynomialFeatures(2)], ids=lambda item: type(item).__name__
)
def test_mixed_columns_have_no_owner(tmp_path, frame, targets, mixer):
    rows = frame[["age", "grade"]].fillna(40) / 40
    adapter, _ = open_pipeline(tmp_path, [mixer, LogisticRegression()], rows, targets["binary"])
    with pytest.raises(CheckNotApplicableError, match=f"{type(mixer).__name__} mixes"):
        adapter.encode(rows)


@pytest.mark.parametrize("inside", ["alone", "pipeline"])
def test_categories_encoded_inside_the_estimator_are_owned_by_their_columns(
    tmp_path, frame, categorical, targets, inside
):
    model = HistGradientBoostingClassifier(max_iter=5, min_samples_leaf=3)
    if inside == "pipeline":
        model = make_pipeline(FunctionTransformer(), model)
    model.fit(categorical, targets["binary"])
    skops.io.dump(model, tmp_path / "m.skops")
    adapter = load(tmp_path / "m.skops", "cpu")
    found = adapter.encode(frame)
    np.testing.assert_array_equal(
        adapter.predict_encoded(found.matrix), model.predict_proba(categorical)
    )
    assert sorted(found.owner) == list(range(len(adapter.info.features)))
    for index, name in enumerate(adapter.info.features):
        changed = frame.assign(**{name: np.roll(frame[name].to_numpy(object), 1)})
        other = adapter.encode(changed.astype(frame.dtypes)).matrix
        same = (other == found.matrix) | (np.isnan(other) & np.isnan(found.matrix))
        moved = [] if name == "constant" else [index]
        assert found.owner[~same.all(axis=0)].tolist() == moved
