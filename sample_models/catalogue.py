"""The samples by name: what each is about, its audit file, and the module that makes its files."""

from __future__ import annotations

import importlib
import tomllib
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Sample:
    """One scenario. `audit` is its audit.toml; `train` the module with its `run_training`.

    The module is named, not imported: listing the samples must not load torch.
    """

    name: str
    title: str
    story: str
    audit: Path
    train: str

    @property
    def files(self) -> tuple[Path, ...]:
        """The data and model files that the audit reads."""
        with self.audit.open("rb") as stream:
            spec = tomllib.load(stream)
        names = (
            spec["data"]["path"],
            spec["data"].get("reference"),
            spec.get("model", {}).get("path"),
        )
        return tuple(self.audit.parent / name for name in names if name)

    @property
    def ready(self) -> bool:
        """Whether all of `files` are there."""
        return all(path.is_file() for path in self.files)

    def run_training(self) -> str:
        """Make the sample's files anew; return one sentence on what was made."""
        sentence: str = importlib.import_module(self.train).run_training()
        return sentence


def _sample(name: str, title: str, story: str) -> Sample:
    return Sample(name, title, story, HERE / name / "audit.toml", f"sample_models.{name}.train")


SAMPLES: tuple[Sample, ...] = (
    _sample(
        "credit",
        "Loan approval",
        "A bank's model approves loans. It never sees ethnicity, but it sees the district, and "
        "that tells much of the same.",
    ),
    _sample(
        "hiring",
        "Hiring decisions",
        "A company decided on applicants by a score. There is no model to open, only the "
        "decisions and who turned out to be suitable.",
    ),
    _sample(
        "income",
        "Income above 50,000",
        "A neural network guesses who earns over 50,000. It was given sex as a feature, and it "
        "learned from labels that are less reliable for one group.",
    ),
    _sample(
        "rental",
        "Flats to rent",
        "A landlord's model accepts newcomers as often as everybody else. For those whom it turns "
        "down, recourse costs more.",
    ),
)
