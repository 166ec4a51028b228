"""`assay policy`: a policy against the catalogue, and the presets in plain words."""

from __future__ import annotations

from pathlib import Path

from audits.policy import load_policy, read_preset, render_policy, render_reference


def check_command(path: Path) -> None:
    """Say what a policy file asks. Raises InputError for the first thing that is wrong in it."""
    policy = load_policy(None, path)
    rules = "1 rule" if len(policy.rules) == 1 else f"{len(policy.rules)} rules"
    print(f"ok: {path.name}, {rules}")
    print("\n".join(render_policy(policy)))


def show_command(preset: str) -> None:
    """Print a preset in plain words, then its file."""
    print("\n".join(render_policy(load_policy(preset, None))))
    print(f"\n{read_preset(preset)}", end="")


def reference_command() -> None:
    """Print the page docs/policy.md."""
    print(render_reference(), end="")
