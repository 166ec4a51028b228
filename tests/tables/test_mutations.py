"""Valid files and settings, changed at random: an audit, or one line with exit code 2 or 3; never a
traceback, never exit code 1, never a hang.

`make fuzz` tries 2,000 changes; without it a few are tried, the same ones every time.
"""

from __future__ import annotations

import io
import os
import tempfile
from pathlib import Path

import pandas as pd
from hypothesis import HealthCheck, given, settings, strategies as st

from audits.checks.builtin import BUILTIN
from audits.cli.faults import explain_system_errors
from audits.core.errors import AssayError
from audits.core.report.report import CheckStatus
from audits.pipeline.run import run_audit

EXAMPLES = int(os.environ.get("ASSAY_FUZZ", "40"))

CHECKS = tuple(
    check
    for check in BUILTIN
    if check.code in ("data.profile", "data.columns", "data.missing", "performance.overall")
)  # fmt: skip

FRAME = pd.DataFrame({
    "id": [f"p{n:03}" for n in range(48)],
    "sex": ["F", "M", "M"] * 16,
    "town": ["Köln", "Bonn", "Ulm, Donau", 'the "old" one'] * 12,
    "age": [18 + n % 50 for n in range(48)],
    "pay": [1000.5 + n * 7 for n in range(48)],
    "repaid": [1, 0, 1, 1, 0, 1, 0, 0] * 6,
    "score": [(n * 7 % 48) / 48 for n in range(48)],
})  # fmt: skip

SETTINGS = """[audit]
name = "Loans"
task = "binary"
seed = 3
[data]
path = "{path}"
target = "repaid"
positive = 1
protected = ["sex", "town"]
legitimate = ["age"]
id = "id"
missing = ["?"]
max_groups = 100
merge_rare = 2
[data.edges]
age = [25, 45]
[data.reference_groups]
sex = "M"
[predictions]
score = "score"
threshold = 0.5
[policy]
preset = "four-fifths"
"""

NASTY = [
    "", " ", "NaN", "nan", "inf", "-inf", "1e999", "-1", "9" * 40, "0x10", "1,5", "1.5.2", "?",
    "yes", "true", "F ", "f", "\t", "\\", '"', "'", '""', "\0", "\ufeff", "\ue000", "é", "🙂",
    "=1+1", "{}", "[]", "[[]]", "[1, 2]", '["sex", "sex"]', '"repaid"', '"*"', '".."', '"/"',
    '"d.csv"', "0", "-0", "0.0", "1e-320", "2026-11-30", "'C:\\x'", "x" * 5_000, "{a = 1}",
    "10000000000000000000000000", '"multiclass"', '"regression"', '"utf-16"', '";"', "false",
]  # fmt: skip

SIGNS = [",", ";", "\t", "|", "\n", "\r\n", "\r", '"', " "]


def write_base(kind: str) -> bytes:
    if kind == "parquet":
        return to_parquet()
    text = FRAME.to_csv(index=False, sep=";" if kind == "semicolon" else ",")
    return text.encode("utf-16" if kind == "utf-16" else "utf-8")


def to_parquet() -> bytes:
    target = io.BytesIO()
    FRAME.to_parquet(target, index=False)
    return target.getvalue()


@st.composite
def change_bytes(draw: st.DrawFn, content: bytes) -> bytes:
    at = draw(st.integers(0, len(content)))
    length = draw(st.integers(0, 40))
    new = draw(st.binary(max_size=8))
    return content[:at] + new + content[at + length :]


@st.composite
def change_text(draw: st.DrawFn, text: str) -> str:
    """Change a line, a field or a sign of a text."""
    lines = text.split("\n")
    place = draw(st.integers(0, len(lines) - 1))
    how = draw(st.sampled_from(["cut", "drop", "twice", "swap", "field", "sign", "turn", "column"]))
    line = lines[place]
    if how == "cut":
        lines[place] = line[: draw(st.integers(0, len(line)))]
    elif how == "drop":
        del lines[place]
    elif how == "twice":
        lines.insert(place, line)
    elif how == "swap":
        other = draw(st.integers(0, len(lines) - 1))
        lines[place], lines[other] = lines[other], lines[place]
    elif how == "sign":
        one, other = draw(st.sampled_from(SIGNS)), draw(st.sampled_from(SIGNS))
        return text.replace(one, other) if draw(st.booleans()) else text.replace(one, other, 1)
    elif how == "column":
        gone = draw(st.integers(0, 6))
        return "\n".join(
            ",".join(f for n, f in enumerate(x.split(",")) if n != gone) for x in lines
        )
    else:
        sign = "=" if "=" in line else ","
        fields = line.split(sign)
        chosen = draw(st.integers(0, len(fields) - 1))
        fields[chosen] = draw(st.sampled_from(NASTY)) if how == "field" else fields[chosen][::-1]
        lines[place] = sign.join(fields)
    return "\n".join(lines)


@st.composite
def changed_audits(draw: st.DrawFn) -> tuple[str, bytes, bytes]:
    """Return a data file's name, its content and the settings, one of them changed, or both."""
    kind = draw(st.sampled_from(["csv", "csv", "csv", "semicolon", "utf-16", "parquet"]))
    file = "d.parquet" if kind == "parquet" else "d.csv"
    content, text = write_base(kind), SETTINGS.format(path=file)
    which = draw(st.sampled_from(["data", "settings", "both"]))
    if which != "settings":
        if kind != "csv" or draw(st.booleans()):
            content = draw(change_bytes(content))
        else:
            content = draw(change_text(content.decode())).encode(errors="surrogatepass")
    if which != "data":
        text = draw(change_text(text))
    changed = text.encode(errors="surrogatepass")
    if which != "data" and draw(st.integers(0, 9)) == 0:
        changed = draw(change_bytes(changed))
    return file, content, changed


def run_as_the_command_does(folder: Path) -> int:
    """Run an audit that cannot fail by its policy; return the exit code of the command."""
    try:
        with explain_system_errors():
            bundle = run_audit(folder / "audit.toml", folder / "run", checks=CHECKS)
    except AssayError as error:
        message = str(error)
        assert "\n" not in message.strip(), message
        assert len(message) > 10
        assert "Traceback" not in message
        return error.exit_code
    broken = [c for c in bundle.report.checks if c.status is CheckStatus.ERROR]
    assert not broken, [(c.code, c.reason) for c in broken]
    return 0


@settings(
    max_examples=EXAMPLES, derandomize="ASSAY_FUZZ" not in os.environ,
    suppress_health_check=list(HealthCheck),
)  # fmt: skip
@given(changed_audits())
def test_no_change_of_a_file_or_a_setting_ends_in_a_traceback(
    changed: tuple[str, bytes, bytes],
) -> None:
    file, content, text = changed
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / file).write_bytes(content)
        (folder / "audit.toml").write_bytes(text)
        assert run_as_the_command_does(folder) in (0, 2)


def test_the_unchanged_audit_runs(tmp_path: Path) -> None:
    for kind in ("csv", "semicolon", "utf-16", "parquet"):
        folder = tmp_path / kind
        folder.mkdir()
        file = "d.parquet" if kind == "parquet" else "d.csv"
        (folder / file).write_bytes(write_base(kind))
        (folder / "audit.toml").write_text(SETTINGS.format(path=file))
        assert run_as_the_command_does(folder) == 0
