"""A look into files: what is said of them is what pandas counts, however little of them is read."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from audits.core.errors import InputError
from audits.data.files.form import FileForm
from audits.data.preview import sample
from audits.data.preview.preview import inspect_data, read_head

ROWS = 4_000


@pytest.fixture(scope="module")
def messy() -> pd.DataFrame:
    """A file as people have them: several texts for nothing, numbers with a text among them."""
    draw = np.random.default_rng(0)
    income = draw.integers(100, 9_000, ROWS).astype(str)
    income[draw.random(ROWS) < 0.1] = "?"
    return pd.DataFrame(
        {
            "Person Nr": [f"p{n}" for n in range(ROWS)],
            'a "b", c': draw.choice(["x", " NA", "None", "n/a"], ROWS),
            "income": income,
            "age": draw.integers(18, 90, ROWS),
            "one": "same",
            "flag": draw.choice(["true", "FALSE"], ROWS),
        }
    )


@pytest.fixture(scope="module")
def path(messy: pd.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("look") / "messy.csv"
    messy.to_csv(target, index=False)
    return target


def test_a_small_file_is_seen_as_it_is(messy: pd.DataFrame, path: Path) -> None:
    preview = inspect_data(path)
    assert (preview.rows, preview.looked, preview.exact, preview.format) == (
        ROWS,
        ROWS,
        True,
        "csv",
    )
    assert preview.names == tuple(messy.columns)
    kinds = [one.column.kind for one in preview.columns]
    assert kinds == ["text", "text", "text", "integer", "text", "boolean"]
    counts = {one.text: (one.count, one.columns, one.sure) for one in preview.missing}
    texts = messy['a "b", c'].value_counts()
    assert counts == {
        " NA": (texts[" NA"], ('a "b", c',), True),
        "n/a": (texts["n/a"], ('a "b", c',), True),
        "None": (texts["None"], ('a "b", c',), False),
        "?": ((messy["income"] == "?").sum(), ("income",), True),
    }
    assert preview.by_name["one"].values == ("same",)
    assert preview.by_name["flag"].values == (False, True)
    assert preview.by_name["Person Nr"].examples == ("p0", "p1", "p2")


def test_a_declared_text_makes_a_column_of_numbers(messy: pd.DataFrame, path: Path) -> None:
    preview = inspect_data(path, ("?",))
    income = preview.by_name["income"]
    assert income.column.kind == "integer"
    assert income.column.missing == (messy["income"] == "?").sum()
    numbers = pd.to_numeric(messy["income"], errors="coerce")
    thirds = numbers.quantile([1 / 3, 2 / 3]).to_numpy()
    np.testing.assert_allclose(income.edges, thirds, rtol=0.06)  # rounded to two digits
    head = read_head(path, ("?",), 20)
    assert len(head) == 20
    assert head["income"].isna().sum() == (messy["income"][:20] == "?").sum()


def test_a_large_file_is_guessed_from_all_over_it(
    messy: pd.DataFrame, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    late = messy.assign(region=np.repeat(["north", "south", "east", "west"], ROWS // 4))
    target = path.with_name("large.csv")
    late.to_csv(target, index=False)
    monkeypatch.setattr(sample, "PREVIEW_BYTES", 16_000)
    preview = inspect_data(target)
    assert not preview.exact
    assert preview.looked < ROWS / 5
    assert preview.rows == pytest.approx(ROWS, rel=0.05)
    assert set(preview.by_name["region"].values) == {"north", "south", "east", "west"}
    with sample.take_sample((target,), FileForm()) as taken:
        lines = taken.files[0].read_text().splitlines()
    assert set(lines) <= set(target.read_text().splitlines())  # whole lines, and nothing twice
    assert len(set(lines)) == len(lines) == preview.looked + 1
    assert not taken.files[0].exists()


def test_a_file_with_line_breaks_in_its_fields_is_read_from_its_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = pd.DataFrame({"n": range(2_000), "note": 'two\nlines, "quoted"'})
    rows.to_csv(tmp_path / "notes.csv", index=False)
    monkeypatch.setattr(sample, "PREVIEW_BYTES", 16_000)
    preview = inspect_data(tmp_path / "notes.csv")
    assert preview.by_name["note"].values == ('two\nlines, "quoted"',)
    assert preview.rows == pytest.approx(2_000, rel=0.1)


def test_a_packed_file_is_unpacked_as_far_as_needed(
    messy: pd.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "messy.csv.gz"
    messy.to_csv(target, index=False)
    assert inspect_data(target).rows == ROWS
    monkeypatch.setattr(sample, "PREVIEW_BYTES", 64_000)
    preview = inspect_data(target)
    assert 0 < preview.looked < ROWS
    assert preview.names == tuple(messy.columns)
    target.write_bytes(b"this was never packed\n" * 1_000)
    with pytest.raises(InputError, match="cannot be unpacked"):
        inspect_data(target)


@pytest.mark.parametrize(("name", "content", "word"), [
    ("empty.csv", b"", "empty"),
    ("head.csv", b"a,b\n", "no rows"),
    ("data.xyz", b"1", "allowed endings"),
    ("fake.parquet", b"PAR1 not really", "cannot be read"),
])  # fmt: skip
def test_what_cannot_be_read_says_why(tmp_path: Path, name: str, content: bytes, word: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=word):
        inspect_data(tmp_path / name)


def test_parquet_and_many_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pd.DataFrame({"n": range(5_000), "s": "x"}).to_parquet(tmp_path / "n.parquet")
    monkeypatch.setattr("audits.data.preview.preview.PREVIEW_ROWS", 1_000)
    preview = inspect_data(tmp_path / "n.parquet")
    assert (preview.rows, preview.exact, preview.looked) == (5_000, True, 1_000)
