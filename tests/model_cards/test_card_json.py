"""The JSON card keeps the tree, the ids and the stored values."""

from __future__ import annotations

import json

from model_cards.build import build_card
from model_cards.card import number_ordinals
from model_cards.render.json import SCHEMA, render_json


def collect_numbers(node) -> list[dict]:
    if isinstance(node, list):
        return [found for item in node for found in collect_numbers(item)]
    if isinstance(node, dict):
        own = [node] if node.get("kind") == "Number" else []
        return own + [found for item in node.values() for found in collect_numbers(item)]
    return []


def test_json_holds_every_number_with_its_id_and_value(any_report):
    card = build_card(any_report)
    tree = json.loads(render_json(card))
    assert tree["schema"] == SCHEMA
    assert tree["measurements"] == list(number_ordinals(card))
    numbers = collect_numbers(tree)
    assert {item["measurement_id"] for item in numbers} == set(tree["measurements"])
    for item in numbers:
        assert item["value"] == any_report.by_id[item["measurement_id"]].value


def test_json_keeps_names_as_they_are(decisions_report, hostile_names):
    tree = json.loads(render_json(build_card(decisions_report)))
    assert any(name in item for name in hostile_names for item in tree["measurements"])
