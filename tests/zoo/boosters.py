"""XGBoost, LightGBM and CatBoost: alone, in pipelines and in ensembles, by joblib and as files."""

import numpy as np
from catboost import CatBoostClassifier, CatBoostRegressor
from lightgbm import Dataset as LightGBMRows, LGBMClassifier, LGBMRegressor, train as train_lightgbm
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import TransformedTargetRegressor
from sklearn.ensemble import (
    AdaBoostClassifier,
    BaggingClassifier,
    StackingClassifier,
    StackingRegressor,
    VotingClassifier,
)
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import (
    FixedThresholdClassifier,
    GridSearchCV,
    TunedThresholdClassifierCV,
)
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder
from xgboost import DMatrix, XGBClassifier, XGBRegressor, XGBRFClassifier, train as train_xgboost

from tests.zoo.kind import OPEN, Kind
from tests.zoo.pipelines import columns, find_output
from tests.zoo.rows import ROWS

CATEGORIES = ROWS.mixed.assign(job=ROWS.mixed["job"].astype("category"))
GAPS = ROWS.numbers.mask(ROWS.numbers < 4, -999)


def xgb(**more):
    return XGBClassifier(n_estimators=6, max_depth=3, n_jobs=1, **more)


def lgbm(**more):
    return LGBMClassifier(n_estimators=6, min_child_samples=5, n_jobs=1, verbose=-1, **more)


def cat(**more):
    return CatBoostClassifier(
        iterations=6, depth=3, thread_count=1, verbose=False, allow_writing_files=False, **more
    )


def _alone(name, model, target, rows=ROWS.numbers, explains=True, **fit):
    return Kind(name, "Boosters by joblib", lambda: model.fit(rows, target, **fit), rows,
                explains=explains, output=find_output(model, target))  # fmt: skip


def _early(model):
    half = len(ROWS.numbers) // 2
    train, test = slice(None, half), slice(half, None)
    return lambda: model.fit(
        ROWS.numbers[train], ROWS.zero_one[train],
        eval_set=[(ROWS.numbers[test], ROWS.zero_one[test])], verbose=False,
    )  # fmt: skip


ALONE = [
    _alone("XGBClassifier", xgb(), ROWS.zero_one),
    _alone("XGBClassifier of three classes", xgb(), np.unique(ROWS.three, return_inverse=True)[1]),
    _alone("XGBClassifier with pandas categories", xgb(enable_categorical=True), ROWS.zero_one, CATEGORIES),
    _alone("XGBClassifier that knows -999 as missing", xgb(missing=-999), ROWS.zero_one, GAPS),
    _alone("XGBClassifier (dart)", xgb(booster="dart"), ROWS.zero_one),
    _alone("XGBClassifier (linear)", xgb(booster="gblinear"), ROWS.zero_one),
    _alone("XGBRFClassifier", XGBRFClassifier(n_estimators=6, n_jobs=1), ROWS.zero_one),
    Kind("XGBClassifier stopped early", "Boosters by joblib",
         _early(xgb(early_stopping_rounds=1)), explains=True),
    _alone("XGBRegressor", XGBRegressor(n_estimators=6, n_jobs=1), ROWS.amount),
    _alone("XGBRegressor (Poisson)",
           XGBRegressor(n_estimators=6, n_jobs=1, objective="count:poisson"), ROWS.amount),
    _alone("LGBMClassifier of texts", lgbm(), ROWS.yes_no),
    _alone("LGBMClassifier of three classes", lgbm(), ROWS.three),
    _alone("LGBMClassifier with pandas categories", lgbm(), ROWS.zero_one, CATEGORIES),
    _alone("LGBMClassifier (dart)", lgbm(boosting_type="dart"), ROWS.zero_one),
    _alone("LGBMRegressor", LGBMRegressor(n_estimators=6, n_jobs=1, verbose=-1), ROWS.amount),
    _alone("CatBoostClassifier of texts", cat(), ROWS.yes_no),
    _alone("CatBoostClassifier of three classes", cat(), ROWS.three),
    _alone("CatBoostClassifier with categories", cat(cat_features=["job"]), ROWS.zero_one,
           ROWS.mixed),
    _alone("CatBoostRegressor", CatBoostRegressor(iterations=6, verbose=False,
           allow_writing_files=False), ROWS.amount),
    Kind("xgboost.Booster", "Boosters by joblib",
         lambda: train_xgboost({"objective": "binary:logistic"},
                               DMatrix(ROWS.numbers, ROWS.zero_one), 5),
         expected=lambda model, rows: model.predict(DMatrix(rows)), explains=True),
    Kind("lightgbm.Booster", "Boosters by joblib",
         lambda: train_lightgbm({"objective": "binary", "verbose": -1},
                                LightGBMRows(ROWS.numbers, ROWS.zero_one), 5),
         expected=lambda model, rows: model.predict(rows), explains=True),
]  # fmt: skip


def _around(name, model, target=ROWS.zero_one, rows=ROWS.mixed, explains=False):
    return Kind(name, "Around boosters", lambda: model.fit(rows, target), rows, explains=explains,
                output=find_output(model, target))  # fmt: skip


def _piped(booster, encoder=None):
    return make_pipeline(columns(encoder), booster)


def _frames():
    return columns(OneHotEncoder(sparse_output=False)).set_output(transform="pandas")


SPARSE = OneHotEncoder(handle_unknown="ignore")
AROUND = [
    _around("columns and XGBClassifier", _piped(xgb()), explains=True),
    _around("columns and XGBClassifier in pandas output", make_pipeline(_frames(), xgb()),
            explains=True),
    _around("sparse columns and XGBClassifier, which takes zeros for missing",
            Pipeline([("texts", SPARSE), ("clf", xgb())]), rows=ROWS.mixed[["job"]], explains=True),
    _around("sparse columns and LGBMClassifier", Pipeline([("texts", SPARSE), ("clf", lgbm())]),
            rows=ROWS.mixed[["job"]], explains=True),
    _around("sparse columns and CatBoostClassifier", Pipeline([("texts", SPARSE), ("clf", cat())]),
            rows=ROWS.mixed[["job"]], explains=True),
    _around("columns and LGBMClassifier of texts", _piped(lgbm()), ROWS.yes_no, explains=True),
    _around("columns and CatBoostClassifier of texts", _piped(cat()), ROWS.yes_no, explains=True),
    _around("codes and CatBoostClassifier with categories",
            make_pipeline(columns(OrdinalEncoder(dtype=np.int64)).set_output(transform="pandas"),
                          cat(cat_features=["texts__job"])), explains=True),
    _around("columns and XGBRegressor", _piped(XGBRegressor(n_estimators=6)), ROWS.amount,
            explains=True),
    _around("columns and LGBMRegressor", _piped(LGBMRegressor(n_estimators=6, verbose=-1)),
            ROWS.amount, explains=True),
    _around("a search over a pipeline with XGBClassifier",
            GridSearchCV(_piped(xgb()), {"xgbclassifier__max_depth": [2, 3]}, cv=2,
                         scoring="roc_auc"), explains=True),
    _around("a pipeline with a search over LGBMClassifier",
            _piped(GridSearchCV(lgbm(), {"num_leaves": [3, 7]}, cv=2)), explains=True),
    _around("CalibratedClassifierCV around XGBClassifier", CalibratedClassifierCV(_piped(xgb()), cv=2)),
    _around("CalibratedClassifierCV around LGBMClassifier (isotonic)",
            CalibratedClassifierCV(lgbm(), cv=2, method="isotonic"), rows=ROWS.numbers),
    _around("StackingClassifier of three boosters",
            StackingClassifier([("x", xgb()), ("l", lgbm()), ("c", cat())], LogisticRegression(),
                               cv=2), rows=ROWS.numbers),
    _around("StackingClassifier with XGBClassifier on top",
            StackingClassifier([("a", LogisticRegression(max_iter=2000))], xgb(), cv=2),
            rows=ROWS.numbers),
    _around("StackingRegressor of boosters",
            StackingRegressor([("x", XGBRegressor(n_estimators=5)),
                               ("l", LGBMRegressor(n_estimators=5, verbose=-1))], Ridge(), cv=2),
            ROWS.amount, ROWS.numbers),
    _around("VotingClassifier (soft) of boosters of texts",
            VotingClassifier([("l", lgbm()), ("x", xgb())], voting="soft"), ROWS.yes_no,
            ROWS.numbers),
    _around("VotingClassifier (hard) of boosters",
            VotingClassifier([("l", lgbm()), ("x", xgb()), ("c", cat())]), ROWS.yes_no, ROWS.numbers),
    _around("BaggingClassifier of XGBClassifier", BaggingClassifier(xgb(), 3, random_state=0),
            rows=ROWS.numbers),
    _around("AdaBoostClassifier of LGBMClassifier", AdaBoostClassifier(lgbm(), n_estimators=3),
            rows=ROWS.numbers),
    _around("OneVsRestClassifier of XGBClassifier", OneVsRestClassifier(xgb()), ROWS.three,
            ROWS.numbers),
    _around("FixedThresholdClassifier around a pipeline with XGBClassifier",
            FixedThresholdClassifier(_piped(xgb()), threshold=0.7), explains=True),
    _around("TunedThresholdClassifierCV around LGBMClassifier",
            TunedThresholdClassifierCV(lgbm(), cv=2, random_state=0), rows=ROWS.numbers,
            explains=True),
    _around("TransformedTargetRegressor around XGBRegressor",
            TransformedTargetRegressor(XGBRegressor(n_estimators=5), func=np.log,
                                       inverse_func=np.exp), ROWS.amount, ROWS.numbers),
]  # fmt: skip


def _file(name, make, save, rows=ROWS.numbers):
    output = "value" if "Regressor" in name else "probability"
    return Kind(name, "Boosters in their own formats", make, rows, save, OPEN, explains=True,
                output=output)  # fmt: skip


def _in(suffix, save):
    def written(model, folder):
        path = folder / f"model.{suffix}"
        save(model, path)
        return path

    return written


FILES = [
    _file("XGBClassifier.save_model (JSON)", lambda: xgb().fit(ROWS.numbers, ROWS.zero_one),
          _in("json", lambda model, path: model.save_model(path))),
    _file("XGBClassifier.save_model (UBJ)", lambda: xgb(enable_categorical=True).fit(CATEGORIES, ROWS.zero_one),
          _in("ubj", lambda model, path: model.save_model(path)), CATEGORIES),
    _file("XGBRegressor.save_model (JSON)",
          lambda: XGBRegressor(n_estimators=5).fit(ROWS.numbers, ROWS.amount),
          _in("json", lambda model, path: model.save_model(path))),
    _file("LGBMClassifier.booster_.save_model", lambda: lgbm().fit(CATEGORIES, ROWS.zero_one),
          _in("txt", lambda model, path: model.booster_.save_model(path)), CATEGORIES),
    _file("LGBMRegressor.booster_.save_model",
          lambda: LGBMRegressor(n_estimators=5, verbose=-1).fit(ROWS.numbers, ROWS.amount),
          _in("txt", lambda model, path: model.booster_.save_model(path))),
    _file("CatBoostClassifier.save_model (.cbm)",
          lambda: cat(cat_features=["job"]).fit(ROWS.mixed, ROWS.yes_no),
          _in("cbm", lambda model, path: model.save_model(str(path))), ROWS.mixed),
    _file("CatBoostClassifier.save_model (JSON)", lambda: cat().fit(ROWS.numbers, ROWS.yes_no),
          _in("json", lambda model, path: model.save_model(str(path), format="json"))),
]  # fmt: skip

KINDS = [*ALONE, *AROUND, *FILES]
