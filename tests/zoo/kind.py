"""A kind of saved model, as people save it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import pandas as pd

from tests.zoo.rows import ROWS

CONVERT = "assay convert"
OPEN = "opens as it is"
HOST = "assay host"


@dataclass(frozen=True)
class Kind:
    """name: for people. make: trains and returns the model. rows: what it is asked. save: writes
    it, if not with joblib; returns the file. way: how it gets in. explains: whether its trees,
    formula or network are explained by an engine of their own, and not by sampling. agrees:
    whether its decisions are those of its probabilities. output: as `ModelInfo.output`. expected: what a native object answers."""

    name: str
    group: str
    make: Callable[[], Any]
    rows: pd.DataFrame = field(default_factory=lambda: ROWS.numbers)
    save: Callable[[Any, Path], Path] | None = None
    way: Literal["assay convert", "opens as it is", "assay host"] = CONVERT
    explains: bool = False
    agrees: bool = True
    output: Literal["probability", "score", "value"] = "probability"
    expected: Callable[[Any, pd.DataFrame], Any] | None = None
