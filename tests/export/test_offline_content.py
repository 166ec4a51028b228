"""What the file holds: sentences, sizes, no small group, no markup, and not more with more rows."""

from __future__ import annotations

import json
import re
from dataclasses import asdict
from pathlib import Path

from offline_runs import FEW_CHECKS, audit, make_rows

from audits.cube.counts.view import compute_view
from audits.export.html import FILE, build_payload, render_html, save_html
from audits.export.html.render import encode_json
from audits.store.bundle import Bundle, verify_bundle


def read_payload(text: str) -> dict:
    found = re.search(r'<script type="application/json" id="payload">(.*?)</script>', text, re.S)
    assert found is not None
    return json.loads(found[1])["data"]


def test_the_same_run_gives_the_same_bytes(scored: Bundle) -> None:
    assert render_html(scored) == render_html(scored)


def test_groups_of_a_few_rows_are_named_and_have_no_number(scored: Bundle) -> None:
    payload = read_payload(render_html(scored))
    sizes = {
        name: dict(zip(view.labels, view.rows.tolist(), strict=True))
        for name, view in (
            (" & ".join(columns), compute_view(scored.load_cube(), columns))
            for columns in (("sex",), ("sex", "town"))
        )
    }
    assert sizes["sex"]["Rare"] == 4
    for grouping in payload["groupings"]:
        for place, group in enumerate(grouping["groups"]):
            rows = sizes.get(grouping["name"], {}).get(group["label"])
            if rows is None:
                continue
            if rows >= 10:
                assert group["rows"] == rows
                continue
            assert group["rows"] is None and group["sums"] == [] and group["calibration"] is None
            assert all(numbers[place] is None for numbers in grouping["stored"].values())
            assert all(tests[place] is None for tests in grouping["tests"].values())
    story = payload["story"]
    lines = [line for one in story["findings"] for line in (one["line"], *one["under"])]
    lines += [line for rule in story["met"] for line in rule["lines"]]
    small = [line for line in lines if "Rare" in line["sentence"]]
    assert small, "the policy has judged the group of four"
    assert not [line for line in small if line["reason"] or re.search(r"\d%", line["sentence"])]


def test_findings_are_said_as_on_the_dashboard(scored: Bundle) -> None:
    from dashboard.viewmodels.overview.overview import list_findings
    from dashboard.viewmodels.run import RunData

    ours = build_payload(scored.report, scored.load_cube()).story.findings
    theirs = list_findings(RunData(scored))
    assert len(ours) == len(theirs)
    told = 0
    for mine, line in zip(ours, theirs, strict=True):
        assert (mine.rule, mine.source) == (line.rule, line.source)
        for one, other in zip((mine.line, *mine.under), (line, *line.under), strict=True):
            assert one.status == other.status.value
            if one.grouping:
                assert one.sentence == other.sentence
                told += 1
    assert told >= 1


def test_500_groups_and_their_pairs_are_under_5_mb(tmp_path: Path) -> None:
    rows = make_rows(20_000, seed=3, towns=500)
    run = audit(
        tmp_path, rows, predictions='score = "score"', more="max_groups = 2000", checks=FEW_CHECKS
    )
    text = render_html(run)
    counts = {
        one["name"]: len(one["groups"]) + one["cut"] for one in read_payload(text)["groupings"]
    }
    assert counts["town"] == 500 and counts["sex & town"] > 1000
    assert len(text.encode()) < 5_000_000


def test_the_file_does_not_grow_with_rows(tmp_path: Path) -> None:
    sizes, cells = [], []
    for times in (1, 10):
        folder = tmp_path / str(times)
        folder.mkdir()
        rows = make_rows(3000 * times, seed=4)
        run = audit(folder, rows, predictions='score = "score"', checks=FEW_CHECKS)
        cells.append(len(run.load_cube().sums["count"]))
        sizes.append(len(render_html(run)))
    assert cells[1] > 8 * cells[0], "the cube itself keeps every score"
    assert sizes[1] < 1.5 * sizes[0], "the file's bins fill up, and there are no more of them"


def test_the_run_writes_the_same_file(tmp_path: Path) -> None:
    rows = make_rows(600, seed=5)
    run = audit(tmp_path, rows, predictions='label = "label"', finish=save_html)
    assert (run.path / FILE).read_text(encoding="utf-8") == render_html(run)
    assert verify_bundle(run.path) == []


def test_no_text_can_leave_its_script() -> None:
    rude = {"a": '</script><script>alert(1)</script><!-- & \u2028 \u2029 "'}
    text = encode_json(rude)
    assert not set("<>&\u2028\u2029") & set(text)
    assert json.loads(text) == rude


def test_classes_and_weights_are_counted(classes: Bundle, weighted: Bundle) -> None:
    payload = asdict(build_payload(classes.report, classes.load_cube()))
    assert payload["edges"] == () and len(payload["classes"]) == 3
    decided = payload["whole"]["groups"][0]["sums"][0]["decided"]
    assert sum(decided) == classes.load_cube().rows
    group = asdict(build_payload(weighted.report, weighted.load_cube()))["whole"]["groups"][0]
    count, weight, squared = (sum(sums["decided"]) for sums in group["sums"])
    assert count == 2000 and squared > weight > 0
