"""The worked example of 6 RCNY 5-301 as counts, and real audits of rows that have them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from audits.pipeline.run import run_audit
from audits.store.bundle import Bundle

Cell = tuple[str, str, int, int, str, str]

# Race or ethnicity, sex, applicants, selected, printed rate, printed impact ratio: the rule's
# intersectional table for tools that select. 250 more are of unknown category.
SELECTION: list[Cell] = [
    ("Hispanic or Latino", "Male", 205, 90, "43.9%", "0.841"),
    ("Hispanic or Latino", "Female", 190, 82, "43.2%", "0.827"),
    ("White", "Male", 412, 215, "52.2%", "1.000"),
    ("Black or African American", "Male", 226, 95, "42.0%", "0.806"),
    ("Native Hawaiian or Pacific Islander", "Male", 87, 37, "42.5%", "0.815"),
    ("Asian", "Male", 321, 167, "52.0%", "0.997"),
    ("Native American or Alaska Native", "Male", 24, 11, "45.8%", "0.878"),
    ("Two or More Races", "Male", 115, 52, "45.2%", "0.866"),
    ("White", "Female", 385, 197, "51.2%", "0.981"),
    ("Black or African American", "Female", 164, 75, "45.7%", "0.876"),
    ("Native Hawaiian or Pacific Islander", "Female", 32, 15, "46.9%", "0.898"),
    ("Asian", "Female", 295, 135, "45.8%", "0.877"),
    ("Native American or Alaska Native", "Female", 17, 7, "41.2%", "0.789"),
    ("Two or More Races", "Female", 98, 44, "44.9%", "0.860"),
]
# The same for tools that score: those above the median, derived from the printed rates.
SCORING: list[Cell] = [
    ("Hispanic or Latino", "Male", 16, 12, "75%", "1.00"),
    ("Hispanic or Latino", "Female", 12, 6, "50%", "0.67"),
    ("White", "Male", 20, 7, "35%", "0.47"),
    ("Black or African American", "Male", 20, 10, "50%", "0.67"),
    ("Native Hawaiian or Pacific Islander", "Male", 4, 3, "75%", "1.00"),
    ("Asian", "Male", 12, 7, "58.3%", "0.78"),
    ("Native American or Alaska Native", "Male", 8, 5, "62.5%", "0.83"),
    ("Two or More Races", "Male", 12, 6, "50%", "0.67"),
    ("White", "Female", 20, 8, "40%", "0.53"),
    ("Black or African American", "Female", 12, 6, "50%", "0.67"),
    ("Native Hawaiian or Pacific Islander", "Female", 4, 2, "50%", "0.67"),
    ("Asian", "Female", 12, 3, "25%", "0.33"),
    ("Native American or Alaska Native", "Female", 8, 5, "62.5%", "0.83"),
    ("Two or More Races", "Female", 8, 4, "50%", "0.67"),
]
AUDIT = """
[audit]
name = "Hiring in New York"
[data]
path = "rows.csv"
protected = ["race", "sex"]
{data}
[predictions]
{predictions}
[rules.local_law_144]
sex = "sex"
race = "race"
{settings}
"""


def make_rows(cells: list[Cell], unknown: int) -> pd.DataFrame:
    """Return one row a person: chosen ones have a high score, and are hired."""
    rows = [(race, sex, int(k < chosen)) for race, sex, n, chosen, _, _ in cells for k in range(n)]
    # Everybody of unknown category is chosen: they would show in every number if counted.
    rows += [("White", "", 1) if k % 2 else ("", "Male", 1) for k in range(unknown)]
    frame = pd.DataFrame(rows, columns=["race", "sex", "hired"])
    # Different scores on either side of the middle, so that only their order matters.
    rank = frame["hired"] * 0.5 + 0.4 * frame.index.to_numpy() / len(frame)
    return frame.assign(score=rank.round(5), weight=2.0)


Audit = Callable[..., Bundle]


@pytest.fixture(scope="session")
def audit_rows(tmp_path_factory: pytest.TempPathFactory) -> Audit:
    """Run the real audit on rows."""

    def run(
        frame: pd.DataFrame,
        settings: str = "",
        predictions: str = 'label = "hired"',
        data: str = "",
    ) -> Bundle:
        folder: Path = tmp_path_factory.mktemp("law")
        frame.to_csv(folder / "rows.csv", index=False)
        text = AUDIT.format(settings=settings, predictions=predictions, data=data)
        (folder / "audit.toml").write_text(text)
        return run_audit(folder / "audit.toml", folder / "run")

    return run


@pytest.fixture(scope="session")
def selection_cells() -> list[Cell]:
    return SELECTION


@pytest.fixture(scope="session")
def scoring_cells() -> list[Cell]:
    return SCORING


@pytest.fixture(scope="session")
def rows_of() -> Callable[[list[Cell], int], pd.DataFrame]:
    return make_rows


@pytest.fixture(scope="session")
def selection_run(audit_rows: Audit) -> Bundle:
    return audit_rows(make_rows(SELECTION, 250))


@pytest.fixture(scope="session")
def scoring_run(audit_rows: Audit) -> Bundle:
    return audit_rows(make_rows(SCORING, 15), predictions='score = "score"')
