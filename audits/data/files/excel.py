"""One sheet of a workbook as Parquet; what a sheet can hide (titles, merged cells, formulas that
were never worked out) is told."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree

import pyarrow as pa
import pyarrow.parquet as pq

from audits.core.errors import InputError, near_misses, one_of
from audits.core.report.report import Notice
from audits.data.files.csv_dialect import make_names
from audits.data.files.unpack import MAX_BYTES

if TYPE_CHECKING:
    from fastexcel import ExcelReader

_TITLE_ROWS = 20
_BLOCK, _OVERLAP = 1 << 20, 1 << 16
_MERGED = re.compile(rb'<mergeCell [^>]*ref="[A-Z]+([0-9]+):[A-Z]+([0-9]+)"')
_FORMULA = re.compile(rb"<f[ >/]")
_NO_RESULT = re.compile(
    rb'<c [^>]*?r="([A-Z]+[0-9]+)"[^>]*>\s*<f(?:[^>]*/>|[^>]*>[^<]*</f>)\s*(?:<v/>|<v></v>)?\s*</c>'
)
_RELATIONS = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"


def read_workbook(
    path: Path, sheet: str | None, copies: Path, role: str
) -> tuple[Path, tuple[Notice, ...]]:
    """Return a sheet written as Parquet into the folder `copies`, and what must be known of it.

    sheet: its name; None where the workbook has one. Raises InputError for a workbook that cannot
    be read, has several sheets or has merged cells or formulas without a result among its rows.
    """
    where = f"{role} {path.name!r}"
    try:
        import fastexcel  # noqa: PLC0415 - who has no workbooks need not have it
    except ImportError as error:
        raise InputError(
            f"{where}: workbooks are read by the package fastexcel; install it, or save the sheet "
            "as CSV"
        ) from error
    try:
        if zipfile.is_zipfile(path):
            _check_size(path, where)
        reader = fastexcel.read_excel(path)
        name = _choose_sheet(reader.sheet_names, sheet, where)
        header, skipped = _find_header(reader, name, where)
        loaded = reader.load_sheet(name, header_row=skipped, schema_sample_rows=None)
        batch, errors = loaded.to_arrow_with_errors()
    except fastexcel.FastExcelError as error:
        raise InputError(f"{where} cannot be read as a workbook: {_first_line(error)}") from error
    names, _ = make_names(header)
    if len(names) != batch.num_columns or not batch.num_rows:
        raise InputError(f"{where}: sheet {name!r} has no rows below its header {one_of(header)}")
    target = copies / f"{len(list(copies.iterdir()))}.parquet"
    pq.write_table(pa.Table.from_batches([batch]).rename_columns(list(names)), target)
    notices = [*_check_cells(path, name, where, skipped), *_describe_title(skipped, where)]
    if errors is not None and errors.errors:
        notices.append(Notice(
            code="data.workbook_errors",
            text=f"{where}: {len(errors.errors):,} cells of sheet {name!r} hold an error or what "
            "their column does not hold; they are read as missing",
        ))  # fmt: skip
    return target, tuple(notices)


def _first_line(error: Exception) -> str:
    return next(iter(str(error).strip().splitlines()), type(error).__name__)


def _check_size(path: Path, where: str) -> None:
    with zipfile.ZipFile(path) as archive:
        size = sum(member.file_size for member in archive.infolist())
    if size > min(MAX_BYTES, max(1 << 30, 200 * path.stat().st_size)):
        raise InputError(
            f"{where} says that it unpacks to {size:,} bytes; save the sheet as CSV if you trust it"
        )


def _choose_sheet(names: list[str], wanted: str | None, where: str) -> str:
    if wanted is not None:
        if wanted not in names:
            hint = near_misses(wanted, names) or f" (there are {one_of(names)})"
            raise InputError(f"{where} has no sheet {wanted!r}{hint}", setting="data.sheet")
        return wanted
    if len(names) != 1:
        raise InputError(
            f"{where} has {len(names)} sheets ({one_of(names)}); declare one under [data]: "
            f'sheet = "{names[0] if names else ""}"',
            setting="data.sheet",
        )
    return names[0]


def _find_header(reader: ExcelReader, sheet: str, where: str) -> tuple[list[str], int]:
    """Return the header's cells and its row, of those that hold something: rows of one cell above
    a wider one are a title."""
    top = reader.load_sheet(sheet, header_row=None, n_rows=_TITLE_ROWS, dtypes="string")
    columns = [column.to_pylist() for column in top.to_arrow().columns]
    rows = [
        ["" if cell is None else str(cell).strip() for cell in row]
        for row in zip(*columns, strict=True)
    ]
    filled = [sum(map(bool, row)) for row in rows]
    if not rows or not any(filled):
        raise InputError(f"{where}: sheet {sheet!r} is empty")
    place = 0
    while place + 1 < len(rows) and filled[place] <= 1 and max(filled) > 2:
        place += 1
    return rows[place], place


def _describe_title(skipped: int, where: str) -> Iterator[Notice]:
    if skipped:
        yield Notice(
            code="data.lines_before_header",
            text=f"{where}: {skipped} row(s) above the header were left out",
        )


def _check_cells(path: Path, sheet: str, where: str, skipped: int) -> Iterator[Notice]:
    """Yield whether results of formulas were read. Raises InputError for merged cells below the
    header and for formulas without a result. (Other kinds than xlsx do not say.)"""
    if path.suffix.lower() not in (".xlsx", ".xlsm"):
        return
    formulas = 0
    with zipfile.ZipFile(path) as archive:
        member = _find_sheet(archive, sheet)
        if member is None:
            return
        for block, fresh in _iterate_blocks(archive, member):
            if found := _NO_RESULT.search(block):
                raise InputError(
                    f"{where}: cell {found[1].decode()} of sheet {sheet!r} holds a formula without "
                    "a result; open the workbook in Excel or LibreOffice and save it"
                )
            for merged in _MERGED.finditer(block):
                if int(merged[2]) > skipped + 1 and merged[1] != merged[2]:
                    raise InputError(
                        f"{where}: sheet {sheet!r} has merged cells over rows {int(merged[1])} to "
                        f"{int(merged[2])}, of which only the first has a value; unmerge and fill "
                        "them"
                    )
            formulas += len(_FORMULA.findall(block, fresh))
    if formulas:
        yield Notice(
            code="data.workbook_formulas",
            text=f"{where}: sheet {sheet!r} has {formulas:,} formulas; the results that were "
            "stored with them are read",
        )


def _iterate_blocks(archive: zipfile.ZipFile, member: str) -> Iterator[tuple[bytes, int]]:
    """Yield overlapping blocks of a member, and where in each the new part begins."""
    rest = b""
    with archive.open(member) as file:
        while block := file.read(_BLOCK):
            yield rest + block, len(rest)
            rest = block[-_OVERLAP:]


def _find_sheet(archive: zipfile.ZipFile, name: str) -> str | None:
    """Return the member of the archive that holds a sheet."""
    try:
        book = ElementTree.fromstring(archive.read("xl/workbook.xml"))
        links = ElementTree.fromstring(archive.read("xl/_rels/workbook.xml.rels"))
    except (KeyError, ElementTree.ParseError):
        return None
    wanted = next((s.get(f"{_RELATIONS}id") for s in book.iter()
                   if s.tag.endswith("}sheet") and s.get("name") == name), None)  # fmt: skip
    target = next((one.get("Target") for one in links if one.get("Id") == wanted), None)
    if target is None:
        return None
    member = target.removeprefix("/") if target.startswith("/") else f"xl/{target}"
    return member if member in archive.namelist() else None
