"""The JSON Schema of `report.json`, committed beside this file and kept equal by a test.

`python -m audits.core.schema` writes it anew after a change of the types.
"""

from __future__ import annotations

import json
from pathlib import Path

from audits.core.report.report import SCHEMA, AuditReport

SCHEMA_FILE = Path(__file__).parent / "schemas" / "assay.report-1.json"


def render_schema() -> str:
    """Return the schema (JSON Schema 2020-12) of `assay.report/1`."""
    schema = AuditReport.model_json_schema(by_alias=True)
    # The two results of a measurement exclude each other, which its fields alone do not say.
    schema["$defs"]["Measurement"]["oneOf"] = [
        {"required": ["estimate"]},
        {"required": ["unavailable"]},
    ]
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": f"urn:{SCHEMA}"}
    return json.dumps({**head, **schema}, indent=1) + "\n"


if __name__ == "__main__":
    SCHEMA_FILE.write_text(render_schema(), encoding="utf-8")
