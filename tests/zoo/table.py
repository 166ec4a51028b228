"""Writes docs/models.md from the zoo: `python -m tests.zoo.table > docs/models.md`."""

from itertools import groupby

from tests.zoo.kinds import KINDS
from tests.zoo.refused import REFUSED

HEAD = """\
# Which models come in, and how

Every line is a model that a test trains, saves as people save it, brings in by the way named here
and compares, row by row, with what its own library answers: the same decisions, scores within
one in a million, explanations that add up. Written by `python -m tests.zoo.table`; a test holds it
to the list.

- **opens as it is**: give the file in `[model] path`.
- **assay convert**: `assay convert model.joblib --yes --data test.csv` writes a `.skops` file that
  runs no code and proves that it answers as the original. What prediction does not need is left
  out: searches, samplers, scorers, splits. Boosters go into the same file in their own formats.
  Keras files become `.onnx`; no code in them is run, so that no `--yes` is asked.
- **assay host**: for what no file carries without its code, a script answers for the model in its
  own environment ([how](host.md)).

*Scores* that only rank: a classifier without probabilities is audited by its own decisions and by
the order of its margins (0 at a half); what needs probabilities (calibration, Brier score, log
loss) does not apply. *Exact*: an engine that knows the model's trees, formula or network explains
it; *sampled*: Shapley values with their error.
"""
ANSWERS = {"probability": "probabilities", "score": "scores that rank", "value": "values"}


def render_table() -> str:
    """Return the page."""
    lines = [HEAD]
    for group, kinds in groupby(KINDS, key=lambda kind: kind.group):
        lines += [
            f"## {group}",
            "",
            "| Model | Way in | Answers | Explained |",
            "|---|---|---|---|",
        ]
        for kind in kinds:
            explained = "exact" if kind.explains else "sampled"
            lines.append(f"| {kind.name} | {kind.way} | {ANSWERS[kind.output]} | {explained} |")
        lines.append("")
    lines += ["## Refused, with the way in", "", "| Model | Way in |", "|---|---|"]
    lines += [f"| {kind.name} | {kind.way} |" for kind in REFUSED]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    print(render_table(), end="")
