"""The trees of a model on their way from its worker to the audit: an Arrow table of nodes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from audits.core.arrays import FloatArray
from audits.core.errors import CheckNotApplicableError
from audits.models import Adapter, ReadsColumns
from audits.recourse.proof.model import LINKS, Additive, read_additive
from audits.recourse.proof.trees import Nodes

MAX_NODES = 2_000_000
"""Larger forests stay where they are: walking them is as slow as asking the model."""


def describe_trees(adapter: Adapter) -> tuple[pa.Table, dict[str, Any]]:
    """Return a model's nodes, one a row, and what else `read_trees` needs.

    Raises CheckNotApplicableError where its answer is no sum of leaves for one output, or its
    columns are not the features one by one.
    """
    if not isinstance(adapter, ReadsColumns) or adapter.info.task == "multiclass":
        raise CheckNotApplicableError("this model is asked in its worker")
    additive = read_additive(adapter, 1)
    nodes = additive.nodes
    if nodes is None or len(nodes.value) > MAX_NODES:
        raise CheckNotApplicableError("this model is asked in its worker")
    tables = [nodes.categories.get(node) for node in range(len(nodes.value))]
    columns = {
        name: getattr(nodes, name)
        for name in ("tree", "feature", "threshold", "left", "right", "missing_left", "value")
    }
    table = pa.table({**columns, "table": pa.array(tables, pa.list_(pa.bool_()))})
    details = {
        "roots": nodes.roots.tolist(),
        "strict": nodes.strict,
        "single": nodes.dtype is np.float32,
        "offset": additive.offset,
        "links": [name for name, link in LINKS.items() if link in additive.links],
        "rounding": additive.rounding,
        "scale": additive.scale,
    }
    return table, details


def read_trees(table: pa.Table, details: dict[str, Any]) -> Additive:
    """Return what `describe_trees` told. The nodes are as the worker says: check them."""

    listed = table.column("table").combine_chunks()
    chosen = np.flatnonzero(listed.is_valid().to_numpy(zero_copy_only=False))
    categories = {node: np.array(listed[node].as_py(), dtype=np.bool_) for node in chosen.tolist()}
    names = ("tree", "feature", "threshold", "left", "right", "missing_left", "value")
    told = {name: table.column(name).to_numpy(zero_copy_only=False) for name in names}
    nodes = Nodes(
        **told,
        categories=categories,
        roots=np.array(details["roots"], dtype=np.int64),
        strict=bool(details["strict"]),
        dtype=np.float32 if details["single"] else np.float64,
    )
    links = tuple(LINKS[name] for name in details["links"])
    offset, scale = float(details["offset"]), float(details["scale"])
    return Additive(nodes, None, offset, links, float(details["rounding"]), scale)


def read_matrix(table: pa.Table) -> FloatArray:
    """Return a table of numbers as `[n_rows, n_columns]`."""
    matrix: FloatArray = np.column_stack([column.to_numpy() for column in table.columns])
    return matrix
