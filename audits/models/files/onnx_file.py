"""Looks at an ONNX file before the runtime sees it: whole, self-contained, standard operators."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from audits.core.errors import InputError, one_of
from audits.models.adapters.adapter import NativeModel

_DOMAINS = ("", "ai.onnx", "ai.onnx.ml")
_MAX_BYTES = (2 << 30) - 1  # a protobuf cannot be larger
_LABEL_ATTRIBUTES = ("classlabels_strings", "classlabels_int64s", "classlabels_ints")
_SHAPES = ("Identity", "Reshape", "Squeeze", "Unsqueeze", "Flatten", "Cast")
_MISSING_TEXTS = ("nan", "None")


@dataclass(frozen=True, slots=True)
class Header:
    """What the graph says: its metadata, its classes, the text that it takes for missing, and the
    operator that makes each output (past those that only change its shape or type)."""

    metadata: dict[str, str]
    classes: tuple[str, ...]
    missing_text: str
    made_by: dict[str, str]


def read_header(path: Path) -> Header:
    """Check the file. Raises InputError where it is damaged or reaches outside itself."""
    import onnx  # noqa: PLC0415

    if path.stat().st_size > _MAX_BYTES:
        raise InputError(f"{path.name} is larger than an ONNX file of 2 GB can be")
    try:
        model = onnx.load(str(path), load_external_data=False)
        onnx.checker.check_model(model)
    except Exception as error:  # protobuf and the checker raise classes of their own
        reason = str(error).strip().splitlines()[0][:200] if str(error).strip() else "not whole"
        raise InputError(
            f"the ONNX file {path.name} is damaged: {reason}; write it again"
        ) from error
    nodes = list(_walk_nodes(model.graph))
    _check_domains(model, nodes, path.name)
    _check_tensors(model, nodes, path.name)
    texts = {
        value.decode("utf-8", "replace")
        for node in nodes
        for attribute in node.attribute
        if attribute.name in ("cats_strings", "keys_strings", "classes_strings")
        for value in attribute.strings
    }
    return Header(
        metadata={item.key: item.value for item in model.metadata_props},
        classes=_find_classes(nodes),
        missing_text=next((text for text in _MISSING_TEXTS if text in texts), ""),
        made_by=_find_makers(model.graph),
    )


def read_names(metadata: dict[str, str], key: str, name: str) -> tuple[str, ...] | None:
    """Return a JSON list of texts from the metadata, or None. Raises InputError on another."""
    if key not in metadata:
        return None
    try:
        names = json.loads(metadata[key])
    except ValueError:
        names = None
    if not isinstance(names, list) or not all(isinstance(item, str) for item in names):
        raise InputError(f"{name}: the metadata {key!r} must be a JSON list of texts")
    return tuple(names)


def _walk_nodes(graph: NativeModel) -> Iterator[NativeModel]:
    for node in graph.node:
        yield node
        for attribute in node.attribute:
            for inner in (attribute.g, *attribute.graphs):
                yield from _walk_nodes(inner)


def _find_makers(graph: NativeModel) -> dict[str, str]:
    makers = {name: node for node in graph.node for name in node.output}
    found = {}
    for output in graph.output:
        node = makers.get(output.name)
        while node is not None and node.op_type in _SHAPES:
            node = makers.get(node.input[0])
        found[output.name] = "" if node is None else str(node.op_type)
    return found


def _check_domains(model: NativeModel, nodes: list[NativeModel], name: str) -> None:
    used = {item.domain for item in (*nodes, *model.opset_import)}
    foreign = sorted(used - set(_DOMAINS))
    if foreign or model.functions:
        raise InputError(
            f"{name} uses operators beyond the ONNX standard ({one_of(foreign or ['functions'])}); "
            "export it with standard operators only (ai.onnx, ai.onnx.ml)"
        )


def _check_tensors(model: NativeModel, nodes: list[NativeModel], name: str) -> None:
    tensors = list(model.graph.initializer)
    for node in nodes:
        for attribute in node.attribute:
            tensors += [attribute.t, *attribute.tensors]
            tensors += [
                item for inner in (attribute.g, *attribute.graphs) for item in inner.initializer
            ]
    if any(tensor.external_data or tensor.data_location == 1 for tensor in tensors):
        raise InputError(f"{name} keeps weights in other files; save it as one file")


def _find_classes(nodes: list[NativeModel]) -> tuple[str, ...]:
    for node in reversed(nodes):
        for attribute in node.attribute:
            if attribute.name in _LABEL_ATTRIBUTES:
                if attribute.strings:
                    return tuple(item.decode("utf-8", "replace") for item in attribute.strings)
                if attribute.ints:
                    return tuple(str(item) for item in attribute.ints)
    return ()
