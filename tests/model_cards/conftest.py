"""Reports made by code, as an audit would make them: every task and shape, small and exact."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import pytest

from audits.core.report.estimate import Estimate, Unavailable
from audits.core.report.measurement import Measurement, measurement_id
from audits.core.report.parts import Part
from audits.core.report.report import (
    AuditReport,
    CheckOutcome,
    CheckStatus,
    DataSubject,
    Environment,
    Evidence,
    ModelSubject,
    Run,
    SpecRecord,
    Subject,
    Tool,
)
from audits.core.report.verdict import Status, Verdict
from audits.core.words.words import SLICES_CHECK

HOSTILE = ("<script>alert(1)</script>", "a|b*c_[x](javascript:alert(1))")
SMALL = 12

# Counts of (rows, truly favourable, selected, truly favourable and selected) for each group.
COUNTS = {
    ("Male", "White"): (9200, 2850, 2700, 1900),
    ("Male", "Black"): (760, 140, 118, 88),
    ("Male", "(missing)"): (420, 110, 96, 70),
    ("Female", "White"): (4700, 590, 430, 300),
    ("Female", "Black"): (800, 48, 31, 21),
    ("Female", "(missing)"): (9, 1, 0, 0),
}
SHARES = ("selection_rate", "true_positive_rate", "positive_predictive_value", "accuracy")


def measure(
    metric: str,
    value: float | str,
    n: int = 100,
    *,
    unit: str = "share",
    half: float | None = None,
    p_value: float | None = None,
    check: str = "performance",
    **where: str | None,
) -> Measurement:
    """Return a measurement; a text as value is the reason why there is none."""
    slice_name = where.pop("slice", None)
    name = measurement_id(
        metric, part=None if slice_name is None else Part.parse(slice_name), **where
    )
    result: dict[str, object] = {}
    if isinstance(value, str):
        result["unavailable"] = Unavailable(reason=value)
    elif half is None:
        result["estimate"] = Estimate.exact(value, n)
    else:
        low, high = value - half, value + half
        if unit == "share":
            low, high = max(0.0, low), min(1.0, high)
        result["estimate"] = Estimate(
            value=value, low=low, high=high, n=n, method="wilson", confidence=0.95
        )
    return Measurement(
        id=name,
        check=check,
        metric=metric,
        slice=slice_name,
        unit=unit,
        direction="none",
        p_value=p_value,
        evidence=("evidence/cube.parquet",),
        **where,
        **result,
    )


def rates(counts: Sequence[int]) -> dict[str, tuple[float, int]]:
    """Return each share with the rows it rests on."""
    rows, true, chosen, right = counts
    return {
        "prevalence": (true / rows, rows),
        "selection_rate": (chosen / rows, rows),
        "true_positive_rate": (right / true, true),
        "positive_predictive_value": (right / chosen if chosen else 0.0, chosen),
        "accuracy": ((rows - true - chosen + 2 * right) / rows, rows),
    }


def measure_group(counts: Sequence[int], **where: str | None) -> list[Measurement]:
    found = [measure("count", counts[0], counts[0], unit="count", **where)]
    for metric, (value, n) in rates(counts).items():
        if n < SMALL:
            reason = f"only {n} rows, and at least {SMALL} are needed"
            found.append(measure(metric, reason, **where))
        else:
            half = 1.96 * math.sqrt(max(value * (1 - value), 0.25 / n) / n)
            found.append(measure(metric, value, n, half=half, **where))
    return found


def group_counts(sums: dict[tuple[str, str], Sequence[int]]) -> dict[str, dict[str, list[int]]]:
    """Return counts by sex, by race, and by both."""
    tables: dict[str, dict[str, list[int]]] = {"sex": {}, "race": {}, "sex & race": {}}
    for (sex, race), counts in sums.items():
        for attribute, group in (("sex", sex), ("race", race), ("sex & race", f"{sex} & {race}")):
            old = tables[attribute].setdefault(group, [0, 0, 0, 0])
            tables[attribute][group] = [a + b for a, b in zip(old, counts, strict=True)]
    return tables


def compare(attribute: str, groups: dict[str, list[int]]) -> list[Measurement]:
    reference = max(groups, key=lambda name: groups[name][0])
    found: list[Measurement] = []
    for group in groups:
        if group == reference:
            continue
        where = {"attribute": attribute, "group": group, "reference_group": reference}
        for metric in SHARES:
            mine, theirs = rates(groups[group])[metric], rates(groups[reference])[metric]
            if mine[1] < SMALL:
                reason = f"only {mine[1]} rows in {group}, and at least {SMALL} are needed"
                found.append(measure(f"{metric}_difference", reason, unit="points", **where))
                continue
            gap, n = mine[0] - theirs[0], mine[1] + theirs[1]
            half = 1.96 * math.sqrt(0.2 / mine[1] + 0.2 / theirs[1])
            p_value = math.erfc(abs(gap) / half * 1.96 / math.sqrt(2))
            options = {"n": n, "half": half, "p_value": p_value, "check": "disparity"}
            found.append(measure(f"{metric}_difference", gap, unit="points", **options, **where))
            if metric == "selection_rate":
                ratio = mine[0] / theirs[0]
                found.append(
                    measure(
                        f"{metric}_ratio",
                        ratio,
                        n,
                        unit="ratio",
                        half=0.08,
                        p_value=p_value,
                        **where,
                    )
                )
    found += measure_gaps(attribute, groups)
    chosen = {name: rates(c)["selection_rate"][0] for name, c in groups.items() if c[0] >= SMALL}
    low, high = min(chosen, key=chosen.__getitem__), max(chosen, key=chosen.__getitem__)
    found.append(
        measure(
            "demographic_parity_difference",
            chosen[high] - chosen[low],
            sum(c[0] for c in groups.values()),
            unit="points",
            half=0.02,
            p_value=0.0001,
            attribute=attribute,
        )
    )
    return found


def measure_gaps(attribute: str, groups: dict[str, list[int]]) -> list[Measurement]:
    """Return by how much each group is selected less often than the best-off of 30 rows or more."""
    shares = {name: rates(counts)["selection_rate"] for name, counts in groups.items()}
    best = max((name for name in shares if shares[name][1] >= 30), key=lambda name: shares[name][0])
    found = []
    for name, (value, rows) in shares.items():
        if name == best:
            continue
        half = 1.96 * math.sqrt(0.2 / rows + 0.2 / shares[best][1])
        found.append(
            measure(
                "selection_rate_gap", shares[best][0] - value, rows + shares[best][1],
                unit="points", half=half, p_value=0.0001, check="fairness.gaps",
                attribute=attribute, group=name, reference_group=best,
            )
        )  # fmt: skip
    return found


def explanations() -> list[Measurement]:
    strengths = {
        "capital-gain": 0.912,
        "age": 0.655,
        "marital-status": 0.598,
        "education-num": 0.471,
        "hours-per-week": 0.362,
        "occupation": 0.291,
        "größe_*": 0.0004,
    }
    found = [
        measure(
            "mean_absolute_attribution",
            value,
            15_889,
            unit="score",
            half=value / 40,
            slice=f"feature={name}",
            check="attribution",
        )
        for name, value in strengths.items()
    ]
    found += [
        measure(
            "mean_absolute_attribution",
            value * factor,
            5_000,
            unit="score",
            half=value / 30,
            slice=f"feature={name}",
            attribute="sex",
            group=group,
        )
        for name, value in strengths.items()
        for group, factor in (("Male", 1.1), ("Female", 0.8))
    ]
    return [*found, measure("additivity_error", 3.17e-7, 15_889, unit="score")]


def recourse() -> list[Measurement]:
    found = []
    for where, share, cost in (
        ({}, 0.915, 1.21),
        ({"attribute": "sex", "group": "Male"}, 0.94, 1.02),
        ({"attribute": "sex", "group": "Female"}, 0.87, 1.66),
    ):
        found += [
            measure("recourse_share", share, 200, half=0.04, check="recourse", **where),
            measure("recourse_cost", cost, 183, unit="score", half=0.2, **where),
            measure("recourse_changes", cost + 0.31, 183, unit="columns", half=0.1, **where),
        ]
    return found


def worst_slices() -> list[Measurement]:
    found = [measure("slices_searched", 1_102_830, unit="count", check=SLICES_CHECK)]
    for metric, name, value, count in (
        ("accuracy_difference", "age under 25 & job = clerk", -0.243, 812),
        ("accuracy_difference", f"job = {HOSTILE[0]}", -0.101, 1_204),
        ("selection_rate_difference", "age under 25 & job = clerk", -0.118, 812),
        ("miscalibration_difference", "hours is missing", 0.087, 455),
    ):
        gap = measure(
            metric, value, 7_945, unit="points", half=0.03, p_value=0.00012, check=SLICES_CHECK,
            slice=name,
        )  # fmt: skip
        size = measure("count", count, count, unit="count", check=SLICES_CHECK, slice=name)
        found += [gap, *([] if size in found else [size])]
    return found


def make_report(
    measurements: Sequence[Measurement],
    *,
    task: str = "binary",
    name: str = "Adult income, LightGBM",
    model: bool = True,
    reference: bool = True,
    target: str | None = "income",
    checks: Sequence[CheckOutcome] = (),
    verdicts: Sequence[Verdict] = (),
    spec: dict[str, object] | None = None,
) -> AuditReport:
    """Return a report around measurements."""
    data = {
        "columns": 15,
        "target": target,
        "positive": ">50K" if task == "binary" and target else None,
        "protected": ("sex", "race"),
    }
    return AuditReport(
        run=Run(
            id="20261123-221500-adult",
            created="2026-11-23T22:15:00+00:00",
            tool=Tool(name="Assay", version="0.1.0", revision="c3fa38d"),
            seed=20261123,
            device="cpu",
            duration_s=41.5,
            environment=Environment(
                python="3.11.9", packages={"numpy": "2.4.6", "lightgbm": "4.7.0", "shap": "0.51.0"}
            ),
        ),
        subject=Subject(
            name=name,
            task=task,
            model=ModelSubject(
                format="lightgbm",
                path="model.txt",
                sha256="b" * 64,
                classes=("<=50K", ">50K") if task == "binary" else (),
                n_features=14,
            )
            if model
            else None,
            data=DataSubject(source="adult_test.csv", sha256="d" * 64, rows=15_889, **data),
            reference=DataSubject(source="adult_train.csv", sha256="e" * 64, rows=32_561, **data)
            if reference
            else None,
        ),
        spec=SpecRecord(effective=spec or {}, explicit={}),
        checks=tuple(checks),
        measurements=tuple(measurements),
        verdicts=tuple(verdicts),
        evidence=(
            Evidence(
                path="evidence/cube.parquet", sha256="f" * 64, rows=412, description="The counts"
            ),
        ),
    )


def outcome(code: str, title: str, status: str, reason: str = "") -> CheckOutcome:
    return CheckOutcome(
        code=code, title=title, status=CheckStatus(status), reason=reason, seconds=1
    )


def make_binary() -> AuditReport:
    tables = group_counts(COUNTS)
    whole = [sum(column) for column in zip(*COUNTS.values(), strict=True)]
    items = measure_group(whole)
    items.append(measure("roc_auc", 0.8731, whole[0], unit="score", half=0.006))
    for attribute, groups in tables.items():
        for group, counts in groups.items():
            items += measure_group(counts, attribute=attribute, group=group)
    for attribute, groups in tables.items():
        items += compare(attribute, groups)
    items += worst_slices() + explanations() + recourse()
    ratio = "selection_rate_ratio[sex=Female|Male]"
    return make_report(
        items,
        checks=[
            outcome("performance.rates", "Performance", "measured"),
            outcome("fairness.disparity", "Disparities between groups", "measured"),
            outcome(SLICES_CHECK, "Worst slices", "measured"),
            outcome("data.drift", "Drift", "skipped", "it was turned off in audit.toml"),
            outcome("robustness.noise", "Robustness to noise", "error", "the model's process died"),
        ],
        verdicts=[
            Verdict(
                rule="accuracy-floor",
                status=Status.PASS,
                measurement="accuracy",
                threshold=0.8,
                reason="The model is right for more than four rows in five.",
            ),
            Verdict(
                rule="four-fifths",
                status=Status.FAIL,
                measurement=ratio,
                threshold=0.8,
                reason="Women are selected far less often than men.",
            ),
            Verdict(
                rule="four-fifths",
                status=Status.INSUFFICIENT,
                measurement="selection_rate_difference[sex & race=Female & (missing)|Male & White]",
                threshold=None,
                reason="Too few women of unknown race to compare.",
            ),
            Verdict(
                rule="recourse-gap",
                status=Status.WARN,
                measurement="recourse_share[sex=Female]",
                threshold=0.9,
                reason="Fewer rejected women than wished for have a way to a yes.",
            ),
        ],
        spec={
            "policy": {"preset": "four-fifths", "path": None},
            "model": {"path": "model.txt", "threshold": 0.5},
            "recourse": {
                "rows": 200,
                "immutable": ["race", "sex"],
                "increase_only": ["age"],
                "decrease_only": [],
                "max_changes": 3,
            },
        },
    )


def make_multiclass() -> AuditReport:
    items = [
        measure("count", 900, 900, unit="count"),
        measure("accuracy", 0.612, 900, half=0.03),
    ]
    for name, recall in (("<30", 0.21), (">30", 0.44), ("NO", 0.88)):
        items.append(measure("true_positive_rate", recall, 300, half=0.05, slice=f"class={name}"))
    for group, n, value in (("Female", 480, 0.63), ("Male", 420, 0.59)):
        where = {"attribute": "sex", "group": group}
        items.append(measure("count", n, n, unit="count", **where))
        items.append(measure("accuracy", value, n, half=0.04, **where))
        for name in ("<30", "NO"):
            items.append(
                measure("selection_rate", value / 2, n, half=0.04, slice=f"class={name}", **where)
            )
    items.append(
        measure(
            "accuracy_difference",
            -0.04,
            900,
            unit="points",
            half=0.06,
            p_value=0.21,
            attribute="sex",
            group="Male",
            reference_group="Female",
        )
    )
    return make_report(items, task="multiclass", name="Readmission", target="readmitted")


def make_regression() -> AuditReport:
    items = [
        measure("count", 1994, 1994, unit="count"),
        measure("mean_absolute_error", 1234.567, 1994, unit="target", half=40),
        measure("r2", -0.0001, 1994, unit="score", half=0.02),
    ]
    for group, n, value in (("high", 1000, -12.5), ("low", 994, 31.25)):
        where = {"attribute": "income", "group": group}
        items.append(measure("count", n, n, unit="count", **where))
        items.append(measure("mean_residual", value, n, unit="target", half=9, **where))
    items.append(
        measure(
            "mean_residual_difference",
            43.75,
            1994,
            unit="target",
            half=12,
            p_value=0.001,
            attribute="income",
            group="low",
            reference_group="high",
        )
    )
    items.append(
        measure(
            "mean_residual_gap", 43.75, 1994, unit="target", half=12, p_value=0.001,
            check="fairness.gaps", attribute="income", group="high", reference_group="low",
        )
    )  # fmt: skip
    return make_report(items, task="regression", name="Crime rates", target="crimes")


def make_decisions() -> AuditReport:
    items = [
        measure("count", 500, 500, unit="count"),
        measure("selection_rate", 0.4, 500, half=0.04),
    ]
    for group, n in (*zip(HOSTILE, (260, 240), strict=True),):
        where = {"attribute": "se|x\n`*`", "group": group}
        items.append(measure("count", n, n, unit="count", **where))
        items.append(measure("selection_rate", 0.4, n, half=0.05, **where))
    items.append(
        measure(
            "selection_rate_difference",
            f"no row of {HOSTILE[0]} & of {HOSTILE[1]} has https://a.example",
            unit="points",
            attribute="se|x\n`*`",
            group=HOSTILE[1],
            reference_group=HOSTILE[0],
        )
    )
    checks = [
        outcome("explain.attribution", "Attributions", "not_applicable", "there is no model"),
        outcome("recourse.search", "Recourse", "not_applicable", "there is no model"),
    ]
    return make_report(
        items,
        name=f"Hiring {HOSTILE[0]}",
        model=False,
        reference=False,
        target=None,
        checks=checks,
        spec={"policy": {"preset": None, "path": None}},
    )


REPORTS: dict[str, Callable[[], AuditReport]] = {
    "binary": make_binary,
    "multiclass": make_multiclass,
    "regression": make_regression,
    "decisions": make_decisions,
    "empty": lambda: make_report([], name="Nothing measured"),
}


@pytest.fixture(params=sorted(REPORTS))
def any_report(request: pytest.FixtureRequest) -> AuditReport:
    """Each kind of report in turn."""
    return REPORTS[request.param]()


@pytest.fixture(scope="session")
def binary_report() -> AuditReport:
    return make_binary()


@pytest.fixture(scope="session")
def decisions_report() -> AuditReport:
    return make_decisions()


@pytest.fixture(scope="session")
def report_by_name() -> Callable[[str], AuditReport]:
    """A report by the name of its kind."""
    return lambda name: REPORTS[name]()


@pytest.fixture(scope="session")
def measurement_of() -> Callable[..., Measurement]:
    """The maker of single measurements."""
    return measure


@pytest.fixture(scope="session")
def report_of() -> Callable[..., AuditReport]:
    """The maker of a report around measurements."""
    return make_report


@pytest.fixture(scope="session")
def hostile_names() -> tuple[str, ...]:
    return HOSTILE
