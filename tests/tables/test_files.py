"""Files as people have them: read right by a count of their own, or refused in one line that names
the line, the value and the way."""

from __future__ import annotations

import bz2
import gzip
import io
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest
from pyarrow import feather

from audits.core.errors import InputError
from audits.data.preview.preview import inspect_data
from tests.tables.people import (
    HEADER,
    ROWS,
    count,
    list_codes,
    open_people,
    read_counts,
    write_lines,
)
from tests.tables.workbook import write_workbook

PLAIN = write_lines()


@dataclass(frozen=True)
class Case:
    """A file's name and content, and settings; told: the kinds of notices that must be there."""

    name: str
    file: str
    content: bytes
    settings: dict[str, Any] = field(default_factory=dict)
    told: tuple[str, ...] = ()


def text(
    name: str,
    content: str,
    told: tuple[str, ...] = (),
    file: str = "d.csv",
    codec: str = "utf-8",
    **settings: Any,
) -> Case:
    return Case(name, file, content.encode(codec), settings, told)


def zipped(*members: tuple[str, str]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return target.getvalue()


def to_bytes(write: Callable[[Any], None]) -> bytes:
    target = io.BytesIO()
    write(target)
    return target.getvalue()


FRAME = pd.DataFrame(ROWS, columns=list(HEADER)).astype({"y": "int64", "score": "float64"})
TITLE = ("data.lines_before_header",)
COMMA = ("data.decimal_comma",)
ZST = pa.compress(PLAIN.encode(), codec="zstd", asbytes=True)
QUOTED = PLAIN.replace("Köln", '"Köln, ""the old"" town"')

RIGHT = [
    text("plain", PLAIN),
    text("byte-order mark", PLAIN, codec="utf-8-sig"),
    text("latin-1 declared", PLAIN, codec="latin-1", encoding="latin-1"),
    text("cp1252 declared", PLAIN, codec="cp1252", encoding="cp1252"),
    text("Windows' name of it", PLAIN, codec="cp1252", encoding="Windows-1252"),
    text("utf-16 by its mark", PLAIN, codec="utf-16"),
    text("utf-16-le declared", PLAIN, codec="utf-16-le", encoding="utf-16-le"),
    text("utf-16-be declared", PLAIN, codec="utf-16-be", encoding="utf-16-be"),
    text("utf-32 by its mark", PLAIN, codec="utf-32"),
    text("mac-roman declared", PLAIN, codec="mac-roman", encoding="mac-roman"),
    text("utf-8 declared", PLAIN, encoding="utf-8"),
    text("semicolons", write_lines(";")),
    text("tabs", write_lines("\t"), file="d.tsv"),
    text("bars", write_lines("|"), file="d.txt"),
    text("commas in a txt", PLAIN, file="d.txt"),
    text("a declared delimiter", write_lines(":"), delimiter=":"),
    text("blanks declared", write_lines(" "), delimiter=" "),
    text("decimal commas found", write_lines(";", comma=True), told=COMMA),
    text("decimal commas declared", write_lines(";", comma=True), decimal=","),
    text("decimal commas with tabs", write_lines("\t", comma=True), told=COMMA),
    text("decimal commas in quotes", PLAIN.replace("0.", '"0,').replace("5\n", '5"\n'), decimal=","),
    text("Windows' line ends", write_lines(end="\r\n")),
    text("old Macs' line ends", write_lines(end="\r")),
    text("mixed line ends", PLAIN.replace("\n", "\r\n", 3)),
    text("no last line end", PLAIN.rstrip("\n")),
    text("blank lines", PLAIN.replace("\n", "\n\n")),
    text("blank lines first", "\n\n" + PLAIN),
    text("quotes", QUOTED),
    text("everything quoted", "\n".join('"' + line.replace(",", '","') + '"' for line in PLAIN.splitlines())),
    text("quotes with line breaks", PLAIN.replace("Köln", '"Kö\nln"')),
    text("single quotes", PLAIN.replace("Köln", "'Köln, NRW'")),
    text("backslashes before quotes", PLAIN.replace("Köln", '"\\"Köln\\""')),
    text("a quote in the middle", PLAIN.replace("Köln", '5" Köln')),
    text("an apostrophe", PLAIN.replace("Köln", "Köln's")),
    text("a hash is a value", PLAIN.replace("Köln", "#Köln")),
    text("a title", "Applicants of 2026\n\n" + PLAIN, told=TITLE),
    text("remarks", "# made, by hand\n# today\n" + PLAIN, told=TITLE),
    text("blanks around names", PLAIN.replace("sex,city", "sex , city")),
    text("a comma at every end", PLAIN.replace("\n", ",\n")),
    text("an index without a name", "\n".join(f"{n}," * bool(n) + "," * (not n) + line for n, line in enumerate(PLAIN.splitlines()))),
    text("a name in brackets", PLAIN, file="d[1].csv"),
    text("a star in the name", PLAIN, file="d*.csv"),
    text("an empty field", PLAIN.replace("Bonn", "")),
    text("a semicolon in a field", PLAIN.replace("Bonn", "Bonn; Beuel")),
    text("a name of two lines", PLAIN.replace("city", '"the\ncity"')),
    Case("gzip", "d.csv.gz", gzip.compress(PLAIN.encode())),
    Case("zstd", "d.csv.zst", ZST),
    Case("bzip2", "d.csv.bz2", bz2.compress(PLAIN.encode())),
    Case("gzip of latin-1", "d.csv.gz", gzip.compress(PLAIN.encode("latin-1")), {"encoding": "latin-1"}),
    Case("a zip", "d.zip", zipped(("in/d.csv", PLAIN), ("readme.txt", "hello"), ("__MACOSX/d.csv", "x"))),
    Case("a zip of tabs", "d.zip", zipped(("d.tsv", write_lines("\t")))),
    Case("parquet", "d.parquet", to_bytes(FRAME.to_parquet)),
    Case("parq", "d.parq", to_bytes(FRAME.to_parquet)),
    Case("arrow", "d.arrow", to_bytes(lambda f: feather.write_feather(FRAME, f, compression="uncompressed"))),
    Case("feather with lz4", "d.feather", to_bytes(lambda f: feather.write_feather(FRAME, f, compression="lz4"))),
    Case("a workbook", "d.xlsx", write_workbook([HEADER, *ROWS])),
    Case("a workbook with a title", "d.xlsx", write_workbook([("Applicants",), (), HEADER, *ROWS]), {}, TITLE),
    Case("a sheet of two", "d.xlsx", write_workbook([HEADER, *ROWS], other="Notes"), {"sheet": "People"}),
    Case("formulas with results", "d.xlsx", write_workbook([HEADER, *ROWS], formula="1-0.25"), {}, ("data.workbook_formulas",)),
]  # fmt: skip


@pytest.mark.parametrize("case", RIGHT, ids=lambda case: case.name)
def test_a_file_is_read_right(case: Case, tmp_path: Path) -> None:
    (tmp_path / case.file).write_bytes(case.content)
    (tmp_path / "d1.csv").write_text("a,b\n1,2\n")  # what a pattern would take
    table = open_people(tmp_path, case.file, **case.settings)
    assert read_counts(table) == count()
    assert [
        code for code in list_codes(table) if code in (*TITLE, *COMMA, "data.workbook_formulas")
    ] == list(case.told)


RAGGED = PLAIN.replace("0,0.5\n", "0,0.5,extra\n")

WRONG = [
    (text("latin-1", PLAIN, codec="latin-1"), ("line 2 ", "0xF6", "Köln", 'encoding = "cp1252"')),
    (text("latin-1 further down", PLAIN.replace("Köln", "Koeln"), codec="latin-1"), ("line 4 ", "0xFC", "München", "latin-1")),
    (text("a byte that cp1252 lacks", PLAIN.replace("Köln", "K\x81ln"), codec="latin-1", encoding="cp1252"), ("line 2 ", "0x81", "cp1252")),
    (text("declared against its mark", PLAIN, codec="utf-16", encoding="latin-1"), ("utf-16", "leave encoding out")),
    (text("an encoding that nobody knows", PLAIN, encoding="utf-88"), ("utf-88", "cp1252")),
    (text("no text encoding", PLAIN, encoding="base64"), ("base64", "not known")),
    (text("zero bytes", PLAIN, codec="utf-16-le"), ("zero bytes", "utf-16-le")),
    (text("a long row", RAGGED), ("line 4 has 5 fields, the header has 4", "0.5,extra", "quotes")),
    (text("a short row", PLAIN.replace("Bonn,1,0.125", "Bonn,1")), ("line 5 has 3 fields, the header has 4", "M,Bonn,1", "fill in")),
    (text("row names without a name", "\n".join(f"{n}," * bool(n) + line for n, line in enumerate(PLAIN.splitlines()))), ("line 2 has 5 fields", "row names")),
    (text("a quote never closed", PLAIN.replace("F,München", 'F,"München')), ("line 4 ", "quote", "close")),
    (text("text after quotes", PLAIN.replace("F,München", 'F,"Mün" chen')), ("line 4 ", "after a quoted field", "double")),
    (text("two delimiters fit", PLAIN.replace("sex,", "sex;x,").replace("F,", "F;1,").replace("M,", "M;2,")), ("','", "';'", "delimiter =")),
    (text("blanks undeclared", write_lines(" ")), ("one column", 'delimiter = " "')),
    (text("two signs for one delimiter", PLAIN, delimiter=";;"), ("one character", "';;'")),
    (text("a decimal star", PLAIN, decimal="*"), ("decimal", '","')),
    (text("both a comma", PLAIN, delimiter=",", decimal=","), ("both", "','")),
    (text("only blank lines", "\n\n\n"), ("no header",)),
    (text("a header alone", "sex,city,y,score\n"), ("no rows",)),
    (text("an unknown ending", PLAIN, file="d.sav"), ("d.sav", "allowed endings")),
    (text("a name twice that is used", PLAIN.replace("city", "sex")), ("'sex'", "more than once")),
    (Case("a Parquet file called csv", "d.csv", to_bytes(FRAME.to_parquet)), ("Parquet", ".parquet")),
    (Case("a workbook called csv", "d.csv", write_workbook([HEADER, *ROWS])), ("workbook", ".xlsx")),
    (Case("gzip called csv", "d.csv", gzip.compress(PLAIN.encode())), ("gzip", ".csv.gz")),
    (Case("no gzip", "d.csv.gz", PLAIN.encode()), ("cannot be unpacked",)),
    (Case("half a gzip", "d.csv.gz", gzip.compress(PLAIN.encode() * 50)[:60]), ("d.csv.gz",)),
    (Case("no Parquet", "d.parquet", b"PAR1 not really"), ("cannot be read as parquet",)),
    (Case("two tables in a zip", "d.zip", zipped(("a.csv", PLAIN), ("b.csv", PLAIN))), ("2 tables", "a.csv", "b.csv", "unpack")),
    (Case("no table in a zip", "d.zip", zipped(("a.png", "x"))), ("no table", "a.png")),
    (Case("no zip", "d.zip", b"PK nothing"), ("cannot be unpacked",)),
    (Case("no workbook", "d.xlsx", b"PK nothing"), ("d.xlsx",)),
    (Case("two sheets", "d.xlsx", write_workbook([HEADER, *ROWS], other="Notes")), ("2 sheets", "Notes", "sheet =")),
    (Case("no such sheet", "d.xlsx", write_workbook([HEADER, *ROWS]), {"sheet": "Peopel"}), ("Peopel", "did you mean 'People'")),
    (Case("merged cells", "d.xlsx", write_workbook([HEADER, *ROWS], merged="A2:A3")), ("merged", "rows 2 to 3", "unmerge")),
    (Case("formulas without results", "d.xlsx", write_workbook([HEADER, *ROWS], formula="1-0.25", result=False)), ("cell D2", "formula", "save")),
    (text("an address", PLAIN, file="d.csv", path="https://example.org/d.csv"), ("only local files",)),
    (text("a near miss", PLAIN, file="data.csv", path="date.csv"), ("no such file", "data.csv")),
    (text("a path with a tab", PLAIN, file="d.csv", path="C:\temp\\d.csv"), ("control character", "single quotes")),
]  # fmt: skip


@pytest.mark.parametrize(
    ("case", "words"), WRONG, ids=lambda part: part.name if isinstance(part, Case) else ""
)
def test_a_file_that_cannot_be_read_says_where_what_and_how(
    case: Case, words: tuple[str, ...], tmp_path: Path
) -> None:
    (tmp_path / case.file).write_bytes(case.content)
    settings = {"path": case.file} | case.settings
    with pytest.raises(InputError) as caught:
        open_people(tmp_path, settings.pop("path"), **settings)
    message = str(caught.value)
    assert "\n" not in message and str(tmp_path) not in message.replace(
        f"(looked in {tmp_path})", ""
    )
    for word in words:
        assert word in message, message


def test_a_zip_that_would_fill_the_disk_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("audits.data.files.unpack._FREE_BYTES", 1_000)
    (tmp_path / "d.zip").write_bytes(zipped(("d.csv", PLAIN + "x" * 1_000_000)))
    with pytest.raises(InputError, match=r"unpacks to 1,000,\d+ bytes"):
        open_people(tmp_path, "d.zip")


def write_parts(folder: Path, kind: str, first: pd.DataFrame, second: pd.DataFrame) -> str:
    (folder / "parts").mkdir()
    for name, frame in (("a", first), ("b", second)):
        target = folder / "parts" / f"{name}.{kind}"
        if kind == "csv":
            frame.to_csv(target, index=False)
        elif kind == "parquet":
            frame.to_parquet(target, index=False)
        else:
            feather.write_feather(frame, target, compression="uncompressed")
    return f"parts/*.{kind}"


KINDS = ("csv", "parquet", "arrow")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("turned", [False, True])
def test_parts_are_one_table_whatever_the_order_of_their_columns(
    kind: str, turned: bool, tmp_path: Path
) -> None:
    second = FRAME[3:]
    if turned:
        second = second[second.columns[::-1]]
    path = write_parts(tmp_path, kind, FRAME[:3], second)
    assert read_counts(open_people(tmp_path, path)) == count()
    assert read_counts(open_people(tmp_path, "parts")) == count()  # the folder


@pytest.mark.parametrize("kind", KINDS)
def test_a_part_that_lacks_a_column_is_named_with_it(kind: str, tmp_path: Path) -> None:
    path = write_parts(tmp_path, kind, FRAME[:3], FRAME[3:].drop(columns="city"))
    with pytest.raises(
        InputError, match=rf"'b\.{kind}' has no column 'city', which 'a\.{kind}' has"
    ):
        open_people(tmp_path, path)


@pytest.mark.parametrize("kind", KINDS)
def test_a_part_with_one_column_more_is_named_with_it(kind: str, tmp_path: Path) -> None:
    path = write_parts(tmp_path, kind, FRAME[:3], FRAME[3:].assign(more=1))
    with pytest.raises(
        InputError, match=rf"'b\.{kind}' has a column 'more', which 'a\.{kind}' has not"
    ):
        open_people(tmp_path, path)


@pytest.mark.parametrize("kind", ("parquet", "arrow"))
def test_a_part_of_another_type_is_named_with_it(kind: str, tmp_path: Path) -> None:
    path = write_parts(tmp_path, kind, FRAME[:3], FRAME[3:].astype({"score": str}))
    with pytest.raises(
        InputError, match=rf"'score' holds text values in 'b\.{kind}' and number values in"
    ):
        open_people(tmp_path, path)


def test_parts_of_a_csv_keep_codes_that_are_text_in_one_of_them(tmp_path: Path) -> None:
    first = FRAME[:3].assign(city=["007", "7", "07"])
    path = write_parts(tmp_path, "csv", first, FRAME[3:])
    table = open_people(tmp_path, path)
    assert [v for b in table.batches(9) for v in b.frame["city"]][:3] == ["007", "7", "07"]


def test_whole_and_broken_numbers_of_parts_go_together(tmp_path: Path) -> None:
    first = FRAME[:2].assign(score=[1, 0])
    for kind in KINDS:
        (tmp_path / kind).mkdir()
        path = write_parts(tmp_path / kind, kind, first, FRAME[3:])
        table = open_people(tmp_path / kind, path)
        scores = [v for b in table.batches(9) for v in b.kept["y_score"]]
        assert scores == [1.0, 0.0, *FRAME["score"][3:]]


def test_a_folder_of_partitions_gives_the_columns_of_its_names(tmp_path: Path) -> None:
    for sex, part in FRAME.groupby("sex"):
        target = tmp_path / "hive" / f"sex={sex}"
        target.mkdir(parents=True)
        part.drop(columns="sex").to_parquet(target / "p.parquet", index=False)
    assert read_counts(open_people(tmp_path, "hive")) == count()


def test_mixed_kinds_in_a_folder_are_refused(tmp_path: Path) -> None:
    (tmp_path / "d").mkdir()
    FRAME.to_csv(tmp_path / "d" / "a.csv")
    FRAME.to_parquet(tmp_path / "d" / "b.parquet")
    with pytest.raises(InputError, match="mixes kinds of files: csv, parquet"):
        open_people(tmp_path, "d")


def test_an_arrow_stream_is_read(tmp_path: Path) -> None:
    table = pa.Table.from_pandas(FRAME, preserve_index=False)
    with pa.ipc.new_stream(str(tmp_path / "d.arrow"), table.schema) as writer:
        writer.write_table(table)
    assert read_counts(open_people(tmp_path, "d.arrow")) == count()


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
def test_the_first_feather_is_read(tmp_path: Path) -> None:
    plain = FRAME.astype({"sex": object, "city": object})
    feather.write_feather(plain, str(tmp_path / "d.feather"), version=1)
    assert read_counts(open_people(tmp_path, "d.feather")) == count()


def test_a_fault_far_down_is_found_by_its_line(tmp_path: Path) -> None:
    lines = PLAIN.splitlines()
    (tmp_path / "d.csv").write_text("\n".join([lines[0], *lines[1:] * 60_000, "F,x"]))
    with pytest.raises(InputError, match=r"line 360002 has 2 fields, the header has 4: 'F,x'"):
        open_people(tmp_path, "d.csv")


@pytest.mark.parametrize("codec", ["utf-16", "cp1252"])
def test_a_look_reads_what_the_audit_reads(
    codec: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("audits.data.preview.sample.PREVIEW_BYTES", 4_000)
    rows = ROWS * 400
    (tmp_path / "d.csv").write_bytes(write_lines(rows=rows).encode(codec))
    from audits.data.files.form import FileForm

    form = FileForm(encoding=None if codec == "utf-16" else codec)
    preview = inspect_data(tmp_path / "d.csv", form=form)
    assert not preview.exact and preview.names == HEADER
    assert set(preview.by_name["city"].values) == {"Köln", "Bonn", "München"}
    table = open_people(tmp_path, "d.csv", encoding=form.encoding)
    assert read_counts(table) == count(rows)


def test_a_path_that_holds_the_whole_machine_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("audits.data.files.find.MAX_FILES", 3)
    (tmp_path / "all").mkdir()
    for number in range(4):
        (tmp_path / "all" / f"{number}.csv").write_text(PLAIN)
    for path in ("all", "all/*.csv", "**/*.csv"):
        with pytest.raises(InputError, match="more than 3 files"):
            open_people(tmp_path, path)
