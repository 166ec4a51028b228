"""The check on real files: what it lists, what it leaves out, and what it says when it cannot."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from audits.checks.performance.slices import CODE, SLICES
from audits.core.errors import CancelledError
from audits.core.report.report import AuditReport, CheckOutcome
from audits.pipeline.run import run_audit
from audits.store.bundle import Bundle

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "benchmarks"))
from slices import AUDIT, write_adult

ROWS = 8_000
SLICE = "größe 30 to under 50 & 部門 = überall"


def make_frame(rows: int = ROWS) -> pd.DataFrame:
    """Decisions that are wrong in 60% of one slice and in 10% elsewhere, among odd columns."""
    draw = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "größe": draw.integers(0, 80, rows),
            "部門": draw.choice(["überall", "nowhere", "a & b", "<b>x</b>"], rows),
            "many": [f"m{i % 10_000}" for i in draw.integers(0, 10_000, rows)],
            "constant": "same",
            "nothing": np.full(rows, np.nan),
            "gaps": np.where(draw.random(rows) < 0.3, np.nan, draw.normal(0, 1, rows)),
            "flag": draw.choice([True, False], rows),
            "id": np.arange(rows),
            "decided": draw.choice(["yes", "no"], rows),
        }
    )
    frame["copy"] = frame["部門"]
    inside = frame["größe"].between(30, 49) & (frame["部門"] == "überall")
    wrong = draw.random(rows) < np.where(inside, 0.6, 0.1)
    frame["outcome"] = np.where((frame.decided == "yes") ^ wrong, "yes", "no")
    return frame


def audit(folder: Path, frame: pd.DataFrame, extra: str = "", **replaced: str) -> Bundle:
    frame.to_parquet(folder / "rows.parquet")
    text = AUDIT.format(name="rows").replace('score = "score"\n', "") + extra
    for old, new in replaced.items():
        text = text.replace(old, new)
    (folder / "audit.toml").write_text(text, encoding="utf-8")
    return run_audit(folder / "audit.toml", folder / "run", checks=(SLICES,))


def outcome_of(report: AuditReport) -> CheckOutcome:
    return next(one for one in report.checks if one.code == CODE)


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    return audit(tmp_path_factory.mktemp("slices"), make_frame())


def test_the_planted_slice_is_listed_first_with_all_its_numbers(bundle: Bundle) -> None:
    report, frame = bundle.report, make_frame()
    first = report.find("accuracy_difference")[0]
    assert set(str(first.slice).split(" & ")) == set(SLICE.split(" & "))
    assert first.estimate is not None
    assert first.estimate.low <= -0.5 <= first.estimate.high
    assert first.p_value is not None
    assert first.p_value < 1e-6
    inside = frame["größe"].between(30, 49) & (frame["部門"] == "überall")
    count = next(m for m in report.find("count") if m.slice == first.slice)
    assert count.value == inside.sum()
    assert (report.find("slices_searched")[0].value or 0) > 100


def test_the_evidence_holds_every_listed_slice(bundle: Bundle) -> None:
    rows = pq.read_table(bundle.evidence_path("slices.parquet")).to_pylist()
    listed = [m for m in bundle.report.measurements if m.check == CODE and m.p_value is not None]
    assert [(" & ".join(row["conditions"]), row["effect"], row["p_adjusted"]) for row in rows] == [
        (m.slice, m.value, m.p_value) for m in listed
    ]
    assert rows[0]["effect_where_found"] < -0.4
    assert rows[0]["share"] == rows[0]["rows"] / ROWS


def test_columns_that_say_the_outcome_or_nothing_are_in_no_condition(bundle: Bundle) -> None:
    for item in bundle.report.measurements:
        for condition in (item.slice or "").split(" & "):
            assert not condition.startswith(("outcome", "decided", "id", "many", "constant",
                                             "nothing"))  # fmt: skip


def test_the_same_seed_gives_the_same_numbers(bundle: Bundle, tmp_path: Path) -> None:
    again = audit(tmp_path, make_frame())
    assert again.report.measurements == bundle.report.measurements


def test_fewer_rows_are_drawn_and_said(tmp_path: Path) -> None:
    report = audit(tmp_path, make_frame(), "[slices]\nrows = 6000\n").report
    described = report.evidence[-1].description
    assert "6,000 of 8,000 rows, sampled with the run's seed" in described
    assert set(str(report.find("accuracy_difference")[0].slice).split(" & ")) == set(
        SLICE.split(" & ")
    )


def test_weights_and_csv(tmp_path: Path) -> None:
    frame = make_frame().assign(w=2.0)
    frame.to_csv(tmp_path / "rows.csv", index=False)
    report = audit(
        tmp_path, frame, **{'id = "id"': 'weight = "w"', "rows.parquet": "rows.csv"}
    ).report
    first = str(report.find("accuracy_difference")[0].slice)
    assert set(first.split(" & ")) == set(SLICE.split(" & "))
    used = {part for m in report.measurements for part in (m.slice or "").split(" & ")}
    assert not any(part.startswith("w ") for part in used)


def test_what_stands_in_the_way_is_said(tmp_path: Path) -> None:
    reasons = {}
    for name, frame, extra in (
        ("few", make_frame(100), ""),
        ("off", make_frame(400), "[slices]\nrows = 0\n"),
        ("flat", make_frame(400)[["constant", "id", "decided", "outcome"]], ""),
    ):
        folder = tmp_path / name
        folder.mkdir()
        check = outcome_of(audit(folder, frame, extra).report)
        reasons[name] = (check.status.value, check.reason)
    assert reasons["few"][0] == "not_applicable"
    assert "100 rows are too few" in reasons["few"][1]
    assert reasons["off"] == ("skipped", "[slices] rows = 0")
    assert reasons["flat"] == (
        "not_applicable", "no column divides the rows into parts that are large enough",
    )  # fmt: skip


def test_the_search_can_be_stopped(tmp_path: Path) -> None:
    def stop(stage: str, fraction: float | None) -> None:
        if stage == CODE and fraction:
            raise CancelledError("stopped")

    audit(tmp_path, make_frame(400))
    with pytest.raises(CancelledError):
        run_audit(tmp_path / "audit.toml", tmp_path / "other", progress=stop, checks=(SLICES,))
    assert not (tmp_path / "other").exists()


def test_adult(shared_data: Path, tmp_path: Path) -> None:
    write_adult(tmp_path)
    (tmp_path / "audit.toml").write_text(AUDIT.format(name="Adult"), encoding="utf-8")
    report = run_audit(tmp_path / "audit.toml", tmp_path / "run", checks=(SLICES,)).report
    worst = report.find("accuracy_difference")[0]
    assert "Married-civ-spouse" in str(worst.slice)
    assert worst.estimate is not None
    assert worst.estimate.high < -0.15
    assert report.subject.data.rows == 16_281
    assert "left out to save time" not in report.evidence[-1].description
    assert all((m.value or 0) < 0 for m in report.find("selection_rate_difference"))


def test_columns_that_are_the_outcome_in_other_words_are_left_out(tmp_path: Path) -> None:
    frame, draw = make_frame(4_000), np.random.default_rng(1)
    paid, chosen = frame["outcome"] == "yes", frame["decided"] == "yes"
    frame["settled_code"] = np.where(paid, 7, 3)
    frame["balance_left"] = np.where(paid, 0.0, draw.uniform(1, 900, len(frame)))
    frame["letter_sent"] = np.where(chosen, "welcome", "refusal")
    frame["signed_in_week"] = np.where(chosen, draw.integers(1, 52, len(frame)), 0)
    frame["hint"] = np.where(draw.random(len(frame)) < 0.8, paid, ~paid)
    bundle = audit(tmp_path, frame)
    telling = ("settled_code", "balance_left", "letter_sent", "signed_in_week")
    used = {part for m in bundle.report.measurements for part in (m.slice or "").split(" & ")}
    assert not [part for part in used if part.startswith(telling)]
    assert SLICE.split(" & ", maxsplit=1)[0] in used
    described = bundle.report.evidence[-1].description
    assert "left out because they say the outcome or the decision: " in described
    assert all(name in described for name in telling)
    assert "hint" not in described
