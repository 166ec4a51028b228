"""The pages in the order of a review: the one list of them, for the app and for its tests."""

from __future__ import annotations

from dashboard.catalogue import say

REVIEW = (
    "overview",
    "data",
    "performance",
    "fairness",
    "explanations",
    "counterfactuals",
    "interventions",
    "card",
)
"""The steps of a review: what is wrong, where, for whom, why, what would change it, sign-off."""

AUDITS = ("compare", "runs", "new_audit", "catalogue")
"""What is about more than the chosen run."""

PAGES = (*REVIEW, *AUDITS)


def name_address(page: str) -> str:
    """Return a page's path in the address: the overview's is the root."""
    return "" if page == REVIEW[0] else page.replace("_", "-")


def name_page(page: str) -> str:
    """Return a page's title."""
    return say(f"nav.{page}")
