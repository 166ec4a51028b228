"""A card as JSON: the tree as it is, each block and piece of text named by its kind."""

from __future__ import annotations

import dataclasses
import json

from model_cards.card import Card, number_ordinals

SCHEMA = "assay.card/1"


def render_json(card: Card) -> str:
    """Return the card as JSON text, with the ids of its numbers in register order."""
    fields = {field.name: _dump(getattr(card, field.name)) for field in dataclasses.fields(card)}
    tree = {"schema": SCHEMA, **fields, "measurements": list(number_ordinals(card))}
    return json.dumps(tree, ensure_ascii=False, indent=1) + "\n"


def _dump(node: object) -> object:
    if isinstance(node, tuple):
        return [_dump(item) for item in node]
    if dataclasses.is_dataclass(node):
        fields = {
            field.name: _dump(getattr(node, field.name)) for field in dataclasses.fields(node)
        }
        return {"kind": type(node).__name__, **fields}
    return node
