"""Codes that were texts when a model was fitted and are numbers in the data, or the other way."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import make_column_transformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler, TargetEncoder

from audits.core.errors import InputError
from audits.models.adapters.columns import Categories
from audits.models.adapters.text_codes import Codes
from audits.models.formats.skops import SkopsAdapter

ENCODERS = {
    "one-hot": OneHotEncoder(handle_unknown="ignore"),
    "ordinal": OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1),
    "target": TargetEncoder(random_state=0),
    "after an imputer": make_pipeline(
        SimpleImputer(strategy="most_frequent"), OneHotEncoder(handle_unknown="ignore")
    ),
}
CODES = {
    "whole": ["10", "20", "30"],
    "decimal": ["1.5", "2.5", "10.25"],
    "of floats": ["10.0", "20.0", "30.0"],
    "leading zeros": ["010", "020", "030"],
    "booleans": ["True", "False", "False"],
}


def make_rows(codes: list[str]) -> pd.DataFrame:
    draw = np.random.default_rng(0)
    place = draw.integers(0, 3, 300)
    frame = pd.DataFrame({"age": draw.normal(size=300), "code": np.array(codes, object)[place]})
    return frame.assign(y=(draw.random(300) < 0.2 + 0.3 * place).astype(int))


@pytest.mark.parametrize("encoder", ENCODERS)
@pytest.mark.parametrize("codes", CODES)
@pytest.mark.parametrize("outer", ["pipeline", "calibrated"])
def test_numbers_meet_the_texts_that_they_are(encoder: str, codes: str, outer: str) -> None:
    frame = make_rows(CODES[codes])
    model = make_pipeline(
        make_column_transformer((StandardScaler(), ["age"]), (ENCODERS[encoder], ["code"])),
        LogisticRegression(),
    )
    model = CalibratedClassifierCV(model, cv=2) if outer == "calibrated" else model
    features = frame[["age", "code"]]
    model.fit(features, frame["y"])
    expected = model.predict_proba(features)
    assert np.ptp(expected[:, 1]) > 0.1
    if codes == "booleans":
        read = features.assign(code=features["code"] == "True")
    else:
        read = features.assign(code=features["code"].astype(float))
    found = SkopsAdapter(model, "m").predict(read)
    np.testing.assert_allclose(found, expected)


@pytest.mark.parametrize("encoder", ["one-hot", "ordinal"])
def test_texts_meet_the_numbers_that_they_are(encoder: str) -> None:
    frame = make_rows(["10", "20", "30"])
    features = frame[["age", "code"]].astype({"code": int})
    model = make_pipeline(
        make_column_transformer((ENCODERS[encoder], ["code"]), remainder="passthrough"),
        RandomForestClassifier(5, random_state=0),
    ).fit(features, frame["y"])
    found = SkopsAdapter(model, "m").predict(frame[["age", "code"]])
    np.testing.assert_array_equal(found, model.predict_proba(features))


def test_numbers_that_no_text_can_be_are_refused() -> None:
    frame = make_rows(["north", "south", "west"])
    model = make_pipeline(
        make_column_transformer((ENCODERS["one-hot"], ["code"])), LogisticRegression()
    ).fit(frame[["code"]], frame["y"])
    with pytest.raises(InputError, match="'code' holds numbers, but the model was fitted on the"):
        SkopsAdapter(model, "m").predict(frame[["code"]].assign(code=7))


@pytest.mark.parametrize(
    ("categories", "values", "expected"),
    [
        (["10", "20"], [10, 20, 7], ["10", "20", "7"]),
        (["10", "20"], [10.0, np.nan, 20.0], ["10", np.nan, "20"]),
        (["1", "01"], [1, 1, 1], ["1", "1", "1"]),
        ([10, 20], ["10", "020", "x"], [10, 20, "x"]),
        ([1.5, 2.0], ["1.5", "2", None], [1.5, 2.0, np.nan]),
        (["a", "b"], ["a", "c", None], ["a", "c", None]),
        ([1, 2], [1, 2, 3], [1, 2, 3]),
        ([True, False], ["true", "False", "?"], [True, False, "?"]),
    ],
)  # fmt: skip
def test_values_are_matched_with_categories(categories: list, values: list, expected: list) -> None:
    found = Codes(categories).match(pd.Series(values, name="code"))
    assert [None if pd.isna(value) else value for value in found] == [
        None if pd.isna(value) else value for value in expected
    ]


def test_a_number_that_two_texts_may_be_is_refused() -> None:
    codes = Codes(["001", "01", "2"])
    assert codes.match(pd.Series([2, 2], name="code")).tolist() == ["2", "2"]
    with pytest.raises(InputError, match="the number 1, and the model was fitted on the texts"):
        codes.match(pd.Series([2, 1], name="code"))


def test_a_boosters_text_codes_meet_numbers_beside_missing_ones() -> None:
    known = Categories(["10", "20"])
    column = pd.Series([10.0, np.nan, 20.0, 30.0] * 20)
    assert known.compute_codes(column).tolist() == [0, -1, 1, -1] * 20
    assert known.compute_codes(column[:4]).tolist() == [0, -1, 1, -1]
