"""Where the numbers come from: checks, versions, files, and the register of measurements."""

from __future__ import annotations

from audits.core.format import format_count, plain_text
from audits.core.report.report import AuditReport
from model_cards.card import Block, Inline, Line, Pairs, Paragraph, Section, Table, Text
from model_cards.numbers import compute_report_sha256, make_fact
from model_cards.sections.tables import say_outcome


def build_checks(report: AuditReport) -> Section:
    """Return every check and how it ended."""
    rows: list[tuple[Inline, ...]] = [
        (
            Text(plain_text(check.title)),
            Text(say_outcome(check.status)),
            Text(plain_text(check.reason) or "—"),
        )
        for check in report.checks
    ]
    if not rows:
        return Section("checks", "Checks", (Paragraph((Text("The report lists no check."),)),))
    table = Table("What ran and what did not", ("Check", "Outcome", "Why"), tuple(rows))
    return Section("checks", "Checks", (table,))


def build_provenance(report: AuditReport) -> Section:
    """Return the run, the tool, the environment, and every file with its digest."""
    rows: list[tuple[str, Line]] = [
        ("Run", (make_fact(report, "run.id", code=True),)),
        ("Made", (make_fact(report, "run.created"),)),
        ("report.json, sha256", (Text(compute_report_sha256(report), code=True),)),
        ("Data, sha256", (make_fact(report, "subject.data.sha256", code=True),)),
    ]
    if report.subject.model is not None:
        rows.append(("Model, sha256", (make_fact(report, "subject.model.sha256", code=True),)))
    if report.subject.reference is not None:
        path = "subject.reference.sha256"
        rows.append(("Reference data, sha256", (make_fact(report, path, code=True),)))
    rows.append(("Tool", _name_tool(report)))
    rows += [
        ("Seed", (make_fact(report, "run.seed", code=True),)),
        ("Device", (make_fact(report, "run.device"),)),
        ("Python", (make_fact(report, "run.environment.python"),)),
    ]
    packages = report.run.environment.packages
    if packages:
        listed = ", ".join(f"{name} {version}" for name, version in sorted(packages.items()))
        rows.append(("Packages", (Text(plain_text(listed)),)))
    blocks: list[Block] = [Pairs(tuple(rows))]
    blocks.append(_tabulate_evidence(report))
    return Section("provenance", "Provenance", tuple(blocks))


def _name_tool(report: AuditReport) -> Line:
    line: list[Inline] = [make_fact(report, "run.tool.name"), Text(" ")]
    line.append(make_fact(report, "run.tool.version"))
    if report.run.tool.revision:
        line += [Text(", revision "), make_fact(report, "run.tool.revision", code=True)]
    return tuple(line)


def _tabulate_evidence(report: AuditReport) -> Block:
    if not report.evidence:
        return Paragraph((Text("The run kept no evidence files."),))
    rows: list[tuple[Inline, ...]] = [
        (
            Text(file.path, code=True),
            Text(plain_text(file.description)),
            Text(format_count(file.rows)),
            Text(file.sha256, code=True),
        )
        for file in report.evidence
    ]
    return Table(
        "Evidence files of the run", ("File", "What it holds", "Rows", "sha256"), tuple(rows)
    )
