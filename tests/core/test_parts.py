"""What a number is of: a type in memory, the same text in every report."""

import pytest
from hypothesis import given, strategies as st

from audits.checks.builtin import BUILTIN
from audits.core.report.parts import _OF_CHECK, Part, PartKind

CHECK_OF = {kind: check for check, kind in _OF_CHECK.items()}
NAMES = st.text(min_size=1)
METHODS = st.text("abcdefghijklmnopqrstuvwxyz_", min_size=1)


@st.composite
def parts(draw: st.DrawFn) -> Part:
    kind = draw(st.sampled_from([kind for kind in PartKind if kind is not PartKind.SLICE]))
    if kind is PartKind.ALL_COLUMNS:
        return Part(kind)
    if kind is PartKind.METHOD:
        return Part(kind, draw(METHODS), draw(st.just("") | METHODS))
    return Part(kind, draw(NAMES))


@given(parts())
def test_a_part_is_read_as_it_was_written(part: Part) -> None:
    assert Part.parse(part.text, CHECK_OF.get(part.kind, "")) == part


@given(st.text(), st.sampled_from(["", *_OF_CHECK]))
def test_a_text_stays_to_the_letter(text: str, check: str) -> None:
    part = Part.parse(text, check)
    if part.kind is PartKind.SWAP and not text.startswith("as "):
        return  # no report has such a text of this check
    if part.kind is PartKind.METHOD and part.text != text:
        assert text.endswith("|")  # nor a pair with nobody
        return
    assert part.text == text


@pytest.mark.parametrize(
    ("text", "check", "kind", "name"),
    [
        ("feature=a=b", "explain.attributions", PartKind.FEATURE, "a=b"),
        ("features=a & b", "explain.interactions", PartKind.FEATURES, "a & b"),
        ("column=Straße", "data.missing", PartKind.COLUMN, "Straße"),
        ("class=a|b", "performance.classes", PartKind.CLASS, "a|b"),
        ("all columns together", "fairness.proxies", PartKind.ALL_COLUMNS, ""),
        ("age under 30", "performance.slices", PartKind.SLICE, "age under 30"),
        ("as Male", "fairness.counterfactual", PartKind.SWAP, "Male"),
        ("as is", "performance.slices", PartKind.SLICE, "as is"),
        ("method=tree_shap|deeplift", "explain.trust", PartKind.METHOD, "tree_shap"),
        ("color=red", "", PartKind.SLICE, "color=red"),
    ],
)
def test_kinds(text: str, check: str, kind: PartKind, name: str) -> None:
    part = Part.parse(text, check)
    assert (part.kind, part.name, part.text) == (kind, name, text)


def test_the_checks_of_one_kind_are_checks() -> None:
    assert set(_OF_CHECK) <= {check.code for check in BUILTIN}
