"""The catalogue as tables, without Streamlit."""

from __future__ import annotations

import pandas as pd

from audits.checks import build_catalogue


def find_chapters(word: str = "") -> list[tuple[str, pd.DataFrame]]:
    """Return every chapter's title and the rows in which `word` occurs, in any case."""
    wanted = word.strip().casefold()
    return [
        (
            chapter.title,
            pd.DataFrame(
                [row for row in chapter.rows if wanted in " ".join(row).casefold()],
                columns=[head.capitalize() for head in chapter.heads],
            ),
        )
        for chapter in build_catalogue()
    ]
