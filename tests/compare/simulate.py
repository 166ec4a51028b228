"""Runs of made-up people whose truth is known, measured in memory as an audit measures them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from audits.checks.adverse_impact import compute_groupings as compute_impact
from audits.checks.base import CubeContext
from audits.checks.disparities import compare_groups
from audits.checks.interventions import compute_interventions
from audits.checks.performance import compute_groups, compute_overall
from audits.core.errors import CheckNotApplicableError
from audits.core.measurement import Measurement
from audits.core.report import (
    AuditReport,
    DataSubject,
    Environment,
    Run,
    SpecRecord,
    Subject,
    Tool,
)
from audits.core.spec import AuditSpec
from audits.cube.build import build_cube
from audits.data.source import connect
from audits.policy.judge import compute_verdicts
from audits.policy.policy import load_policy
from audits.store.bundle import Bundle

POLICY = load_policy("four-fifths", None)
CHECKS = (compute_overall, compute_groups, compare_groups, compute_impact)
WITH_INTERVENTIONS = (*CHECKS, compute_interventions)
PROTECTED = ("sex", "region")


def make_settings(rows: pd.DataFrame, protected: Sequence[str]) -> dict[str, object]:
    """Return an audit's settings for rows as `predictions.parquet` has them."""
    data = {"path": "rows", "target": "y", "positive": 1, "protected": list(protected), "id": "row"}
    return {
        "audit": {"name": "twin", "task": "binary"},
        "data": data | ({"weight": "w"} if "weight" in rows else {}),
        "predictions": {"label": "p"} | ({"score": "s"} if "y_score" in rows else {}),
    }


def make_report(
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
    report = make_report(tuple(found), settings, len(rows), folder.name, sha)
    manifest = {"evidence/predictions.parquet": "", "report.json": folder.name}
    return Bundle(folder, report, manifest, folder)


@dataclass(frozen=True, slots=True)
class Population:
    """People and a model that decides about them.

    handicap: by group, what is taken from its people's latent score. region "d" is small.
    """

    handicap: Mapping[str, float] = field(default_factory=dict)
    regions: Mapping[str, float] = field(
        default_factory=lambda: {"a": 0.5, "b": 0.3, "c": 0.17, "d": 0.03}
    )
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


def draw_noise(draw: np.random.Generator, n: int, likeness: float) -> tuple[np.ndarray, np.ndarray]:
    """Return the noise of two models that are alike, with this correlation."""
    shared = draw.normal(0, 1, n) * np.sqrt(likeness)
    own = np.sqrt(1 - likeness)
    return shared + own * draw.normal(0, 1, n), shared + own * draw.normal(0, 1, n)


def draw_null(
    population: Population, n: int, draw: np.random.Generator, likeness: float | None
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return two runs that do not differ: of other people, or (likeness) of the same ones."""
    people = population.draw(n, draw)
    if likeness is None:
        after = population.draw(n, draw)
        after["row"] = "q" + after["row"]
        noises = draw.normal(0, 1, n), draw.normal(0, 1, n)
    else:
        after, noises = people, draw_noise(draw, n, likeness)
    return population.decide(people, noises[0]), population.decide(after, noises[1])


def harm(rows: pd.DataFrame, group: str, drop: float, draw: np.random.Generator) -> pd.DataFrame:
    """Return rows in which `drop` of a sex's deserving people are turned down who were not."""
    deserving = np.flatnonzero((rows["sex"] == group) & (rows["y_true"] == 1))
    selected = deserving[rows["y_pred"].to_numpy()[deserving] == 1]
    turned = draw.choice(selected, round(drop * len(deserving)), replace=False)
    score, decided = rows["y_score"].to_numpy().copy(), rows["y_pred"].to_numpy().copy()
    score[turned], decided[turned] = 0.4, 0
    return rows.assign(y_score=score, y_pred=decided)
