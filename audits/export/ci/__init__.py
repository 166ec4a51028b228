"""What other tools are told of a finished audit: JUnit, SARIF, a summary, annotations.

A format is one file with one `render_` function of a `RunResult`, and one line in `FORMATS`.
"""

from audits.export.ci.annotations import render_annotations
from audits.export.ci.junit import render_junit
from audits.export.ci.result import RunResult, describe_findings
from audits.export.ci.sarif import render_sarif
from audits.export.ci.summary import render_summary

FORMATS = {"junit": render_junit, "sarif": render_sarif, "summary": render_summary}
"""By the name of the flag and of the setting under `[output]`."""

__all__ = [
    "FORMATS",
    "RunResult",
    "describe_findings",
    "render_annotations",
]
