"""CSV files are looked through once and then read as found: DuckDB's own guessing is the oracle."""

from __future__ import annotations

from pathlib import Path

import pytest

from audits.core.errors import InputError
from audits.data.files.source import connect, open_source, parse_once
from audits.data.sql import literal
from audits.data.values.typed import Reading

MANY = 30_000  # more rows than DuckDB looks at by default

ODD = {
    "plain": b"a,b\n1,x\n2,y\n",
    "windows": b"a,b\r\n1,x\r\n2,y\r\n",
    "old mac": b"a,b\r1,x\r2,y\r",
    "byte order mark": b"\xef\xbb\xbfa,b\n1,x\n2,y\n",
    "semicolons": b"a;b;c\n1;x;2.5\n2;y;3.5\n",
    "tabs": b"a\tb\n1\tx\n2\ty\n",
    "quotes": b'a,b\n1,"x, ""y"""\n2,"line\nbreak"\n',
    "a late quote": b"a,b\n" + b"1,x\n" * MANY + b'2,"q,""r"\n',
    "single quotes": b"a,b\n1,'x, y'\n2,'z'\n",
    "backslashes": b'a,b\n1,"x\\"y"\n2,"z"\n',
    "a late text": b"a,b\n" + b"1,2\n" * MANY + b"x,3\n",
    "a late decimal": b"a,b\n" + b"1,2\n" * MANY + b"1.5,3\n",
    "empty fields": b'a,b\n,x\n2,""\n',
    "declared missing": b"a,b\n?,x\n2,?\n",
    "a name twice": b"a,a,b\n1,2,3\n4,5,6\n",
    "no name": b"a,,b\n1,2,3\n4,5,6\n",
    "odd names": 'größe,"a,b",q\'x,"d""q"\n1,2,3,4\n5,6,7,8\n'.encode(),
    "one column": b"a\n1\n2\n",
    "no last line": b"a,b\n1,x\n2,y",
    "blank lines": b"a,b\n1,x\n\n2,y\n",
    "spaces": b"a, b\n1, x\n2, y\n",
    "too large for an integer": b"a,b\n99999999999999999999,1\n1,2\n",
    "a remark first": b"# made today\na,b\n1,x\n2,y\n",
    "a hash in a field": b"a,b\n1,#x\n2,y\n",
    "numbers as names": b"1,2\n3,4\n5,6\n",
    "dates": b"a,b\n2020-01-01,1\n2020-01-02,2\n",
    "thousands": b'a,b\n"1,000",1\n"2,000",2\n',
}


def guess(paths: list[Path]) -> str:
    names = ", ".join(literal(str(path)) for path in paths)
    return (
        f"read_csv([{names}], header=true, sample_size=-1, nullstr=['', '?'], "
        "auto_type_candidates=['BIGINT', 'DOUBLE', 'VARCHAR'])"
    )


@pytest.mark.parametrize("name", ODD)
def test_what_is_read_is_what_guessing_reads(name: str, tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_bytes(ODD[name])
    with connect() as connection:
        expected = connection.sql(f"SELECT * FROM {guess([path])}").to_arrow_table()
        source = open_source(
            connection, str(path), base=tmp_path, view="v", role="data", reading=Reading(("?",))
        )
        found = connection.sql(f"SELECT * FROM {source.view}").to_arrow_table()
        plan = str(
            connection.sql("SELECT sql FROM duckdb_views() WHERE view_name = 'v'").fetchall()
        )
    assert found.schema.names == expected.schema.names
    assert found.equals(expected)
    assert "read_parquet" in plan and "csv" not in plan  # neither guessed nor parsed again


def test_a_file_that_changes_while_it_is_audited_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("a,b\n1,x\n2,y\n", encoding="utf-8")
    with connect() as connection:
        source = open_source(connection, str(path), base=tmp_path, view="v", role="data")
        path.write_text("a,b\nbroken\n", encoding="utf-8")
        assert connection.sql(f"SELECT * FROM {source.view}").fetchall() == [(1, "x"), (2, "y")]


def test_no_room_for_the_parsed_rows_is_said_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder that no file can be written to has no room either; a full disk says the same."""
    path = tmp_path / "rows.csv"
    path.write_text("a,b\n1,x\n", encoding="utf-8")
    with connect() as connection, pytest.raises(InputError, match=r"'/proc'.*set TMPDIR"):
        parse_once(connection, "read_csv('" + str(path) + "')", Path("/proc/rows.parquet"), "data")


def test_files_that_differ_are_read_as_one(tmp_path: Path) -> None:
    (tmp_path / "1.csv").write_text("a,b\n1,x\n2,y\n", encoding="utf-8")
    (tmp_path / "2.csv").write_text("a,b\n1.5,z\n", encoding="utf-8")
    with connect() as connection:
        open_source(connection, "*.csv", base=tmp_path, view="v", role="data")
        found = connection.sql("SELECT * FROM v ORDER BY a").fetchall()
    assert found == [(1.0, "x"), (1.5, "z"), (2.0, "y")]


def test_files_that_are_alike_are_read_as_one(tmp_path: Path) -> None:
    for number in range(3):
        (tmp_path / f"{number}.csv").write_text(f"a,b\n{number},x\n", encoding="utf-8")
    with connect() as connection:
        open_source(connection, "*.csv", base=tmp_path, view="v", role="data")
        found = connection.sql("SELECT * FROM v ORDER BY a").fetchall()
    assert found == [(0, "x"), (1, "x"), (2, "x")]
