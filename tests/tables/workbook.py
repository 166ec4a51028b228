"""Workbooks written by hand, so that no library's idea of them is tested."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from xml.sax.saxutils import escape

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_TYPES = "application/vnd.openxmlformats-officedocument.spreadsheetml"


def write_workbook(
    rows: Sequence[Sequence[str]],
    *,
    other: str = "",
    merged: str = "",
    formula: str = "",
    result: bool = True,
) -> bytes:
    """Return a workbook with the sheet "People". other: the name of a second sheet; merged: cells
    that are one; formula: of the first row's last cell, stored with its result or without."""
    sheets = ["People", *([other] if other else [])]
    listed = "".join(
        f'<sheet name="{s}" sheetId="{n}" r:id="rId{n}"/>' for n, s in enumerate(sheets, 1)
    )
    links = "".join(
        f'<Relationship Id="rId{n}" Type="{_OFFICE}/worksheet" Target="worksheets/sheet{n}.xml"/>'
        for n, _ in enumerate(sheets, 1)
    )
    parts = "".join(
        f'<Override PartName="/xl/worksheets/sheet{n}.xml" ContentType="{_TYPES}.worksheet+xml"/>'
        for n, _ in enumerate(sheets, 1)
    )
    files = {
        "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types"><Default Extension="rels" '
        f'ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Override '
        f'PartName="/xl/workbook.xml" ContentType="{_TYPES}.sheet.main+xml"/>{parts}</Types>',
        "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="rId1" '
        f'Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>{listed}</sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_PACKAGE}/relationships">{links}</Relationships>',
        "xl/worksheets/sheet1.xml": _render_sheet(rows, merged, formula, result),
        "xl/worksheets/sheet2.xml": _render_sheet([("a", "b"), ("1", "2")], "", "", True),
    }  # fmt: skip
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, f'<?xml version="1.0" encoding="UTF-8"?>{content}')
    return target.getvalue()


def _render_sheet(rows: Sequence[Sequence[str]], merged: str, formula: str, result: bool) -> str:
    lines = []
    for line, row in enumerate(rows, 1):
        cells = [_render_cell(f"{chr(65 + n)}{line}", value) for n, value in enumerate(row)]
        if formula and line == 2:
            value = f"<v>{row[-1]}</v>" if result else ""
            cells[-1] = f'<c r="{chr(64 + len(row))}2"><f>{formula}</f>{value}</c>'
        lines.append(f'<row r="{line}">{"".join(cells)}</row>')
    joined = f'<mergeCells count="1"><mergeCell ref="{merged}"/></mergeCells>' if merged else ""
    return f'<worksheet xmlns="{_MAIN}"><sheetData>{"".join(lines)}</sheetData>{joined}</worksheet>'


def _render_cell(place: str, value: str) -> str:
    try:
        return f'<c r="{place}"><v>{float(value)!r}</v></c>'
    except ValueError:
        return f'<c r="{place}" t="inlineStr"><is><t>{escape(value)}</t></is></c>'
