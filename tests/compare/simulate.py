"""Runs of made-up people whose truth is known, measured in memory as an audit measures them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from audits.checks.base import CheckResult, CubeContext
from audits.checks.fairness import disparities
from audits.checks.fairness.adverse_impact import compute_groupings as compute_impact
from audits.checks.fairness.disparities import compare_groups
from audits.checks.fairness.group_gaps import compute_groupings as compute_gaps
from audits.checks.fairness.interventions import compute_interventions
from audits.checks.performance.performance import compute_groups, compute_overall
from audits.compare.comparison import Comparison, Outcome, find_who
from audits.compare.run import run_comparison
from audits.core.errors import CheckNotApplicableError
from audits.core.report.measurement import Measurement
from audits.core.report.report import (
    AuditReport,
    DataSubject,
    Environment,
    Run,
    SpecRecord,
    Subject,
    Tool,
)
from audits.core.settings.spec import AuditSpec
from audits.cube.counts.build import build_cube
from audits.data.sql import connect
from audits.policy.judging.judge import compute_verdicts
from audits.policy.policy import load_policy
from audits.store.bundle import Bundle

POLICY = load_policy("four-fifths", None)
CHECKS = (compute_overall, compute_groups, compare_groups, compute_gaps, compute_impact)
PROTECTED = ("sex", "region")


def compare_references(context: CubeContext) -> CheckResult:
    """Set every group against its reference group, as `fairness.disparities` does; its summaries,
    which cost most of it, are left out."""
    found: list[Measurement] = []
    for attributes in context.groupings:
        found += disparities._compare_all(context, context.view(attributes), None)
    return CheckResult(tuple(found))


RATES_ONLY = (compute_overall, compute_groups, compare_references)
QUICK = (*RATES_ONLY, compute_impact)
WHOLE = (*QUICK, compute_gaps, compute_interventions)
"""All that the policy judges, and what interventions choose anew. What is not in `QUICK` makes no
comparison worse by itself: a verdict counts only where a number that counts changed."""


def make_settings(rows: pd.DataFrame, protected: Sequence[str]) -> dict[str, object]:
    """Return an audit's settings for rows as `predictions.parquet` has them."""
    data = {"path": "rows", "target": "y", "positive": 1, "protected": list(protected), "id": "row"}
    return {
        "audit": {"name": "twin", "task": "binary"},
        "data": data | ({"weight": "w"} if "weight" in rows else {}),
        "predictions": {"label": "p"} | ({"score": "s"} if "y_score" in rows else {}),
    }


def build_report(
    measurements: tuple[Measurement, ...],
    settings: dict[str, object],
    rows: int,
    name: str,
    sha: str,
) -> AuditReport:
    """Return a judged report of measurements."""
    spec = AuditSpec.model_validate(settings)
    return AuditReport(
        schema="assay.report/1",
        run=Run(id=name, created="2026-11-24T12:00:00+00:00", seed=0, device="cpu", duration_s=0.0,
                tool=Tool(name="assay", version="0", revision=""),
                environment=Environment(python="3.11", packages={})),
        subject=Subject(name="twin", task="binary", model=None, reference=None,
                        data=DataSubject(source="rows", sha256=sha, rows=rows, columns=4, target="y",
                                         positive="1", protected=spec.data.protected)),
        spec=SpecRecord(effective=json.loads(spec.model_dump_json()), explicit=settings),
        checks=(),
        measurements=measurements,
        verdicts=tuple(compute_verdicts(POLICY, measurements)),
        evidence=(),
    )  # fmt: skip


def measure_rows(
    rows: pd.DataFrame,
    folder: Path,
    protected: Sequence[str],
    sha: str,
    checks: Sequence[object] = CHECKS,
) -> Bundle:
    """Return the run of rows (row, y_true, y_pred, maybe y_score and weight, protected)."""
    (folder / "evidence").mkdir(parents=True)
    path = folder / "evidence" / "predictions.parquet"
    rows.to_parquet(path)
    settings = make_settings(rows, protected)
    with connect(threads=1) as connection:
        cube = build_cube(
            connection,
            path,
            task="binary",
            attributes=tuple(protected),
            threshold=0.5 if "y_score" in rows else None,
        )
    context = CubeContext(AuditSpec.model_validate(settings), cube)
    found: list[Measurement] = []
    for check in checks:
        try:
            found += check(context).measurements  # type: ignore[operator]
        except CheckNotApplicableError:
            continue
    report = build_report(tuple(found), settings, len(rows), folder.name, sha)
    manifest = {"evidence/predictions.parquet": "", "report.json": folder.name}
    return Bundle(folder, report, manifest, folder)


@dataclass(frozen=True, slots=True)
class Population:
    """People and a model that decides about them.

    handicap: by group, what is taken from its people's latent score. region "c" is small.
    """

    handicap: Mapping[str, float] = field(default_factory=dict)
    regions: Mapping[str, float] = field(default_factory=lambda: {"a": 0.6, "b": 0.35, "c": 0.05})
    women: float = 0.45

    def draw(self, n: int, draw: np.random.Generator) -> pd.DataFrame:
        """Return `n` people: their row, groups and true outcome."""
        return pd.DataFrame(
            {
                "row": [f"p{i}" for i in range(n)],
                "sex": draw.choice(["F", "M"], n, p=[self.women, 1 - self.women]),
                "region": draw.choice(list(self.regions), n, p=list(self.regions.values())),
                "y_true": draw.integers(0, 2, n).astype(np.int32),
            }
        )

    def decide(self, people: pd.DataFrame, noise: np.ndarray) -> pd.DataFrame:
        """Return people with their score and decision. noise: standard normal, one a row."""
        lost = sum(
            people[name].map(lambda value: self.handicap.get(value, 0.0)) for name in PROTECTED
        )
        latent = 1.4 * people["y_true"] + noise - lost - 0.6
        score = 1 / (1 + np.exp(-1.5 * latent))
        return people.assign(
            y_score=score.round(3), y_pred=(score.round(3) >= 0.5).astype(np.int32)
        )


LEVEL = Population()
NEAR = Population({"F": 0.31, "b": 0.26})
"""F is selected about four fifths as often as M; b's true positive rate is 10 points short."""
FAR = Population({"F": 0.9, "b": 0.6})


@dataclass(frozen=True, slots=True)
class Setting:
    """Reruns of one model. likeness: the correlation of two models' noise about the same people;
    None where every rerun is on fresh people."""

    population: Population
    likeness: float | None = None

    def draw_reruns(self, n: int, count: int, draw: np.random.Generator) -> Iterator[pd.DataFrame]:
        """Yield runs that do not differ but by chance."""
        people, shared = self.population.draw(n, draw), draw.normal(0, 1, n)
        for place in range(count):
            noise = draw.normal(0, 1, n)
            if self.likeness is None:
                people = self.population.draw(n, draw)
                people["row"] = f"{place}:" + people["row"]
            else:
                noise = np.sqrt(self.likeness) * shared + np.sqrt(1 - self.likeness) * noise
            yield self.population.decide(people, noise)


SETTINGS = {
    "near a bound": Setting(NEAR),
    "far from it": Setting(FAR),
    "paired by id": Setting(NEAR, 0.95),
    "equal groups": Setting(LEVEL),
}
REFIT = 0.98
"""How alike two fits of one recipe are, where power is measured: see `Setting`."""


def harm(rows: pd.DataFrame, group: str, drop: float, draw: np.random.Generator) -> pd.DataFrame:
    """Return rows in which `drop` of a sex's deserving people are turned down who were not."""
    deserving = np.flatnonzero((rows["sex"] == group) & (rows["y_true"] == 1))
    selected = deserving[rows["y_pred"].to_numpy()[deserving] == 1]
    turned = draw.choice(selected, round(drop * len(deserving)), replace=False)
    score, decided = rows["y_score"].to_numpy().copy(), rows["y_pred"].to_numpy().copy()
    score[turned], decided[turned] = 0.4, 0
    return rows.assign(y_score=score, y_pred=decided)


def compare_reruns(
    setting: Setting,
    n: int,
    count: int,
    draw: np.random.Generator,
    folder: Path,
    checks: Sequence[object] = QUICK,
) -> Iterator[Comparison]:
    """Yield comparisons of each of `count` reruns with the one before it."""
    before: Bundle | None = None
    for place, rows in enumerate(setting.draw_reruns(n, count + 1, draw)):
        sha = "same" if setting.likeness is not None else str(place)
        after = measure_rows(rows, folder / str(place), PROTECTED, sha, checks)
        if before is not None:
            yield run_comparison(before, after)
        before = after


def compare_harmed(
    setting: Setting, n: int, drops: Sequence[float], draw: np.random.Generator, folder: Path
) -> Iterator[Comparison]:
    """Yield a run set against others of the same model in which women lose `drops` of their true
    positive rate."""
    before, after = setting.draw_reruns(n, 2, draw)
    same = setting.likeness is not None
    first = measure_rows(before, folder / "before", PROTECTED, "same", RATES_ONLY)
    for place, drop in enumerate(drops):
        rows, sha = harm(after, "F", drop, draw), "same" if same else "other"
        harmed = measure_rows(rows, folder / str(place), PROTECTED, sha, RATES_ONLY)
        yield run_comparison(first, harmed)


def names_first(found: Comparison, group: str) -> bool:
    """Return whether a comparison names a sex before all else that got worse."""
    worse = found.find(Outcome.WORSENED)
    return bool(worse) and find_who(worse[0].shown) == ("sex", group)
