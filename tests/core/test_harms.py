"""A favourable value that looks like a harm is asked about; others are left alone."""

from __future__ import annotations

import pytest

from audits.core.words.harms import looks_like_harm

HARMS = [
    ("default", "yes"), ("loan_default", 1), ("default payment next month", "1"),
    ("is_recid", 1), ("two_year_recid", "1"), ("two_year_recid", 1.0), ("is_fraud", True),
    ("readmitted", "<30"), ("readmitted", ">30"), ("readmitted", "YES"), ("Churn", "Yes"),
    ("churned", "true"), ("status", "denied"), ("loan_status", "Charged Off"),
    ("decision", "rejected"), ("y", "Rejected"), ("arrested", "y"), ("DEATH_EVENT", 1),
    ("outcome", "deceased"), ("outcome", "died"), ("repaid", "no"), ("approved", 0),
    ("hired", False), ("loanDefaulted", 1), ("status", "unpaid"), ("class", "bad"),
    ("result", "failed"), ("outcome", "not approved"), ("status", "unqualified"),
    ("no_default", 0), ("survived", 0), ("heart_disease", 1), ("SeriousDlqin", "delinquent"),
    ("status", "Default"), ("outcome", "recidivated"), ("reoffended", "yes"),
    ("admitted", "no"), ("credit_risk", "bad"), ("label", "fraudulent"), ("student", "Dropout"),
    ("eligible", "false"), ("outcome", "ineligible"), ("evicted", "1"),
    ("status", "in default"),
]  # fmt: skip
FINE = [
    ("default", "no"), ("default", 0), ("loan_status", "no default"), ("status", "non-default"),
    ("status", "Not Readmitted"), ("readmitted", "NO"), ("is_recid", 0), ("is_recid", "0"),
    ("two_year_recid", "no"), ("fraud", False), ("not_default", 1), ("no_fraud", "yes"),
    ("fraud_free", "yes"), ("repaid", "yes"), ("approved", 1), ("hired", "yes"),
    ("income", ">50K"), ("income", "<=50K"), ("credit_risk", 1), ("credit_risk", "good"),
    ("class", 2), ("outcome", 1), ("y", "yes"), ("target", 0), ("loan_status", "Fully Paid"),
    ("status", "accepted"), ("survived", 1), ("outcome", "alive"), ("suitable", "yes"),
    ("label", "1"), ("never_arrested", 1), ("default", "2"), ("colour", "red"),
    ("num", "0"), ("decision", "granted"), ("loan", "approved"), ("status", "never delinquent"),
    ("admitted", 1), ("readmitted", "no"), ("unemployed", "no"), ("disqualified", 0),
    ("quality", "1"), ("latest_offer", "yes"), ("faculty", "yes"), ("database", "1"),
]  # fmt: skip


@pytest.mark.parametrize(("target", "value"), HARMS)
def test_a_harm_is_seen(target: str, value: object) -> None:
    assert looks_like_harm(target, value)


@pytest.mark.parametrize(("target", "value"), FINE)
def test_nothing_else_is(target: str, value: object) -> None:
    assert not looks_like_harm(target, value)
