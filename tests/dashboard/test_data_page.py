"""The Data page: what it says of real runs, of old ones, and of what is not there."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from streamlit.testing.v1 import AppTest

from audits.core.report.estimate import Estimate
from audits.core.report.verdict import Status, Verdict
from audits.figures.data import Bar, draw_bars
from audits.store.bundle import MANIFEST, REPORT, Bundle, load_bundle
from dashboard.catalogue import say
from dashboard.state import RUNS_VARIABLE
from dashboard.viewmodels.data import data, leakage, missing, schema
from dashboard.viewmodels.run import RunData

APP = Path(__file__).resolve().parents[2] / "dashboard" / "app.py"


def open_page(runs: Path, run: str, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    monkeypatch.setenv(RUNS_VARIABLE, str(runs))
    app = AppTest.from_file(str(APP), default_timeout=60)
    app.query_params["run"] = run
    return app.run().switch_page("views/data.py").run()


def texts(app: AppTest) -> list[str]:
    return [item.value for item in app.text]


def headers(app: AppTest) -> list[str]:
    return [item.value for item in app.header]


def line(**changes: object) -> schema.ColumnLine:
    """Return a column as the evidence may have it."""
    one = schema.ColumnLine(
        "a", "number", ("feature",), 100, 0, 40, True, False, False, None, 5.0, 2.0, None, None,
        None, None, None, None, None,
    )  # fmt: skip
    return replace(one, **changes)


def old(run: RunData) -> RunData:
    """Return the run as it was made before the checks of the data."""
    new = ("data.columns", "data.missing", "data.reference", "data.leakage")
    report = run.report
    kept = tuple(item for item in report.measurements if item.check not in new)
    known = {item.id for item in kept}
    cut = report.model_copy(
        update={
            "measurements": kept,
            "checks": tuple(check for check in report.checks if check.code not in new),
            "verdicts": tuple(v for v in report.verdicts if v.measurement in known),
            "evidence": tuple(
                e for e in report.evidence
                if Path(e.path).stem not in ("columns", "missing", "reference", "leakage")
            ),
        }
    )  # fmt: skip
    return RunData(replace(run.bundle, report=cut))


def test_sizes_come_first_and_in_this_order(runs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = open_page(runs, "model", monkeypatch)
    assert not app.exception
    assert headers(app) == [
        say(key) for key in ("data.sizes", "data.balance", "leakage.title",
                             "data.missing_title_section", "data.schema")
    ]  # fmt: skip
    assert texts(app).index(data.render_lead(RunData(load_bundle(runs / "model")))) < 4
    for chart in app.get("plotly_chart"):
        assert len(chart.proto.alt) > 20


@pytest.mark.parametrize("name", ["decisions", "amounts"])
def test_other_runs_say_what_is_not_there(
    name: str, runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = open_page(runs, name, monkeypatch)
    assert not app.exception
    shown = " ".join(texts(app))
    assert say("leakage.no_reference") in shown
    assert ("without a model" in shown) == (name == "decisions")
    if name == "amounts":
        assert say("data.outcome_mean", target="amount") in shown


def test_groups_are_chosen_and_columns_found(
    runs: Path, monkeypatch: pytest.MonkeyPatch, rude_names: tuple[str, str, str]
) -> None:
    app = open_page(runs, "model", monkeypatch)
    app.selectbox(key="groups").select("sex").run()
    assert not app.exception
    assert any("Female" in text or "Male" in text for text in texts(app))
    app.text_input(key="find").set_value("protected").run()
    table = app.dataframe[-1].value
    assert set(table[say("column.column")]) == {"sex", rude_names[1]}
    app.text_input(key="find").set_value("no such thing").run()
    assert say("data.find_none", word="no such thing") in texts(app)


def test_a_run_made_before_says_so(
    run: RunData, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = old(run)
    columns: list[schema.ColumnLine] = []
    found = leakage.make_leakage(replace_evidence(before, tmp_path), columns)
    assert found.suspects == found.looked_for == ()
    assert found.absent == (say("leakage.absent_old"),)
    app = open_page(tmp_path, "before", monkeypatch)
    assert not app.exception
    assert texts(app).count(say("data.absent_old")) == 1
    assert say("data.sizes") in headers(app)


def replace_evidence(run: RunData, root: Path) -> RunData:
    """Write the run's report to a folder of its own, without the evidence of the new checks."""
    folder = root / "before"
    (folder / "evidence").mkdir(parents=True)
    (folder / "origin.json").write_bytes((run.bundle.path / "origin.json").read_bytes())
    kept = {REPORT, *(item.path for item in run.report.evidence)}
    manifest = {name: digest for name, digest in run.bundle.manifest.items() if name in kept}
    (folder / MANIFEST).write_text(json.dumps(manifest), encoding="utf-8")
    (folder / REPORT).write_text(run.report.to_json(), encoding="utf-8")
    return RunData(load_bundle(folder))


def test_the_lead_counts_what_is_missing(run: RunData) -> None:
    assert data.render_lead(run) == (
        "900 rows with 10 columns were audited; the model is given 4 of the columns. "
        "No value is missing."
    )
    item = run.report.by_id["count"].model_copy(
        update={"id": "m", "metric": "missing_share", "slice": "column=debt",
                "estimate": Estimate.exact(0.25, 900)}
    )  # fmt: skip
    report = run.report.model_copy(update={"measurements": (*run.report.measurements, item)})
    lacking = RunData(replace(run.bundle, report=report))
    assert data.render_lead(lacking).endswith("2.5% of all values are missing, in one column.")
    chart = schema.make_missing_chart(lacking)
    assert chart is not None
    assert chart.title == say("data.missing_title", column="debt", share="25.0%")
    assert "225 (25.0%)" in chart.alt
    assert schema.make_missing_chart(run) is None


def test_sizes_are_counted_and_small_ones_named(run: RunData) -> None:
    for grouping in run.groupings:
        table = data.tabulate_sizes(run, grouping)
        assert table[say("column.rows")].sum() == 900
        assert table[say("column.rows")].is_monotonic_decreasing
    assert data.list_small(run) == []
    assert data.render_small(run) == say("data.none_small", n=8, least=data.SMALL)
    few = tuple(
        item.model_copy(update={"estimate": Estimate.exact(49, 49)})
        if item.metric == "count" and item.group == "Female" else item
        for item in run.report.measurements
    )  # fmt: skip
    small = RunData(replace(run.bundle, report=run.report.model_copy(update={"measurements": few})))
    assert "Female (49)" in data.render_small(small)
    chart = data.make_sizes_chart(small, "sex")
    assert chart is not None
    assert "small" in chart.alt
    remarks = data.tabulate_sizes(small, "sex")[say("data.remark")].tolist()
    assert remarks == ["", say("data.small_remark")]


def test_the_balance_names_a_difference_only_where_it_is_sure(
    run: RunData, rude_names: tuple[str, str, str], inputs: Path
) -> None:
    """The planted difference is between the teams; the sexes are alike."""
    rows = pd.read_csv(inputs / "rows.csv")
    share = (rows["repaid"] == "yes").groupby(rows[rude_names[1]]).mean()
    told = data.render_balance(run, rude_names[1])
    for value in share:
        assert f"{value * 100:.1f}%" in told
    assert "95% interval" in told
    even = data.render_balance(run, "sex")
    assert even == say("data.balance_even", outcome="Share with repaid = yes")
    assert len(data.tabulate_balance(run, "sex")) == 2


def test_the_balance_of_amounts_is_their_mean(amounts: RunData, inputs: Path) -> None:
    rows = pd.read_csv(inputs / "rows.csv")
    chart = data.make_balance_chart(amounts, "sex")
    assert chart is not None
    dots = next(trace for trace in chart.figure.data if trace.mode == "markers")
    expected = sorted(rows["amount"].groupby(rows["sex"]).mean())
    assert list(dots.x) == pytest.approx(expected, rel=1e-6)


def test_nothing_suspicious_is_said_with_what_was_looked_for(run: RunData) -> None:
    found = leakage.make_leakage(run, schema.load_columns(run))
    assert found.suspects == ()
    assert len(found.looked_for) == 2
    assert found.absent == (say("leakage.no_reference"),)
    stored = pd.read_parquet(run.bundle.evidence_path("leakage.parquet"))
    assert stored.loc[0, "column"] in found.looked_for[0]
    assert len(found.table) == len(stored) == 4


def with_leakages(run: RunData, root: Path, *columns: leakage.ColumnLeakage) -> RunData:
    """Return the run as if these were what its columns tell of the outcome."""
    (root / "evidence").mkdir()
    records = [{name: getattr(one, name) for name in one.__slots__} for one in columns]
    pq.write_table(pa.Table.from_pylist(records), root / "evidence" / "leakage.parquet")
    return RunData(Bundle(root, run.report, run.bundle.manifest, run.bundle.origin))


def test_suspects_are_said_one_by_one(run: RunData, tmp_path: Path) -> None:
    changed = with_leakages(
        run, tmp_path,
        leakage.ColumnLeakage("copy", 1.0, 0.99, 1.0, 450, "recoding"),
        leakage.ColumnLeakage("late fee", 0.985, 0.97, 0.99, 450, ""),
        leakage.ColumnLeakage("unsure", 0.955, 0.93, 0.97, 450, ""),
    )  # fmt: skip
    ids = [line(column="number", unique=True), line(column="unused", unique=True, roles=())]
    found = leakage.make_leakage(changed, ids)
    assert len(found.suspects) == 3
    assert found.suspects[0] == say("leakage.recoding", column="copy")
    assert found.suspects[1].startswith("late fee alone tells which of two rows has which outcome")
    assert "98 of 100 pairs (AUC 0.985, 95% interval 0.970 to 0.990)" in found.suspects[1]
    assert found.suspects[2] == say("leakage.identifier", columns="number")
    assert found.looked_for == ()


def test_rows_in_the_reference_are_a_suspect_where_the_policy_warns(run: RunData) -> None:
    shares = {"reference_overlap": 0.3, "reference_overlap_expected": 0.1,
              "reference_overlap_excess": 0.2}  # fmt: skip
    count = run.report.by_id["count"]
    items = tuple(
        count.model_copy(
            update={"id": name, "metric": name, "unit": "share", "check": "data.reference",
                    "estimate": Estimate(value=value, low=value - 0.01, high=value + 0.01, n=900,
                                         method="x", confidence=0.95)}
        )
        for name, value in shares.items()
    )  # fmt: skip
    for status in (Status.WARN, Status.PASS):
        verdict = Verdict(rule="new-rows", status=status, measurement="reference_overlap_excess",
                          threshold=0.01, reason="")  # fmt: skip
        report = run.report.model_copy(
            update={"measurements": (*run.report.measurements, *items), "verdicts": (verdict,)}
        )
        found = leakage.make_leakage(
            RunData(replace(run.bundle, report=report)), schema.load_columns(run)
        )
        told = found.suspects if status is Status.WARN else found.looked_for
        assert any("30.0% of the audited rows" in text and "10.0%" in text for text in told)


def test_summaries_of_columns() -> None:
    cases = {
        "no value at all": line(constant=True, missing=100, distinct=0),
        "one value only": line(constant=True, distinct=1),
        "18 to 70.5 in nine of ten rows, 39 in the middle": line(p05=18.0, p50=39.0, p95=70.5),
        "5 on average": line(),
        "most often oak (60.0%)": line(mean=None, missing=50, most_frequent="oak",
                                       most_frequent_rows=30),
        "another value in nearly every row, like an id": line(mean=None, unique=True),
        "the same as b; 5 on average": line(equal_to="b"),
        "": line(mean=None),
    }  # fmt: skip
    for text, one in cases.items():
        assert schema.render_summary(one) == text


def test_five_hundred_columns_are_one_table() -> None:
    columns = [line(column=f"c{n}", missing=n % 7) for n in range(500)]
    assert len(schema.tabulate_columns(columns)) == 500
    assert len(schema.tabulate_columns(columns, "C49")) == 11
    bars = [Bar(f"c{n}", 1 - n / 500, "x", "x") for n in range(500)]
    chart = draw_bars(bars, title="t", axis="a", alt="Bars.")
    assert len(chart.figure.data[0].y) == 40
    assert "first 40 of 500" in chart.alt


def test_names_are_escaped_in_bars() -> None:
    chart = draw_bars([Bar("<b>x</b>", 1, "1", "1")], title="t", axis="a", alt="Bars.")
    assert chart.figure.data[0].y[0] == "&lt;b&gt;x&lt;/b&gt;"


def test_missing_values_by_group_are_sentences(run: RunData, tmp_path: Path) -> None:
    gap = run.by_group("selection_rate_difference", "sex")[0].model_copy(
        update={"id": "gap", "metric": "missing_share_difference", "slice": "column=debt",
                "p_value": 0.001, "adjusted_for": 4, "estimate": Estimate(value=-0.1, low=-0.15, high=-0.05, n=900,
                                                       method="x", confidence=0.95)}
    )  # fmt: skip
    unsure = gap.model_copy(update={"id": "other", "slice": "column=income", "p_value": 0.4})
    report = run.report.model_copy(update={"measurements": (*run.report.measurements, unsure, gap)})
    (tmp_path / "evidence").mkdir()
    rows = [{"column": "debt", "attribute": "sex", "group": group, "rows": 400, "missing": count}
            for group, count in ((gap.group, 20), (gap.reference_group, 60))]  # fmt: skip
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "evidence" / "missing.parquet")
    manifest = {**run.bundle.manifest, "evidence/missing.parquet": ""}
    changed = RunData(Bundle(tmp_path, report, manifest, run.bundle.origin))
    assert missing.list_sentences(changed) == [
        f"debt is missing for 5.0% of {gap.group} and for 15.0% of {gap.reference_group}: 10.0 "
        "points less (95% interval 5.0 to 15.0; p = 0.001, adjusted)."
    ]
    assert missing.tabulate_compared(changed)[say("column.column")].tolist() == ["debt", "income"]
