"""The script that answers for any model in its owner's own environment."""

from audits.models.host.script import KINDS, Declared, HostSettings, find_kind, render_script

__all__ = ["KINDS", "Declared", "HostSettings", "find_kind", "render_script"]
