"""`assay`: every command, its options and its exit codes.

0 passed, 1 the policy failed (compare: something got worse), 2 bad input or usage, 3 a check or a
model crashed, 4 stale or tampered evidence. People read stderr; with --json, machines read stdout.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from audits.cli.faults import TRACEBACK, Group, close_output, show_fault
from audits.core.errors import AssayError
from audits.core.limits import MIN_ROWS_TO_SHOW
from audits.core.package.extras import explain_missing

app = typer.Typer(
    cls=Group,
    help="Audit a model: is it fair, why does it decide so, what would change its mind.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

policy = typer.Typer(
    help="Check a policy file, or show a preset.",
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(policy, name="policy")

RunFolder = Annotated[Path, typer.Argument(help="A run's folder.", metavar="RUN")]
MinChange = Annotated[
    float,
    typer.Option(
        help="The least change that counts, between 0 and 1: 0.02 is 2 points of a share or a gap, "
        "0.02 of a ratio, a score or a loss, and 2% of the earlier mean absolute error of what "
        "is in the target's unit."
    ),
]
Encoding = Annotated[
    str | None, typer.Option(help="The data's encoding where it is not UTF-8: cp1252, latin-1 …")
]
Delimiter = Annotated[str | None, typer.Option(help="What parts the data's fields, where unclear.")]
Decimal = Annotated[str | None, typer.Option(help="The sign before decimals: . or ,")]
Sheet = Annotated[str | None, typer.Option(help="The sheet of a workbook with several.")]
Json = Annotated[bool, typer.Option("--json", help="Write JSON for machines to stdout.")]


@app.command()
def run(
    audit: Annotated[Path, typer.Argument(help="The audit's settings.", metavar="AUDIT.toml")],
    out: Annotated[
        Path | None, typer.Option(help="The run's folder; by default runs/NAME-TIME.")
    ] = None,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda or mps.")] = "auto",
    *,
    fail_on: Annotated[
        str,
        typer.Option(help="Exit 1 on: fail, warn (or fail), insufficient (any of these) or never."),
    ] = "fail",
    baseline: Annotated[
        Path | None,
        typer.Option(help="Compare with this run when done; exit 1 where something got worse."),
    ] = None,
    min_change: MinChange = 0.0,
    junit: Annotated[Path | None, typer.Option(help="Write JUnit XML for CI.")] = None,
    sarif: Annotated[Path | None, typer.Option(help="Write SARIF 2.1.0 for code review.")] = None,
    summary: Annotated[
        Path | None, typer.Option(help="Write a summary in Markdown for a pull request.")
    ] = None,
    json: Json = False,
) -> None:
    """Audit what AUDIT.toml describes; write the report, the evidence, the card and the page."""
    from audits.cli.baseline import Against  # noqa: PLC0415
    from audits.cli.run import run_command  # noqa: PLC0415 - `assay --help` stays instant

    against = Against(baseline, min_change)
    outputs = {"junit": junit, "sarif": sarif, "summary": summary}
    raise typer.Exit(
        run_command(audit, out, device, fail_on, as_json=json, against=against, outputs=outputs)
    )


@app.command()
def card(
    run: RunFolder,
    form: Annotated[str, typer.Option("--format", help="md, html or json.")] = "md",
    out: Annotated[
        Path | None, typer.Option("-o", "--output", help="Where to; by default stdout.")
    ] = None,
    human: Annotated[
        Path | None, typer.Option(help="A card.toml with the parts that only people can write.")
    ] = None,
) -> None:
    """Write a run's model card."""
    from audits.cli.after.card import card_command  # noqa: PLC0415

    card_command(run, form, out, human)


@app.command()
def export(
    run: RunFolder,
    out: Annotated[
        Path | None, typer.Option("-o", "--output", help="Where to; by default stdout.")
    ] = None,
    least: Annotated[
        int, typer.Option(help="Groups of fewer rows have no numbers in the file.")
    ] = MIN_ROWS_TO_SHOW,
) -> None:
    """Write a run as one HTML file that works offline: verdicts, groups, a live threshold."""
    from audits.cli.after.export import export_command  # noqa: PLC0415

    export_command(run, out, least)


@app.command()
def verify(run: RunFolder, json: Json = False) -> None:
    """Check every file and number of a run against its evidence."""
    from audits.cli.after.verify import verify_command  # noqa: PLC0415

    raise typer.Exit(verify_command(run, as_json=json))


@app.command()
def compare(
    before: Annotated[Path, typer.Argument(help="The earlier run's folder.", metavar="RUN_A")],
    after: Annotated[Path, typer.Argument(help="The later run's folder.", metavar="RUN_B")],
    min_change: MinChange = 0.0,
    json: Json = False,
) -> None:
    """Say who got worse from RUN_A to RUN_B, what improved, and what noise explains.

    Exit code 1 where a number that counts got worse beyond noise, or a verdict whose number did;
    else 0. What counts are the rates and errors of everybody and of every group, their gaps, and
    what a policy judges; of runs that do not differ at most 5% get exit code 1. A verdict that
    turned without its number does not count, nor do numbers that are chosen anew in each run
    (thresholds of interventions, slices, recourse): they are shown.
    """
    from audits.cli.after.compare import compare_command  # noqa: PLC0415

    raise typer.Exit(compare_command(before, after, min_change, as_json=json))


@app.command()
def cube(
    runs: Annotated[
        list[Path],
        typer.Argument(help="Folders of runs on parts of the same data.", metavar="RUN..."),
    ],
    out: Annotated[Path, typer.Option("-o", "--output", help="Where the cube goes (Parquet).")],
    least: Annotated[
        int, typer.Option(help="No cell of fewer rows is handed over.")
    ] = MIN_ROWS_TO_SHOW,
) -> None:
    """Write runs' counts, added up and without small cells, for who may not see their rows."""
    from audits.cli.after.cube import cube_command  # noqa: PLC0415

    cube_command(runs, out, least)


@app.command()
def checks(
    json: Json = False,
    markdown: Annotated[
        bool, typer.Option("--markdown", help="The page docs/catalogue.md.")
    ] = False,
) -> None:
    """List what an audit checks and measures."""
    from audits.cli.before.catalogue import catalogue_command  # noqa: PLC0415

    catalogue_command(as_json=json, as_markdown=markdown)


@policy.command("check")
def check_policy(
    file: Annotated[Path, typer.Argument(help="A policy file.", metavar="FILE")],
) -> None:
    """Check a policy against all that can be judged, and say what it asks."""
    from audits.cli.before.policy import check_command  # noqa: PLC0415

    check_command(file)


@policy.command("show")
def show_policy(
    preset: Annotated[str, typer.Argument(help="The name of a preset.", metavar="PRESET")],
) -> None:
    """Show a preset in plain words, and its file to start from."""
    from audits.cli.before.policy import show_command  # noqa: PLC0415

    show_command(preset)


@policy.command("reference")
def print_policy_reference() -> None:
    """Print the page docs/policy.md: every key, and every metric that a rule can name."""
    from audits.cli.before.policy import reference_command  # noqa: PLC0415

    reference_command()


@app.command()
def ll144(
    run: RunFolder,
    out: Annotated[
        Path | None, typer.Option("-o", "--output", help="Where to; by default stdout.")
    ] = None,
    kind: Annotated[
        str | None, typer.Option(help="selection or scoring; by default what the run has.")
    ] = None,
) -> None:
    """Write a run's Local Law 144 tables as CSV (New York City; 6 RCNY 5-301)."""
    from audits.cli.after.ll144 import export_command  # noqa: PLC0415

    export_command(run, out, kind)


@app.command()
def reasons(
    run: RunFolder,
    out: Annotated[
        Path | None, typer.Option("-o", "--output", help="Where to; by default stdout.")
    ] = None,
) -> None:
    """Write what each rejected applicant can be told as CSV (US Regulation B; 12 CFR 1002.9)."""
    from audits.cli.after.reasons import reasons_command  # noqa: PLC0415

    reasons_command(run, out)


@app.command("check-ll144")
def check_ll144(
    table: Annotated[Path, typer.Argument(help="A published summary as CSV.", metavar="TABLE.csv")],
    json: Json = False,
) -> None:
    """Recompute a published Local Law 144 summary: every rate, ratio and total."""
    from audits.cli.after.ll144 import check_command  # noqa: PLC0415

    check_command(table, as_json=json)


@app.command()
def mitigate(
    audit: Annotated[Path, typer.Argument(help="The audit's settings.", metavar="AUDIT.toml")],
    method: Annotated[
        str,
        typer.Option(help="threshold-optimizer, exponentiated-gradient or reweighing."),
    ],
    attribute: Annotated[str, typer.Option(help="The protected column whose gap is narrowed.")],
    out: Annotated[
        Path, typer.Option("-o", "--output", help="Where the mitigated predictor goes.")
    ],
    constraint: Annotated[
        str,
        typer.Option(
            help="demographic-parity, equal-opportunity, equalized-odds or equal-accuracy."
        ),
    ] = "demographic-parity",
    gap: Annotated[
        float | None,
        typer.Option(
            min=0,
            max=1,
            help="The largest gap allowed in training (exponentiated-gradient only); by default "
            "[mitigate] gap.",
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Retrain or post-process the audited model against a gap; show before and after, save it."""
    from audits.cli.after.mitigate import mitigate_command  # noqa: PLC0415

    mitigate_command(audit, method, constraint, attribute, out, gap, as_json=json)


@app.command()
def init(
    model: Annotated[Path, typer.Argument(help="A model file.", metavar="MODEL")],
    data: Annotated[Path, typer.Argument(help="A data file.", metavar="DATA")],
    out: Annotated[Path, typer.Option(help="The file to write.")] = Path("audit.toml"),
    encoding: Encoding = None,
    delimiter: Delimiter = None,
    decimal: Decimal = None,
    sheet: Sheet = None,
) -> None:
    """Write a starter AUDIT.toml from what is found in the files."""
    from audits.cli.before.init import init_command  # noqa: PLC0415
    from audits.data import FileForm  # noqa: PLC0415

    init_command(model, data, out, FileForm(encoding, delimiter, decimal, sheet))


@app.command()
def convert(  # noqa: PLR0917 - one a setting
    model: Annotated[Path, typer.Argument(help="A joblib or pickle file of your own.")],
    out: Annotated[
        Path | None,
        typer.Option("-o", "--output", help="A .skops or .onnx file; by default MODEL.skops."),
    ] = None,
    data: Annotated[
        Path | None, typer.Option(help="Rows on which predictions are compared.")
    ] = None,
    yes: Annotated[
        bool, typer.Option("--yes", help="I trust this file: opening it runs the code in it.")
    ] = False,
    encoding: Encoding = None,
    delimiter: Delimiter = None,
    decimal: Decimal = None,
    sheet: Sheet = None,
) -> None:
    """Turn your own joblib file into a format that runs no code, and prove that it is equal."""
    from audits.cli.before.convert import convert_command  # noqa: PLC0415
    from audits.data import FileForm  # noqa: PLC0415

    form = FileForm(encoding, delimiter, decimal, sheet)
    convert_command(model, out, data, consent=yes, form=form)


@app.command()
def host(
    model: Annotated[Path, typer.Argument(help="Your model's file, or its MLflow folder.")],
    *,
    kind: Annotated[
        str | None,
        typer.Option(help="joblib, mlflow, keras, torch, statsmodels, h2o or python."),
    ] = None,
    out: Annotated[Path, typer.Option(help="The script to write.")] = Path("host.py"),
    data: Annotated[
        Path | None, typer.Option(help="A table with the model's columns: how each is read.")
    ] = None,
    task: Annotated[str | None, typer.Option(help="binary, multiclass or regression.")] = None,
    classes: Annotated[
        str | None, typer.Option(help="The classes in the order of the outputs: no,yes")
    ] = None,
    features: Annotated[
        str | None, typer.Option(help="The model's columns in its order: age,job")
    ] = None,
    output: Annotated[
        str | None, typer.Option(help="probability, logit, score, decision or value.")
    ] = None,
    threshold: Annotated[
        float | None, typer.Option(help="Of a score: from which on the second class is decided.")
    ] = None,
    port: Annotated[int, typer.Option(min=1, max=65535, help="The port on this machine.")] = 8777,
) -> None:
    """Write a script that answers for any model, to be run in its own environment."""
    from audits.cli.before.host import host_command  # noqa: PLC0415
    from audits.models import Declared  # noqa: PLC0415

    declared = Declared(task, _split(classes), _split(features), output, threshold)
    host_command(model, kind, out, data, port, declared)


def _split(names: str | None) -> tuple[str, ...] | None:
    return None if names is None else tuple(name.strip() for name in names.split(","))


@app.command()
def serve(
    runs: Annotated[Path, typer.Option(help="The folder with the runs.")] = Path("runs"),
    port: Annotated[int, typer.Option(help="The port on this machine.")] = 8501,
) -> None:
    """Open the dashboard."""
    from audits.cli.serve import serve_command  # noqa: PLC0415

    raise typer.Exit(serve_command(runs, port))


def main() -> None:
    """Run the command; failures are one line on stderr and their exit code."""
    try:
        app()
    except KeyboardInterrupt:
        print("assay: stopped; nothing was written", file=sys.stderr)
        raise SystemExit(130) from None
    except Exception as error:
        told = explain_missing(error)
        if isinstance(told, AssayError):
            print(f"assay: {' '.join(str(told).split())}", file=sys.stderr)
            raise SystemExit(told.exit_code) from None
        if os.environ.get(TRACEBACK):
            raise
        show_fault(error)
        raise SystemExit(3) from None
    finally:
        close_output()


if __name__ == "__main__":
    main()
