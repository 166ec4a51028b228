"""What is declared of the data's files; whatever is not is found in them."""

from __future__ import annotations

from dataclasses import dataclass, fields

from audits.core.errors import InputError
from audits.core.settings.data import DataSection

DECIMALS = (".", ",")


@dataclass(frozen=True, slots=True)
class FileForm:
    """How text files are written, and which sheet of a workbook is read. None: see the file.

    encoding: a name that Python knows ("cp1252"). delimiter: one character. decimal: the sign
    before decimals, "." or ",". Raises InputError for anything else.
    """

    encoding: str | None = None
    delimiter: str | None = None
    decimal: str | None = None
    sheet: str | None = None

    def __post_init__(self) -> None:
        if self.encoding is not None:
            check_encoding(self.encoding)
        if self.delimiter is not None and (
            len(self.delimiter.encode()) != 1 or self.delimiter in "\r\n\"'"
        ):
            raise InputError(
                f"delimiter = {self.delimiter!r}: give the one character between two fields, "
                'e.g. delimiter = ";" (a tab is "\\t")'
            )
        if self.decimal is not None and self.decimal not in DECIMALS:
            raise InputError(f'decimal = {self.decimal!r}: it can be "." or ","')
        if self.decimal is not None and self.decimal == self.delimiter:
            raise InputError(
                f"decimal and delimiter are both {self.decimal!r}; no file can be read so"
            )

    def list_declared(self) -> list[tuple[str, str]]:
        """Return the settings that say something, with their values."""
        named = [(field.name, getattr(self, field.name)) for field in fields(self)]
        return [(name, value) for name, value in named if value is not None]

    @classmethod
    def of(cls, data: DataSection) -> FileForm:
        """Return what `[data]` declares."""
        return cls(data.encoding, data.delimiter, data.decimal, data.sheet)


def check_encoding(name: str) -> None:
    """Raise InputError where Python knows no text encoding of that name."""
    try:
        "".encode(name)
    except (LookupError, UnicodeError, ValueError) as error:
        raise InputError(
            f"encoding = {name!r} is not known; common ones are utf-8, cp1252 (Windows, Western "
            "Europe), latin-1, cp1250, cp1251, utf-16, shift_jis, gb18030"
        ) from error
