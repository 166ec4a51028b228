"""Five hundred groups, and a run of which most checks were left out: every page still opens."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from audits.checks.builtin import BUILTIN
from audits.pipeline.run import run_audit
from dashboard.nav import PAGES
from dashboard.state import RUNS_VARIABLE

APP = Path(__file__).resolve().parents[2] / "dashboard" / "app.py"
GROUPS, ROWS = 500, 10_000
SPEC = """
[audit]
name = "Towns"
task = "binary"
[data]
path = "rows.csv"
target = "repaid"
positive = "yes"
protected = ["town"]
[predictions]
label = "decided"
"""


@pytest.fixture(scope="module")
def odd_runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a run of many groups, and one of which only the sizes were measured."""
    folder, draw = tmp_path_factory.mktemp("towns"), np.random.default_rng(0)
    towns = np.array([f"Town {n}" for n in range(GROUPS)])
    rows = {
        "town": draw.choice(towns, ROWS),
        "decided": draw.choice(["yes", "no"], ROWS),
        "repaid": draw.choice(["yes", "no"], ROWS),
    }
    pd.DataFrame(rows).to_csv(folder / "rows.csv", index=False)
    (folder / "audit.toml").write_text(SPEC, encoding="utf-8")
    sizes = tuple(check for check in BUILTIN if check.code == "data.profile")
    run_audit(folder / "audit.toml", folder / "runs" / "many")
    run_audit(folder / "audit.toml", folder / "runs" / "sizes", checks=sizes)
    return folder / "runs"


@pytest.mark.parametrize("run", ["many", "sizes"])
def test_pages_show_without_exception(
    run: str, odd_runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(RUNS_VARIABLE, str(odd_runs))
    app = AppTest.from_file(str(APP), default_timeout=60)
    app.query_params["run"] = run
    app.run()
    for page in PAGES:
        if page != PAGES[0]:
            app.switch_page(f"views/{page}.py").run()
        assert not app.exception, page
        assert not app.error, page
