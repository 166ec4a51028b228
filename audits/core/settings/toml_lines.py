"""On which line of a TOML file every key and table stands, so that a fault can be shown there.

`tomllib` keeps no positions. This reads a text that `tomllib` has accepted already, so that it
need not check anything: it walks over keys, tables and values and notes where they start.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field

Path = tuple[str | int, ...]
"""The way to a value: keys, and the number of an item in a list (`("rules", 0, "metric")`)."""

_BLANK = " \t\r\n"
_QUOTES = ('"""', "'''", '"', "'")


def find_lines(text: str) -> dict[Path, int]:
    """Return the line (from 1) of every key, table and list item of a valid TOML text."""
    scanner = _Scanner(text)
    scanner.scan()
    return scanner.lines


def get_line(lines: dict[Path, int], path: Path) -> int:
    """Return the line of what `path` leads to, or of the nearest thing that holds it; else 1."""
    while path and path not in lines:
        path = path[:-1]
    return lines.get(path, 1)


@dataclass
class _Scanner:
    text: str
    at: int = 0
    lines: dict[Path, int] = field(default_factory=dict)
    counts: dict[Path, int] = field(default_factory=dict)
    """How many tables of `[[name]]` there are so far."""

    def scan(self) -> None:
        """Note every line of the whole text."""
        table: Path = ()
        while self._skip_blank():
            if self.text[self.at] == "[":
                table = self._scan_header()
            else:
                self._scan_pair(table)

    def _note(self, path: Path, at: int) -> None:
        self.lines.setdefault(path, self.text.count("\n", 0, at) + 1)

    def _skip_blank(self) -> bool:
        """Step over blanks and comments; say whether anything is left."""
        while self.at < len(self.text):
            if self.text[self.at] == "#":
                end = self.text.find("\n", self.at)
                self.at = len(self.text) if end < 0 else end
            elif self.text[self.at] in _BLANK:
                self.at += 1
            else:
                return True
        return False

    def _scan_header(self) -> Path:
        start = self.at
        is_list = self.text.startswith("[[", self.at)
        self.at += 2 if is_list else 1
        path: Path = ()
        for key in self._scan_key():
            path = (*path, key)
            if path in self.counts:  # a table inside the last one of a list
                path = (*path, self.counts[path] - 1)
        self.at = self.text.index("]", self.at) + (2 if is_list else 1)
        if is_list:
            if path and isinstance(path[-1], int):
                path = path[:-1]
            self.counts[path] = self.counts.get(path, 0) + 1
            self._note(path, start)
            path = (*path, self.counts[path] - 1)
        self._note(path, start)
        return path

    def _scan_pair(self, table: Path) -> None:
        start = self.at
        path = table
        for key in self._scan_key():
            path = (*path, key)
            self._note(path, start)
        self.at = self.text.index("=", self.at) + 1
        self._scan_value(path)

    def _scan_key(self) -> tuple[str, ...]:
        """Return the parts of a dotted key; ends before "=" or "]"."""
        parts = []
        while self._skip_blank() and self.text[self.at] not in "=]":
            if self.text[self.at] == ".":
                self.at += 1
            elif self.text[self.at] in "\"'":
                parts.append(self._scan_string())
            else:
                start = self.at
                while self.text[self.at] not in _BLANK + ".=]":
                    self.at += 1
                parts.append(self.text[start : self.at])
        return tuple(parts)

    def _scan_value(self, path: Path) -> None:
        self._skip_blank()
        first = self.text[self.at]
        if first in "\"'":
            self._scan_string()
        elif first == "[":
            self._scan_list(path)
        elif first == "{":
            self._scan_inline(path)
        else:
            while self.at < len(self.text) and self.text[self.at] not in "\n,]}#":
                self.at += 1

    def _scan_string(self) -> str:
        """Step over a string; return it, with its escapes read where it is of one line."""
        quote = next(q for q in _QUOTES if self.text.startswith(q, self.at))
        start = self.at = self.at + len(quote)
        while not self.text.startswith(quote, self.at):
            self.at += 2 if quote[0] == '"' and self.text[self.at] == "\\" else 1
        if len(quote) == 3:  # up to two more quotes belong to the string
            while self.text.startswith(quote, self.at + 1):
                self.at += 1
        inside = self.text[start : self.at]
        self.at += len(quote)
        return str(json.loads(f'"{inside}"')) if quote == '"' and "\\U" not in inside else inside

    def _scan_list(self, path: Path) -> None:
        self.at += 1
        place = 0
        while self._skip_blank() and self.text[self.at] != "]":
            if self.text[self.at] == ",":
                self.at += 1
                continue
            self._note((*path, place), self.at)
            self._scan_value((*path, place))
            place += 1
        self.at += 1

    def _scan_inline(self, path: Path) -> None:
        self.at += 1
        while self._skip_blank() and self.text[self.at] != "}":
            if self.text[self.at] == ",":
                self.at += 1
                continue
            self._scan_pair(path)
        self.at += 1
