"""Pipelines of scikit-learn, as joblib files."""

import numpy as np
from sklearn.compose import ColumnTransformer, make_column_selector, make_column_transformer
from sklearn.decomposition import PCA
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.feature_selection import SelectFromModel, SelectKBest
from sklearn.impute import KNNImputer, SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge, RidgeClassifier
from sklearn.pipeline import Pipeline, make_pipeline, make_union
from sklearn.preprocessing import (
    FunctionTransformer,
    KBinsDiscretizer,
    MinMaxScaler,
    OneHotEncoder,
    OrdinalEncoder,
    PolynomialFeatures,
    RobustScaler,
    SplineTransformer,
    StandardScaler,
    TargetEncoder,
)

from tests.zoo.kind import Kind
from tests.zoo.rows import ROWS

NUMBERS, TEXTS = ["age", "income"], ["job"]


def linear():
    return LogisticRegression(max_iter=2000)


def forest():
    return RandomForestClassifier(5, max_depth=4, random_state=0)


def columns(encoder=None, numbers=NUMBERS, texts=TEXTS):
    """What most people put before a model: fill and scale numbers, encode texts."""
    return ColumnTransformer(
        [
            ("numbers", make_pipeline(SimpleImputer(strategy="median"), StandardScaler()), numbers),
            ("texts", encoder or OneHotEncoder(handle_unknown="ignore"), texts),
        ]
    )


def _pipeline(name, *steps, rows=ROWS.mixed, target=ROWS.yes_no, explains=True):
    model = make_pipeline(*steps)
    return Kind(
        name, "Pipelines", lambda: model.fit(rows, target), rows, explains=explains,
        output=find_output(model, target),
    )  # fmt: skip


def find_output(model, target):
    """What a model answers by its methods, before it is fitted."""
    if target is ROWS.amount:
        return "value"
    return "probability" if hasattr(model, "predict_proba") else "score"


KINDS = [
    _pipeline("columns and a linear model", columns(), linear()),
    _pipeline("columns and a forest", columns(), forest()),
    _pipeline("columns chosen with a pandas Index",
              columns(numbers=ROWS.mixed.select_dtypes("float").columns), forest()),
    _pipeline("columns chosen by make_column_selector",
              make_column_transformer(
                  (SimpleImputer(), make_column_selector(dtype_include=np.number)),
                  (OneHotEncoder(), make_column_selector(dtype_include=object))), forest()),
    _pipeline("columns with remainder='passthrough'",
              make_column_transformer((OneHotEncoder(), TEXTS), remainder="passthrough"),
              HistGradientBoostingClassifier(max_iter=5), explains=True),
    _pipeline("ordinal codes and histogram boosting",
              make_column_transformer((OrdinalEncoder(), TEXTS), remainder="passthrough"),
              HistGradientBoostingClassifier(max_iter=5, categorical_features=[0])),
    _pipeline("target encoding", columns(TargetEncoder(cv=2, random_state=0)), forest()),
    _pipeline("pandas output", columns(OneHotEncoder(sparse_output=False)).set_output(
        transform="pandas"), forest()),
    _pipeline("scaling", RobustScaler(), linear(), rows=ROWS.numbers),
    _pipeline("scaling before a margin", MinMaxScaler(), RidgeClassifier(), rows=ROWS.numbers),
    _pipeline("bins", KBinsDiscretizer(3, quantile_method="averaged_inverted_cdf"), linear(),
              rows=ROWS.numbers),
    _pipeline("splines", SplineTransformer(4), linear(), rows=ROWS.numbers, explains=False),
    _pipeline("products of columns", PolynomialFeatures(2), StandardScaler(), linear(),
              rows=ROWS.numbers, explains=False),
    _pipeline("principal components", StandardScaler(), PCA(2), linear(), rows=ROWS.numbers,
              explains=False),
    _pipeline("best columns", SelectKBest(k=2), linear(), rows=ROWS.numbers),
    _pipeline("columns that a forest chose", SelectFromModel(forest()), linear(),
              rows=ROWS.numbers),
    _pipeline("union of transformers", make_union(StandardScaler(), PCA(2)), linear(),
              rows=ROWS.numbers, explains=False),
    _pipeline("neighbours fill gaps", make_column_transformer(
        (KNNImputer(n_neighbors=2), NUMBERS)), forest(), explains=False),
    _pipeline("NumPy's logarithm", FunctionTransformer(np.log1p), linear(), rows=ROWS.numbers),
    _pipeline("a pipeline in a pipeline", StandardScaler(), Pipeline([("in", linear())]),
              rows=ROWS.numbers),
    _pipeline("words", make_column_transformer((TfidfVectorizer(), "note")), linear(),
              rows=ROWS.words, explains=True),
    _pipeline("a regression", columns(), Ridge(), target=ROWS.amount),
]  # fmt: skip
