"""Rules between columns, as people write them in `[recourse] rules`: a small fixed language.

    rule    := "if" clauses "then" clauses | clause
    clauses := clause ("and" clause)*
    clause  := column ("changes" | "stays" | "rises" | "falls")
             | sum ("<=" | "<" | ">=" | ">" | "=" | "!=") sum
             | column ("=" | "!=") text
    sum     := ["-"] term (("+" | "-") term)*
    term    := number | column | number "*" column | column "*" number

A column is a plain name (letters, digits, "_", ".") or any name in backticks; a text stands in
quotes. Nothing of it is ever run: `parse_rule` turns it into the types below.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

Verb = Literal["changes", "stays", "rises", "falls"]
Comparison = Literal["<=", "<", "=", "!="]
VERBS: tuple[Verb, ...] = ("changes", "stays", "rises", "falls")
_WORDS = {"if", "then", "and", *VERBS}
_TOKEN = re.compile(
    r"(?P<space>\s+)|(?P<number>\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+)|(?P<name>[^\W\d][\w.]*)"
    r"|`(?P<quoted>[^`]+)`|'(?P<single>[^']*)'|\"(?P<double>[^\"]*)\""
    r"|(?P<sign><=|>=|==|!=|<|>|=|\+|-|\*|,)"
)


class RuleTextError(ValueError):
    """A rule that cannot be read: the rule, the place in it, what was expected there."""


@dataclass(frozen=True, slots=True)
class Linear:
    """`sum(factor * column) + constant <comparison> 0`, of numeric columns."""

    terms: tuple[tuple[str, float], ...]
    constant: float
    comparison: Comparison


@dataclass(frozen=True, slots=True)
class Is:
    """A column has (`negated`: has not) this value, compared as text."""

    column: str
    value: str
    negated: bool


@dataclass(frozen=True, slots=True)
class Moves:
    """A column's new value differs from the old one, equals it, is greater or is smaller."""

    column: str
    verb: Verb


Clause = Linear | Is | Moves


@dataclass(frozen=True, slots=True)
class ColumnRule:
    """Where all of `when` holds (always, where empty), all of `then` must hold."""

    text: str
    when: tuple[Clause, ...]
    then: tuple[Clause, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that the rule names, each once, in the order of the text."""
        names: dict[str, None] = {}
        for clause in (*self.when, *self.then):
            if isinstance(clause, Linear):
                names.update(dict.fromkeys(name for name, _ in clause.terms))
            else:
                names[clause.column] = None
        return tuple(names)


@dataclass(frozen=True, slots=True)
class _Token:
    kind: Literal["number", "column", "text", "sign", "word", "end"]
    text: str
    place: int


def parse_rule(text: str) -> ColumnRule:
    """Read a rule. Raises RuleTextError with the place (characters counted from 1)."""
    return _Parser(text).rule()


def _read_tokens(text: str) -> list[_Token]:
    tokens, place = [], 0
    while place < len(text):
        found = _TOKEN.match(text, place)
        if found is None:
            raise RuleTextError(
                f"{text!r}: character {place + 1}, {text[place]!r}, belongs to no rule; put the "
                "names of columns that have other signs in them between backticks"
            )
        kind, value = found.lastgroup, found.group(found.lastgroup or 0)
        if kind == "name":
            tokens.append(_Token("word" if value in _WORDS else "column", value, place))
        elif kind == "quoted":
            tokens.append(_Token("column", value, place))
        elif kind in ("single", "double"):
            tokens.append(_Token("text", value, place))
        elif kind == "number":
            tokens.append(_Token("number", value, place))
        elif kind == "sign":
            tokens.append(_Token("sign", value, place))
        place = found.end()
    return [*tokens, _Token("end", "", len(text))]


class _Parser:
    """Reads one rule from left to right; one method for each line of the grammar."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = _read_tokens(text)
        self._at = 0

    def rule(self) -> ColumnRule:
        when: tuple[Clause, ...] = ()
        start = self._next
        if self._takes("word", "if"):
            when = self._clauses()
            if not self._takes("word", "then"):
                raise self._error("'and' or 'then'")
            then = self._clauses()
        else:
            then = (self._clause(),)
            if isinstance(then[0], Moves):
                raise RuleTextError(
                    f"{self._text!r}: character {start.place + 1}: {then[0].verb!r} needs an "
                    "'if ... then ...'; for one column alone use immutable, increase_only or "
                    "decrease_only"
                )
        if self._next.kind != "end":
            raise self._error("the end of the rule")
        return ColumnRule(self._text, when, then)

    @property
    def _next(self) -> _Token:
        return self._tokens[self._at]

    def _takes(self, kind: str, *texts: str) -> str | None:
        """Step over the next token and return its text, if it is one of these."""
        token = self._next
        if token.kind != kind or (texts and token.text not in texts):
            return None
        self._at += 1
        return token.text

    def _clauses(self) -> tuple[Clause, ...]:
        clauses = [self._clause()]
        while self._takes("word", "and"):
            clauses.append(self._clause())
        return tuple(clauses)

    def _clause(self) -> Clause:
        following = self._tokens[self._at + 1 : self._at + 3]
        if self._next.kind == "column" and following[0].kind == "word":
            column = self._takes("column") or ""
            verb = self._takes("word", *VERBS)
            if verb is None:
                raise self._error("a comparison or one of " + ", ".join(VERBS))
            return Moves(column, verb)  # type: ignore[arg-type]
        if self._next.kind == "column" and [token.kind for token in following] == ["sign", "text"]:
            column = self._takes("column") or ""
            sign = self._takes("sign", "=", "==", "!=")
            if sign is None:
                raise self._error("'=' or '!=', which is all that a text can be compared by")
            return Is(column, self._takes("text") or "", sign == "!=")
        return self._comparison()

    def _comparison(self) -> Linear:
        start = self._next
        terms, constant = self._sum()
        sign = self._takes("sign", "<=", "<", ">=", ">", "=", "==", "!=")
        if sign is None:
            raise self._error("a comparison (<=, <, >=, >, =, !=)")
        other, other_constant = self._sum()
        for name, factor in other.items():
            terms[name] = terms.get(name, 0.0) - factor
        constant -= other_constant
        if sign in (">=", ">"):
            terms = {name: -factor for name, factor in terms.items()}
            constant = -constant
        kept = tuple((name, factor) for name, factor in terms.items() if factor)
        if not kept:
            raise RuleTextError(
                f"{self._text!r}: character {start.place + 1}: the comparison depends on no column"
            )
        kinds: dict[str, Comparison] = {">=": "<=", ">": "<", "==": "="}
        return Linear(kept, constant, kinds.get(sign, sign))  # type: ignore[arg-type]

    def _sum(self) -> tuple[dict[str, float], float]:
        terms: dict[str, float] = {}
        constant, sign = 0.0, -1.0 if self._takes("sign", "-") else 1.0
        while True:
            column, factor = self._term()
            if column is None:
                constant += sign * factor
            else:
                terms[column] = terms.get(column, 0.0) + sign * factor
            joint = self._takes("sign", "+", "-")
            if joint is None:
                return terms, constant
            sign = -1.0 if joint == "-" else 1.0

    def _term(self) -> tuple[str | None, float]:
        column, number = self._takes("column"), self._takes("number")
        if column is None and number is None:
            raise self._error("a number or a column")
        if not self._takes("sign", "*"):
            return column, 1.0 if number is None else float(number)
        if column is None:
            column = self._takes("column")
        else:
            number = self._takes("number")
        if column is None or number is None:
            raise self._error("a number times a column, the only product there is")
        return column, float(number)

    def _error(self, expected: str) -> RuleTextError:
        token = self._next
        found = "the rule ends" if token.kind == "end" else f"found {token.text!r}"
        return RuleTextError(
            f"{self._text!r}: character {token.place + 1}: expected {expected}, {found}"
        )


def parse_moves(text: str) -> tuple[tuple[str, str], ...]:
    """Read "rent -> mortgage -> own": every step forward along the arrows, as (old, new).

    Raises RuleTextError where there is no arrow or a value is empty or stands there twice.
    """
    values = [part.strip() for part in text.split("->")]
    if len(values) < 2 or not all(values):
        raise RuleTextError(f'{text!r}: write a transition as "old -> new"')
    if len(set(values)) < len(values):
        raise RuleTextError(f"{text!r}: a value stands there twice")
    return tuple((old, new) for place, old in enumerate(values) for new in values[place + 1 :])
