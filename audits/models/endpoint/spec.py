"""The JSON file `assay.endpoint/1`: where a model answers, and what it is asked."""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import SplitResult, urlsplit

from pydantic import Field, ValidationError, field_validator, model_validator

from audits.core.errors import InputError, one_of
from audits.core.report.estimate import Frozen

SCHEMA: Literal["assay.endpoint/1"] = "assay.endpoint/1"
VARIABLE_PREFIX = "ASSAY_ENDPOINT_"
"""Only variables of this name may be sent, so that a file cannot ask for any other secret."""
_MAX_BYTES = 16 << 20
_HEADER = re.compile(r"[A-Za-z0-9-]{1,64}")
_VARIABLE = re.compile(VARIABLE_PREFIX + r"[A-Z0-9_]{1,64}")
_OUR_HEADERS = {
    "host", "content-length", "content-type", "transfer-encoding", "connection", "accept",
    "accept-encoding", "expect", "upgrade", "te", "trailer",
}  # fmt: skip
_LOCAL_ONLY = (
    "only this machine is asked (127.0.0.1, ::1 or localhost), because no row may leave it; to "
    "reach a model elsewhere forward its port here (ssh -L 8080:localhost:8080 HOST, or kubectl "
    "port-forward) and give http://127.0.0.1:8080/..."
)


Task = Literal["binary", "multiclass", "regression"]
Protocol = Literal["assay", "v2", "mlflow"]
Output = Literal["probability", "logit", "score", "decision", "value"]
OUTPUTS: Mapping[Task, tuple[Output, ...]] = {
    "binary": ("probability", "logit", "score", "decision"),
    "multiclass": ("probability", "logit", "decision"),
    "regression": ("value",),
}
"""What an endpoint may answer for a task; the first is meant where the file does not say."""
_PATH_ENDS: Mapping[Protocol, str] = {"assay": "", "v2": "/infer", "mlflow": "/invocations"}


class Feature(Frozen):
    """A column as the endpoint is sent it: JSON numbers, true and false, or texts."""

    name: str = Field(min_length=1)
    kind: Literal["number", "boolean", "text"]


class EndpointSpec(Frozen):
    """One endpoint. See docs/host.md for the meaning of every field."""

    schema_: Literal["assay.endpoint/1"] = Field(alias="schema")
    url: str
    protocol: Protocol = "assay"
    task: Task
    classes: tuple[str, ...] = Field(default=(), max_length=10_000)
    features: tuple[Feature, ...] = Field(min_length=1, max_length=100_000)
    output: Output | None = None
    threshold: Annotated[float, Field(allow_inf_nan=False)] | None = None
    decisions: bool = False
    output_name: str | None = Field(default=None, min_length=1, max_length=500)
    input_name: str | None = Field(default=None, min_length=1, max_length=500)
    batch_rows: Annotated[int, Field(ge=1, le=65_536)] = 1_000
    timeout_s: Annotated[float, Field(gt=0, le=3_600)] = 60.0
    headers_env: Mapping[str, str] = Field(default_factory=dict)

    @field_validator("url")
    @classmethod
    def _local(cls, url: str) -> str:
        parts = urlsplit(url)
        if parts.scheme != "http":
            raise ValueError("it must begin with http://; on this machine nobody reads along")
        if "@" in parts.netloc:
            raise ValueError("it must hold no name or password; send a header with headers_env")
        if parts.fragment or not url.isascii() or not url.isprintable() or " " in url:
            raise ValueError("it must be a plain address without spaces and without #")
        if not list_addresses(parts):
            raise ValueError(f"the host {parts.hostname!r} is not this machine; {_LOCAL_ONLY}")
        if not 1 <= (parts.port or 80) <= 65_535:
            raise ValueError("the port must be 1 to 65535")
        return url

    @field_validator("headers_env")
    @classmethod
    def _allowed(cls, headers: Mapping[str, str]) -> Mapping[str, str]:
        for name, variable in headers.items():
            if not _HEADER.fullmatch(name) or name.lower() in _OUR_HEADERS:
                raise ValueError(f"the header {name[:64]!r} cannot be set")
            if not _VARIABLE.fullmatch(variable):
                raise ValueError(
                    f"the variable {variable[:64]!r} cannot be sent; its name must begin with "
                    f"{VARIABLE_PREFIX}"
                )
        return headers

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if len({item.name for item in self.features}) != len(self.features):
            raise ValueError("features must each have a name of their own")
        allowed: Mapping[str, bool] = {
            "binary": len(self.classes) == 2,
            "multiclass": len(self.classes) >= 3,
            "regression": not self.classes,
        }
        if not allowed[self.task] or len(set(self.classes)) != len(self.classes):
            raise ValueError(f"{len(self.classes)} classes do not fit the task {self.task}")
        return self

    @model_validator(mode="after")
    def _means_something(self) -> Self:
        allowed = OUTPUTS[self.task]
        if self.output is not None and self.output not in allowed:
            raise ValueError(
                f'output = "{self.output}" does not fit the task {self.task}, which has '
                f"{one_of(allowed)}"
            )
        if (self.output == "score") != (self.threshold is not None):
            raise ValueError(
                'threshold goes with output = "score": it is the score from which the second '
                "class is decided"
            )
        if self.decisions and self.task == "regression":
            raise ValueError("decisions are of classes; leave it out for regression")
        return self

    @model_validator(mode="after")
    def _speaks_its_protocol(self) -> Self:
        end = _PATH_ENDS[self.protocol]
        if not urlsplit(self.url).path.endswith(end):
            raise ValueError(f'protocol = "{self.protocol}" is asked at an url that ends in {end}')
        if self.decisions and self.protocol != "assay":
            raise ValueError('decisions go with protocol assay; elsewhere output = "decision"')
        if self.output_name is not None and self.protocol == "assay":
            raise ValueError("output_name goes with protocol v2 or mlflow")
        if self.input_name is not None:
            if self.protocol != "v2":
                raise ValueError("input_name goes with protocol v2")
            if text := [item.name for item in self.features if item.kind == "text"]:
                raise ValueError(
                    f"input_name sends one matrix of numbers, but {text[0]!r} is a text"
                )
        return self

    @property
    def meaning(self) -> Output:
        """What the endpoint's answers are."""
        return self.output or OUTPUTS[self.task][0]

    def deciding(self) -> EndpointSpec:
        """The same endpoint, asked for the model's own decisions."""
        return self.model_copy(update={"output": "decision", "threshold": None})


def list_addresses(parts: SplitResult) -> tuple[str, ...]:
    """Return the loopback addresses behind a URL's host, `()` where it is another machine.

    No name is looked up: whoever answers for names could point one at another machine.
    """
    host = parts.hostname or ""
    if host == "localhost":
        return ("127.0.0.1", "::1")
    try:
        return (host,) if ipaddress.ip_address(host).is_loopback else ()
    except ValueError:
        return ()


def load_spec(path: Path) -> EndpointSpec:
    """Read the JSON file. Raises InputError naming the field that is wrong."""
    if path.stat().st_size > _MAX_BYTES:
        raise InputError(f"{path.name} is larger than a description of an endpoint can be")
    try:
        return EndpointSpec.model_validate(json.loads(path.read_bytes()))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the file"
        reason = first["msg"].removeprefix("Value error, ")
        raise InputError(f"{path.name} is no {SCHEMA} model: {where}: {reason}") from error
    except (ValueError, RecursionError) as error:
        raise InputError(
            f"{path.name} is damaged: it is no JSON ({error}); write it again"
        ) from error


def list_variables(path: Path) -> tuple[str, ...]:
    """Return the environment variables whose values the file asks to send as headers."""
    return tuple(load_spec(path).headers_env.values())
