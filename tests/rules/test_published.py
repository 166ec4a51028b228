"""Published summaries: the rule's own example comes out cell by cell but for its misprints."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from audits.cli.main import main
from audits.core.errors import InputError
from audits.rules.published import parse_published
from audits.rules.review import review_published

HEAD = "table,category,n_applicants,n_selected,published_rate,published_impact_ratio\n"
TABLE = HEAD + (
    "sex,Male,100,50,50%,1.00\nsex,Female,100,43,43%,0.86\n"
    "race,White,120,60,50.0%,1.00\nrace,Black,80,33,41.3%,0.83\n"
    "intersectional,Male|White,60,30,50%,1.00\nintersectional,Male|Black,40,20,50%,1.00\n"
    "intersectional,Female|White,60,30,50%,1.00\nintersectional,Female|Black,40,13,32.5%,0.65\n"
    "unknown,not known,7,,,\n"
)
SCORES = "table,category,n_applicants,published_scoring_rate,published_impact_ratio\n"


def review(text: str):
    return review_published(parse_published(text, "t.csv"))


def run(monkeypatch, capsys, *arguments: str):
    monkeypatch.setattr("sys.argv", ["assay", *arguments])
    with pytest.raises(SystemExit) as stop:
        main()
    return stop.value.code or 0, capsys.readouterr()


def test_the_selection_example_contradicts_itself_between_tables(shared_data: Path) -> None:
    found = review((shared_data / "ll144_rule_selection_example.csv").read_text())
    assert found.checked == 46
    assert found.misprints == ()
    applicants, selected, hispanic = found.disagreements
    assert "2,571 by sex, 2,584 by race or ethnicity and 2,571 by both" in applicants
    assert "1,222 by sex, 1,254 by race or ethnicity and 1,222 by both" in selected
    assert "408 applicants and 204 selected" in hispanic
    assert "add up to 395 and 172" in hispanic


def test_the_scoring_example_has_one_rate_that_is_cut_off(shared_data: Path) -> None:
    found = review((shared_data / "ll144_rule_scoring_example.csv").read_text())
    assert found.checked == 46
    (misprint,) = found.misprints
    assert (misprint.category, misprint.printed) == ("Hispanic or Latino", "64.2%")
    assert (misprint.recomputed, "cut off" in misprint.note) == ("64.3%", True)
    assert found.disagreements == ()
    vectors = json.loads((shared_data.parent / "reference" / "ll144_vectors.json").read_text())
    counts = {c.category: c for table in found.counts.values() for c in table}
    example = vectors["scoring_example"]
    derived = {line[0]: line[2] for line in example["sex"] + example["race_ethnicity"]}
    derived |= {f"{sex}|{race}": k for race, sex, _, k, *_ in example["intersectional"]}
    assert {name: (c.low, c.high) for name, c in counts.items()} == {
        name: (k, k) for name, k in derived.items()
    }


@pytest.mark.parametrize("kind", ["selection", "scoring"])
def test_the_rules_intersectional_tables_come_out(kind, request) -> None:
    cells = request.getfixturevalue(f"{kind}_cells")
    head = HEAD if kind == "selection" else SCORES
    lines = [
        f"intersectional,{sex}|{race},{n},{f'{k},' if kind == 'selection' else ''}{rate},{ratio}"
        for race, sex, n, k, rate, ratio in cells
    ]
    found = review(head + "\n".join(lines))
    assert (found.checked, found.misprints) == (28, ())
    assert [count.low for count in found.counts["intersectional"]] == [cell[3] for cell in cells]


def test_a_table_that_agrees_has_nothing_to_say() -> None:
    found = review(TABLE)
    assert (found.misprints, found.disagreements, found.remarks) == ((), (), ())


@pytest.mark.parametrize(
    ("old", "new", "column", "note"),
    [
        ("41.3%,0.83", "41.2%,0.83", "published_rate", "cut off"),
        ("41.3%,0.83", "41.3%,0.82", "published_impact_ratio", "cut off"),
        ("43%,0.86", "44%,0.86", "published_rate", ""),
        ("41.3%,0.83", "41.3%,0.826", "published_impact_ratio", "rounded rates"),
    ],
)
def test_misprints_are_named_with_what_they_look_like(old, new, column, note) -> None:
    assert old in TABLE
    (misprint,) = review(TABLE.replace(old, new)).misprints
    assert misprint.column == column
    assert note in misprint.note
    assert bool(note) is bool(misprint.note)


def test_a_half_is_rounded_up() -> None:
    text = HEAD + "sex,Male,8,1,12.5%,0.5\nsex,Female,8,2,25%,1\n"
    assert review(text).misprints == ()
    assert review(text.replace("12.5%", "13%")).misprints == ()
    (misprint,) = review(text.replace("12.5%", "12%")).misprints
    assert (misprint.recomputed, "cut off" in misprint.note) == ("13%", True)


def test_a_rate_that_no_whole_number_gives() -> None:
    found = review(SCORES + "sex,Male,3,50%,1.00\nsex,Female,4,50%,0.75\n")
    assert {m.column for m in found.misprints} == {"published_scoring_rate"}
    assert found.misprints[0].recomputed == "67%"


def test_several_numbers_may_give_a_rounded_rate() -> None:
    found = review(SCORES + "sex,Male,1000,52%,1.00\nsex,Female,1000,47%,0.90\n")
    count = found.counts["sex"][0]
    assert (count.low, count.high) == (515, 524)
    assert found.misprints == ()
    assert "2 allow several numbers" in found.remarks[0]
    (misprint,) = review(SCORES + "sex,M,1000,52%,1.00\nsex,F,1000,47%,0.80\n").misprints
    assert misprint.recomputed == "0.89 to 0.92"


def test_no_ratio_where_nobody_was_selected_or_a_category_may_be_left_out() -> None:
    (misprint, _) = review(HEAD + "sex,Male,9,0,0%,1.00\nsex,Female,9,0,0%,1.00\n").misprints
    assert misprint.recomputed == "undefined: the highest rate is zero"
    left_out = review(TABLE.replace("41.3%,0.83", "41.3%,"))
    (sentence,) = left_out.disagreements
    assert "40.0% of the applicants: only a category under 2% may be left out" in sentence
    small = HEAD + "sex,Male,990,495,50%,1.00\nsex,Other,10,9,90%,\n"
    gaps = [line for line in review(small).disagreements if "left out" in line]
    assert gaps == []
    assert review(small).misprints == ()


def test_missing_tables_and_categories_are_said() -> None:
    found = review(HEAD + "sex,Male,9,3,33%,1.00\nintersectional,Male|White,9,3,33%,1.00\n")
    assert any("no table by race" in sentence for sentence in found.disagreements)
    alone = review(TABLE + "sex,Other,0,0,,\n")
    assert any("Other" in sentence for sentence in alone.disagreements)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no column 'table'"),
        (HEAD, "has no rows"),
        (HEAD.replace("n_selected", "n_selectd"), "did you mean 'n_selectd'"),
        (TABLE.replace("race,White", "rase,White"), "line 4: table 'rase' is unknown"),
        (TABLE.replace("100,50,", "100,150,"), "n_selected 150 is more than n_applicants 100"),
        (TABLE.replace("100,50,", "-1,0,"), "'-1' is not a whole number"),
        (TABLE.replace("100,50,", "1e3,50,"), "'1e3' is not a whole number"),
        (TABLE.replace("100,50,", "100,,"), "n_selected is empty"),
        (TABLE.replace("50%,1.00", "half,1.00", 1), "'half' is not a number such as 43.9%"),
        (TABLE.replace("sex,Female", "sex,Male"), "'Male' is in table 'sex' twice"),
        (TABLE.replace("Male|White", "Male"), "does not fit table 'intersectional'"),
        (TABLE.replace("sex,Male,100,50,50%,1.00", "sex,Male,100"), "number of cells"),
        (TABLE.replace("sex,Male,", "sex,,"), "the category is empty"),
    ],
)
def test_bad_files_are_one_line(tmp_path, monkeypatch, capsys, text, message) -> None:
    with pytest.raises(InputError):
        parse_published(text, "t.csv")
    (tmp_path / "t.csv").write_text(text)
    code, shown = run(monkeypatch, capsys, "check-ll144", str(tmp_path / "t.csv"))
    assert code == 2
    (line,) = shown.err.splitlines()
    assert message in line
    assert line.startswith("assay: t.csv")


def test_files_that_are_no_text_or_not_there(tmp_path, monkeypatch, capsys) -> None:
    (tmp_path / "t.csv").write_bytes(b"\xff\xfe\x00")
    code, shown = run(monkeypatch, capsys, "check-ll144", str(tmp_path / "t.csv"))
    assert (code, "not UTF-8" in shown.err) == (2, True)
    code, shown = run(monkeypatch, capsys, "check-ll144", str(tmp_path / "none.csv"))
    assert (code, "No such file" in shown.err) == (2, True)


def test_people_and_machines_are_told(tmp_path, monkeypatch, capsys) -> None:
    (tmp_path / "t.csv").write_text(TABLE.replace("41.3%,0.83", "41.2%,0.83"))
    code, shown = run(monkeypatch, capsys, "check-ll144", str(tmp_path / "t.csv"))
    assert code == 0
    assert shown.err.startswith("15 of 16 printed numbers come out")
    assert "looks cut off" in shown.err
    assert "sets no pass mark" in shown.err
    code, shown = run(monkeypatch, capsys, "check-ll144", str(tmp_path / "t.csv"), "--json")
    assert json.loads(shown.out)["misprints"][0]["recomputed"] == "41.3%"


def test_export_by_the_command(selection_run, tmp_path, monkeypatch, capsys) -> None:
    out = tmp_path / "own.csv"
    code, shown = run(monkeypatch, capsys, "ll144", str(selection_run.path), "-o", str(out))
    assert (code, "no pass mark" in shown.err) == (0, True)
    code, shown = run(monkeypatch, capsys, "check-ll144", str(out))
    assert shown.err.startswith("46 of 46")
    code, shown = run(monkeypatch, capsys, "ll144", str(selection_run.path), "--kind", "scoring")
    assert (code, "this run has 'selection' tables" in shown.err) == (2, True)
