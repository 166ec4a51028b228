"""Adverse impact and Local Law 144 on the card of a real audit."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from audits.core.report.report import AuditReport
from audits.pipeline.run import run_audit
from model_cards.build import build_card
from model_cards.card import Section, Table, walk_sections
from model_cards.render.html import render_html
from model_cards.render.markdown import render_markdown
from model_cards.verify import verify_card, verify_text

AUDIT = """
[audit]
name = "Hiring"
[data]
path = "rows.csv"
protected = ["sex", "race"]
[predictions]
label = "hired"
score = "score"
[rules.local_law_144]
sex = "sex"
race = "race"
exclude_under = 0.02
justification = "three people"
"""
# sex, race, people, hired
CELLS = [("M", "White", 200, 100), ("M", "Black", 80, 32), ("F", "White", 150, 45),
         ("F", "Black", 70, 21), ("F", "Other", 3, 3), ("", "White", 12, 6)]  # fmt: skip


@pytest.fixture(scope="module")
def hiring(tmp_path_factory: pytest.TempPathFactory) -> AuditReport:
    folder: Path = tmp_path_factory.mktemp("hiring")
    rows = [(sex, race, int(k < x)) for sex, race, n, x in CELLS for k in range(n)]
    frame = pd.DataFrame(rows, columns=["sex", "race", "hired"])
    frame.assign(score=frame["hired"] * 0.5).to_csv(folder / "rows.csv", index=False)
    (folder / "audit.toml").write_text(AUDIT)
    return run_audit(folder / "audit.toml", folder / "run").report


def find(report: AuditReport, key: str) -> Section:
    return next(part for part in walk_sections(build_card(report)) if part.key == key)


def tables(section: Section) -> list[Table]:
    return [block for block in section.blocks if isinstance(block, Table)]


def test_adverse_impact_has_group_sizes_first_and_the_yardstick_on_top(hiring) -> None:
    table = tables(find(hiring, "adverse-impact"))[0]
    assert table.columns[:4] == ("Group", "Rows", "Selection rate", "Impact ratio")
    shown = [[getattr(cell, "text", "") for cell in row] for row in table.rows]
    assert shown[0][:4] == ["M", "280", "47.1%", "selected most often"]
    assert shown[1][:4] == ["F", "223", "30.9%", "0.656"]
    assert shown[1][4].startswith("20.1")  # 223 * 201 / 503 - 69, of 0.656 = 69 * 280 / (132 * 223)
    assert "29 CFR 1607.4(D)" in render_markdown(build_card(hiring))


def test_local_law_144_has_its_clause_and_no_pass_mark(hiring) -> None:
    section = find(hiring, "local-law-144")
    assert "sets no pass mark" in section.intro
    found = tables(section)
    assert len(found) == 6
    assert ["6 RCNY 5-301(b)" in table.caption for table in found] == [True] * 3 + [False] * 3
    race = {row[0].text: [cell.text for cell in row[1:]] for row in found[1].rows}
    assert race["White"] == ["350", "41.4%", "1.000"]
    assert race["Other"][:2] == ["3", "100%"]
    assert "left out of the ratios" in race["Other"][2]
    assert "three people" in race["Other"][2]
    assert "12" in [inline.text for inline in section.blocks[0].inlines()]


def test_the_laws_numbers_do_not_mix_with_the_audits(hiring) -> None:
    card = build_card(hiring)
    for section in walk_sections(card):
        if section.key.startswith(("performance", "fairness-", "groups")):
            shown = [getattr(i, "measurement_id", "") for b in section.blocks for i in b.inlines()]
            assert not [name for name in shown if "local law" in name or "impact_ratio" in name]


def test_the_card_holds(hiring) -> None:
    card = build_card(hiring)
    assert verify_card(card, hiring) == []
    assert verify_text(render_markdown(card), hiring) == []
    assert verify_text(render_html(card), hiring) == []
