"""What people add to the runs of a folder: saved cohorts, the card's texts, reviews.

It lies beside the runs, never inside one: a run stays as it was written. Texts and reviews are
only ever added, so that what was signed can be read later; the newest text counts.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from sqlite3 import Connection
from typing import Literal

from audits.core.cohort import Cohort
from audits.core.errors import InputError
from audits.store.review import DECISIONS, Review

FILE = ".workspace.sqlite"
MAX_NAME, MAX_TEXT = 80, 20_000
_PATIENCE_S = 10.0

_MIGRATIONS = (
    """
    CREATE TABLE cohorts (name TEXT PRIMARY KEY, conditions TEXT NOT NULL, saved TEXT NOT NULL);
    CREATE TABLE card_texts (run TEXT NOT NULL, subject TEXT NOT NULL, part TEXT NOT NULL,
        text TEXT NOT NULL, author TEXT NOT NULL, written TEXT NOT NULL);
    CREATE INDEX card_texts_of_run ON card_texts (run, part);
    CREATE TABLE reviews (run TEXT NOT NULL, report TEXT NOT NULL, decision TEXT NOT NULL,
        reviewer TEXT NOT NULL, comment TEXT NOT NULL, signed TEXT NOT NULL);
    CREATE INDEX reviews_of_run ON reviews (run);
    """,
)
"""One script a version of the file; new ones are added at the end, old ones never change."""


@dataclass(frozen=True, slots=True)
class CardText:
    """A text that a person wrote for a part of a card."""

    part: str
    text: str
    author: str
    written: str


class Workspace:
    """The workspace of a folder of runs. Several people and processes may use it at once."""

    def __init__(self, root: Path) -> None:
        self._path = root / FILE

    def list_cohorts(self) -> list[Cohort]:
        """Return the saved cohorts by name."""
        with self._open() as connection:
            found = connection.execute("SELECT name, conditions FROM cohorts ORDER BY name")
            return [Cohort(name, tuple(json.loads(text))) for name, text in found]

    def save_cohort(self, cohort: Cohort) -> None:
        """Save a cohort under its name. Raises InputError for a name or conditions that cannot
        be used, and for a name that is taken."""
        name = check_text(cohort.name, "the cohort's name", MAX_NAME)
        if not cohort.conditions:
            raise InputError(f"cohort {name!r} has no condition; add one, e.g. 'age under 25'")
        row = (name, json.dumps(list(cohort.conditions)), _now())
        with self._open("IMMEDIATE") as connection:
            taken = connection.execute("SELECT 1 FROM cohorts WHERE name = ?", (name,)).fetchone()
            if taken:
                raise InputError(f"there is a cohort {name!r} already; choose another name")
            connection.execute("INSERT INTO cohorts VALUES (?, ?, ?)", row)

    def remove_cohort(self, name: str) -> None:
        """Forget a saved cohort; one that is not there is forgotten already."""
        with self._open("IMMEDIATE") as connection:
            connection.execute("DELETE FROM cohorts WHERE name = ?", (name,))

    def read_card_texts(self, run: str) -> dict[str, CardText]:
        """Return the newest text of each part of a run's card, by part."""
        return self._read_texts("run = ?", run)

    def read_earlier_texts(self, subject: str, run: str) -> dict[str, CardText]:
        """Return the newest texts that other runs of the same subject have."""
        return self._read_texts("subject = ? AND run <> ?", subject, run)

    def _read_texts(self, where: str, *values: str) -> dict[str, CardText]:
        query = f"SELECT part, text, author, written FROM card_texts WHERE {where} ORDER BY rowid"
        with self._open() as connection:
            texts = [CardText(*row) for row in connection.execute(query, values)]
        return {one.part: one for one in texts}

    def write_card_text(self, run: str, subject: str, part: str, text: str, author: str) -> None:
        """Add a part's new text; an empty one says that nothing is written. Raises InputError
        for a text or a name that is too long."""
        if len(text) > MAX_TEXT:
            raise InputError(f"the text has {len(text):,} characters; {MAX_TEXT:,} are allowed")
        row = (run, subject, part, text.strip(), check_text(author, "your name", MAX_NAME), _now())
        with self._open("IMMEDIATE") as connection:
            connection.execute("INSERT INTO card_texts VALUES (?, ?, ?, ?, ?, ?)", row)

    def list_reviews(self, run: str) -> list[Review]:
        """Return a run's reviews, newest first."""
        query = (
            "SELECT report, decision, reviewer, comment, signed FROM reviews WHERE run = ? "
            "ORDER BY rowid DESC"
        )
        with self._open() as connection:
            return [Review(*row) for row in connection.execute(query, (run,))]

    def add_review(self, run: str, report: str, decision: str, reviewer: str, comment: str) -> None:
        """Sign a run's report. Raises InputError for an unknown decision, a missing or too long
        name, and for a decision other than approval without a word why."""
        if decision not in DECISIONS:
            raise InputError(f"decision {decision!r} is unknown; allowed: {', '.join(DECISIONS)}")
        name = check_text(reviewer, "your name", MAX_NAME)
        if decision != "approved" and not comment.strip():
            raise InputError("say why in the comment: only an approval stands without one")
        if len(comment) > MAX_TEXT:
            raise InputError(f"the comment has {len(comment):,} characters of {MAX_TEXT:,} allowed")
        row = (run, report, decision, name, comment.strip(), _now())
        with self._open("IMMEDIATE") as connection:
            connection.execute("INSERT INTO reviews VALUES (?, ?, ?, ?, ?, ?)", row)

    @contextmanager
    def _open(self, how: Literal["DEFERRED", "IMMEDIATE"] = "DEFERRED") -> Iterator[Connection]:
        """Yield a connection in a transaction of its own, with every table there."""
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            opened = sqlite3.connect(self._path, timeout=_PATIENCE_S, isolation_level=None)
            with closing(opened) as connection:
                _migrate(connection)
                with _transact(connection, how):
                    yield connection
        except (sqlite3.Error, OSError) as error:
            raise InputError(
                f"the workspace {FILE} beside the runs cannot be used ({error}); is the folder "
                "writable, and the file not damaged?"
            ) from error


@contextmanager
def _transact(connection: Connection, how: str) -> Iterator[None]:
    connection.execute(f"BEGIN {how}")
    try:
        yield
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def _migrate(connection: Connection) -> None:
    """Bring the file to the newest version. Several processes may try at once."""
    if _find_version(connection) >= len(_MIGRATIONS):
        return
    with _transact(connection, "IMMEDIATE"):  # the others wait, and then find it done
        for script in _MIGRATIONS[_find_version(connection) :]:
            for statement in script.split(";"):
                connection.execute(statement)
        if _find_version(connection) < len(_MIGRATIONS):
            connection.execute(f"PRAGMA user_version = {len(_MIGRATIONS)}")


def _find_version(connection: Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def check_text(text: str, what: str, most: int) -> str:
    """Return a short text without outer spaces. Raises InputError where it is empty or long."""
    found = text.strip()
    if not found:
        raise InputError(f"{what} is empty; write it in up to {most} characters")
    if len(found) > most:
        raise InputError(f"{what} has {len(found)} characters; {most} are allowed")
    return found


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
