# What other rooms may use of this one; each name is imported when it is first asked for.
from .ci import (
    FORMATS as FORMATS,
    RunResult as RunResult,
    describe_findings as describe_findings,
    render_annotations as render_annotations,
)
from .html import (
    render_html as render_html,
    save_html as save_html,
)
