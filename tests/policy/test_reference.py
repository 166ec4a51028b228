"""The page of reference is what the types and tables say, and names every key and metric."""

from __future__ import annotations

import tomllib
from pathlib import Path

from audits.core.report.verdict import Waiver
from audits.policy.file import parse_policy
from audits.policy.judging.coverage import is_of_groups
from audits.policy.judging.judgeable import list_judgeable
from audits.policy.policy import list_presets, load_policy
from audits.policy.reference import MEANINGS, render_reference
from audits.policy.rule import Policy, Rule

PAGE = Path(__file__).resolve().parents[2] / "docs" / "policy.md"


def test_the_page_is_up_to_date() -> None:
    """Write it anew with: assay policy reference > docs/policy.md"""
    assert PAGE.read_text(encoding="utf-8") == render_reference()


def test_every_key_metric_and_preset_is_on_it() -> None:
    page = PAGE.read_text(encoding="utf-8")
    for model in (Policy, Rule, Waiver):
        assert list(MEANINGS[model]) == list(model.model_fields)
    names = [*(metric.name for metric in list_judgeable()), *list_presets()]
    assert [name for name in names if f"`{name}`" not in page] == []


def test_its_example_is_right() -> None:
    text = PAGE.read_text(encoding="utf-8").split("```toml\n")[1].split("```")[0]
    policy = parse_policy(text, "example.toml")
    assert set(tomllib.loads(text)) <= set(Policy.model_fields)
    assert policy.waivers and policy.rules[1].is_band


def test_of_each_presets_rules_on_groups_one_can_fail() -> None:
    """Each rule fails by chance in at most alpha of all audits; two that can fail would not keep
    that for the audit as a whole."""
    for name in list_presets():
        rules = [rule for rule in load_policy(name, None).rules if is_of_groups(rule)]
        failing = [rule for rule in rules if (rule.fail_below, rule.fail_above) != (None, None)]
        assert len(failing) == 1, name
