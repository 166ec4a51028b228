"""scikit-learn's own models, as joblib files."""

import numpy as np
from sklearn import (
    calibration,
    discriminant_analysis,
    dummy,
    ensemble,
    gaussian_process,
    kernel_ridge,
    linear_model,
    model_selection,
    multiclass,
    naive_bayes,
    neighbors,
    neural_network,
    semi_supervised,
    svm,
    tree,
)
from sklearn.compose import TransformedTargetRegressor
from sklearn.cross_decomposition import PLSRegression
from sklearn.linear_model._base import LinearClassifierMixin
from sklearn.metrics import f1_score, make_scorer

from tests.zoo.kind import Kind
from tests.zoo.rows import ROWS

LINEAR = linear_model.LogisticRegression(max_iter=2000)
R = {"random_state": 0}


def _classifier(
    model, *, target=ROWS.yes_no, rows=ROWS.numbers, name="", explains=False, agrees=True
):
    title = name or type(model).__name__
    return Kind(
        title,
        "Classifiers",
        lambda: model.fit(rows, target),
        rows,
        explains=explains,
        agrees=agrees,
    )


def _score(model, *, target=ROWS.yes_no, name=""):
    title = name or type(model).__name__
    is_linear = isinstance(model, LinearClassifierMixin)
    return Kind(
        title, "Classifiers without probabilities", lambda: model.fit(ROWS.numbers, target),
        explains=is_linear, output="score",
    )  # fmt: skip


def _regressor(model, *, rows=ROWS.numbers, name="", explains=False):
    title = name or type(model).__name__
    return Kind(
        title, "Regressors", lambda: model.fit(rows, ROWS.amount), rows, explains=explains,
        output="value",
    )  # fmt: skip


def _search(model, name, *, explains=True):
    return Kind(
        name, "Searches and thresholds", lambda: model.fit(ROWS.numbers, ROWS.yes_no),
        explains=explains,
    )  # fmt: skip


CLASSIFIERS = [
    _classifier(LINEAR, explains=True),
    _classifier(
        linear_model.LogisticRegression(max_iter=2000), target=ROWS.three, explains=True,
        name="LogisticRegression of three classes",
    ),
    _classifier(
        linear_model.LogisticRegressionCV(
            cv=model_selection.RepeatedStratifiedKFold(n_splits=2, n_repeats=1),
            scoring=make_scorer(f1_score, average="macro"), max_iter=2000, Cs=2,
            l1_ratios=(0.0,), use_legacy_attributes=False,
        ),
        explains=True, name="LogisticRegressionCV with a scorer of its own",
    ),
    _classifier(linear_model.SGDClassifier(loss="log_loss", **R), explains=True,
                name="SGDClassifier (log loss)"),
    _classifier(linear_model.SGDClassifier(loss="modified_huber", **R), explains=True,
                name="SGDClassifier (modified Huber)"),
    _classifier(discriminant_analysis.LinearDiscriminantAnalysis(), explains=True),
    _classifier(discriminant_analysis.QuadraticDiscriminantAnalysis()),
    _classifier(naive_bayes.GaussianNB()),
    _classifier(naive_bayes.BernoulliNB(binarize=20.0)),
    _classifier(naive_bayes.MultinomialNB(), rows=ROWS.counts),
    _classifier(naive_bayes.ComplementNB(), rows=ROWS.counts),
    _classifier(naive_bayes.CategoricalNB(min_categories=600), rows=ROWS.counts),
    _classifier(neighbors.KNeighborsClassifier(3)),
    _classifier(neighbors.RadiusNeighborsClassifier(100.0)),
    _classifier(tree.DecisionTreeClassifier(max_depth=4, **R), explains=True),
    _classifier(tree.ExtraTreeClassifier(max_depth=4, **R)),
    _classifier(ensemble.RandomForestClassifier(5, max_depth=4, **R), explains=True),
    _classifier(ensemble.RandomForestClassifier(5, max_depth=4, **R), target=ROWS.three,
                explains=True, name="RandomForestClassifier of three classes"),
    _classifier(ensemble.RandomForestClassifier(5, max_depth=4, **R), target=ROWS.zero_one,
                explains=True, name="RandomForestClassifier of 0 and 1"),
    _classifier(ensemble.ExtraTreesClassifier(5, max_depth=4, **R), explains=True),
    _classifier(ensemble.GradientBoostingClassifier(n_estimators=5, **R), explains=True),
    _classifier(ensemble.HistGradientBoostingClassifier(max_iter=5, **R), explains=True),
    _classifier(ensemble.AdaBoostClassifier(n_estimators=5, **R)),
    _classifier(ensemble.BaggingClassifier(n_estimators=3, **R)),
    _classifier(ensemble.VotingClassifier([("a", LINEAR), ("b", naive_bayes.GaussianNB())],
                                          voting="soft"), name="VotingClassifier (soft)"),
    _classifier(ensemble.StackingClassifier([("a", LINEAR), ("b", naive_bayes.GaussianNB())], cv=2)),
    _classifier(calibration.CalibratedClassifierCV(svm.LinearSVC(**R), cv=2, ensemble=False)),
    _classifier(calibration.CalibratedClassifierCV(naive_bayes.GaussianNB(), cv=2,
                method="isotonic"), name="CalibratedClassifierCV (isotonic)"),
    _classifier(multiclass.OneVsRestClassifier(LINEAR), target=ROWS.three),
    _classifier(neural_network.MLPClassifier((4,), max_iter=20, **R)),
    _classifier(gaussian_process.GaussianProcessClassifier(**R)),
    _classifier(semi_supervised.LabelSpreading(gamma=0.01), target=ROWS.zero_one),
    _classifier(semi_supervised.SelfTrainingClassifier(naive_bayes.GaussianNB()),
                target=ROWS.zero_one),
    _classifier(neighbors.NearestCentroid(), agrees=False),
    _classifier(dummy.DummyClassifier(strategy="prior")),
    _classifier(ROWS and ensemble.RandomForestClassifier(3, max_depth=3, **R),
                rows=ROWS.numbers, target=np.where(ROWS.zero_one, 2, 1), explains=True,
                name="RandomForestClassifier of 1 and 2"),
]  # fmt: skip

WITHOUT_PROBABILITIES = [
    _score(linear_model.RidgeClassifier()),
    _score(linear_model.RidgeClassifier(), target=ROWS.three, name="RidgeClassifier of three classes"),
    _score(linear_model.RidgeClassifierCV()),
    _score(linear_model.SGDClassifier(loss="hinge", **R), name="SGDClassifier (hinge)"),
    _score(linear_model.Perceptron(**R)),
    _score(linear_model.PassiveAggressiveClassifier(**R)),
    _score(svm.LinearSVC(**R)),
    _score(svm.LinearSVC(**R), target=ROWS.three, name="LinearSVC of three classes"),
    _score(svm.SVC(**R), name="SVC"),
    _score(svm.SVC(**R), target=ROWS.three, name="SVC of three classes"),
    _score(svm.SVC(decision_function_shape="ovo"), target=ROWS.three, name="SVC one against one"),
    _score(svm.NuSVC(nu=0.3)),
    _score(ensemble.VotingClassifier([("a", LINEAR), ("b", naive_bayes.GaussianNB()),
                                      ("c", svm.SVC())]), name="VotingClassifier (hard)"),
    _score(multiclass.OneVsRestClassifier(svm.LinearSVC(**R)), target=ROWS.three,
           name="OneVsRestClassifier of LinearSVC"),
    _score(multiclass.OneVsOneClassifier(svm.LinearSVC(**R)), target=ROWS.three),
    _score(multiclass.OutputCodeClassifier(LINEAR, **R), target=ROWS.three),
]  # fmt: skip

REGRESSORS = [
    _regressor(linear_model.LinearRegression(), explains=True),
    _regressor(linear_model.Ridge(), explains=True),
    _regressor(linear_model.RidgeCV(), explains=True),
    _regressor(linear_model.Lasso(0.1), explains=True),
    _regressor(linear_model.ElasticNetCV(cv=2), explains=True),
    _regressor(linear_model.BayesianRidge()),
    _regressor(linear_model.HuberRegressor(max_iter=1000), explains=True),
    _regressor(linear_model.QuantileRegressor(alpha=0.0)),
    _regressor(linear_model.RANSACRegressor(**R)),
    _regressor(linear_model.PoissonRegressor(max_iter=1000), explains=True),
    _regressor(linear_model.GammaRegressor(max_iter=1000), explains=True),
    _regressor(linear_model.TweedieRegressor(power=1.5, max_iter=1000), explains=True),
    _regressor(neighbors.KNeighborsRegressor(3)),
    _regressor(tree.DecisionTreeRegressor(max_depth=4, **R), explains=True),
    _regressor(ensemble.RandomForestRegressor(5, max_depth=4, **R), explains=True),
    _regressor(ensemble.ExtraTreesRegressor(5, max_depth=4, **R), explains=True),
    _regressor(ensemble.GradientBoostingRegressor(n_estimators=5, **R), explains=True),
    _regressor(ensemble.HistGradientBoostingRegressor(max_iter=5, **R), explains=True),
    _regressor(ensemble.HistGradientBoostingRegressor(max_iter=5, loss="poisson", **R),
               explains=True, name="HistGradientBoostingRegressor (Poisson)"),
    _regressor(ensemble.AdaBoostRegressor(n_estimators=4, **R)),
    _regressor(ensemble.VotingRegressor([("a", linear_model.Ridge()),
                                         ("b", tree.DecisionTreeRegressor(max_depth=3))])),
    _regressor(ensemble.StackingRegressor([("a", linear_model.Ridge())], cv=2)),
    _regressor(svm.SVR()),
    _regressor(svm.LinearSVR(**R)),
    _regressor(neural_network.MLPRegressor(hidden_layer_sizes=(4,), max_iter=20, **R)),
    _regressor(gaussian_process.GaussianProcessRegressor(alpha=1.0, **R)),
    _regressor(kernel_ridge.KernelRidge()),
    _regressor(PLSRegression(2)),
    _regressor(TransformedTargetRegressor(linear_model.Ridge(), func=np.log, inverse_func=np.exp)),
]  # fmt: skip

SEARCHES = [
    _search(model_selection.GridSearchCV(LINEAR, {"C": [0.1, 1]}, cv=2), "GridSearchCV"),
    _search(
        model_selection.GridSearchCV(
            LINEAR, {"C": [0.1, 1]}, cv=2, scoring=make_scorer(f1_score, pos_label="yes")
        ),
        "GridSearchCV with make_scorer",
    ),
    _search(
        model_selection.GridSearchCV(
            LINEAR, {"C": [0.1, 1]}, scoring={"auc": "roc_auc", "acc": "accuracy"}, refit="auc",
            cv=model_selection.RepeatedStratifiedKFold(n_splits=2, n_repeats=1),
        ),
        "GridSearchCV with several scorers and repeated splits",
    ),
    _search(
        model_selection.RandomizedSearchCV(
            LINEAR, {"C": __import__("scipy.stats").stats.loguniform(0.1, 1)}, n_iter=2, cv=2, **R
        ),
        "RandomizedSearchCV over a distribution",
    ),
    _search(model_selection.FixedThresholdClassifier(LINEAR, threshold=0.7),
            "FixedThresholdClassifier"),
    _search(
        model_selection.TunedThresholdClassifierCV(
            LINEAR, cv=2, scoring=make_scorer(f1_score, pos_label="yes"), **R
        ),
        "TunedThresholdClassifierCV with a scorer of its own",
    ),
    _search(
        calibration.CalibratedClassifierCV(
            model_selection.GridSearchCV(LINEAR, {"C": [0.1, 1]}, cv=2, scoring="roc_auc"), cv=2
        ),
        "CalibratedClassifierCV around a search", explains=False,
    ),
]  # fmt: skip

KINDS = [*CLASSIFIERS, *WITHOUT_PROBABILITIES, *REGRESSORS, *SEARCHES]
