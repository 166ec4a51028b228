"""`assay init`: a starter audit.toml from what is found in the files."""

from __future__ import annotations

import os
import sys
import tomllib
from pathlib import Path

from pydantic import ValidationError

from audits.cli.before.starter import CHANGE, Inferred, render_starter
from audits.core.errors import InputError
from audits.core.settings.spec import AuditSpec
from audits.core.words.harms import ask_harm
from audits.data import PLAIN, DataLook, FileForm, inspect_data
from audits.meaning import UndecidedError, try_meaning
from audits.models import ModelClient, open_model


def init_command(model: Path, data: Path, out: Path, form: FileForm = PLAIN) -> None:
    """Look into both files and write `out`. form: what is declared of the data's file, which is
    written down. Raises InputError where `out` exists already."""
    if out.exists():
        raise InputError(f"{str(out)!r} exists already; name another file with --out")
    look, missing = inspect_with_missing(data.absolute(), form)
    client: ModelClient
    with open_model(model) as client:
        info = client.info
    base = out.absolute().parent
    at_model, at_data = (os.path.relpath(path.absolute(), base) for path in (model, data))
    text = render_starter(info, look, missing, at_model, at_data, form)
    inferred = infer_meaning(text, base)
    text = render_starter(info, look, missing, at_model, at_data, form, inferred)
    out.write_text(text, encoding="utf-8")
    for question in (_find_question(text), inferred.problem):
        if question:
            print(question, file=sys.stderr)
    if CHANGE in text:
        print(f"Wrote {out}: put the right values where it says {CHANGE}, then", file=sys.stderr)
    else:
        print(f"Wrote {out}: check the target and the protected columns, then", file=sys.stderr)
    print(f"  assay run {out}", file=sys.stderr)


def infer_meaning(starter: str, base: Path) -> Inferred:
    """Try the starter's model on the rows with a known outcome; what they said, or why nothing."""
    if CHANGE in starter:
        return Inferred()
    try:
        spec = AuditSpec.model_validate(tomllib.loads(starter))
        meaning = try_meaning(spec, base)
    except UndecidedError as error:
        return Inferred(classes=(f"{CHANGE} 0", f"{CHANGE} 1"), problem=str(error))
    except InputError as error:
        return Inferred(problem=str(error))
    except ValidationError:
        return Inferred()
    if meaning.output is None or meaning.ranking is None or spec.data.positive is None:
        return Inferred()
    evidence = (
        f'output {meaning.output} ranks rows with "{spec.data.positive}" higher: {meaning.ranking}'
    )
    return Inferred(classes=meaning.classes if meaning.notices else (), evidence=evidence)


def _find_question(starter: str) -> str:
    """Return what to ask where the value that was guessed looks like a harm, "" where not."""
    data = tomllib.loads(starter)["data"]
    return ask_harm(data["target"], data["positive"]) if "positive" in data else ""


def inspect_with_missing(data: Path, form: FileForm = PLAIN) -> tuple[DataLook, tuple[str, ...]]:
    """Look into a file as it reads once the texts that surely mean "no value" are declared."""
    look = inspect_data(data, form=form)
    missing = tuple(found.text for found in look.missing if found.sure)
    return (inspect_data(data, missing, form) if missing else look), missing
