"""The offline report: one HTML file that opens anywhere, stays live and holds no row.

`build_payload` is what it holds, `render_page` how it is shown, `render_html` both for a run.
"""

from audits.export.html.payload import Payload, build_payload
from audits.export.html.render import FILE, render_html, render_page, save_html

__all__ = ["FILE", "Payload", "build_payload", "render_html", "render_page", "save_html"]
