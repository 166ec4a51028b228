"""Waivers on verdicts: what people have accepted is shown, and does not fail the audit."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from audits.core.report.measurement import Measurement
from audits.core.report.verdict import Status, Verdict, Waiver
from audits.policy.rule import Policy


def apply_waivers(
    policy: Policy, verdicts: Iterable[Verdict], measurements: Sequence[Measurement], day: date
) -> list[Verdict]:
    """Return the verdicts, those that broke a rule with the waiver that holds for them on a day.

    Of several, that which is of the fewest groups.
    """
    valid = [waiver for waiver in policy.waivers if waiver.expires >= day]
    if not valid:
        return list(verdicts)
    by_id = {item.id: item for item in measurements}
    waived = []
    for verdict in verdicts:
        found = None
        if verdict.status in (Status.FAIL, Status.WARN):
            found = _find_waiver(valid, verdict, by_id[verdict.measurement])
        waived.append(verdict if found is None else verdict.model_copy(update={"waiver": found}))
    return waived


def _find_waiver(waivers: Sequence[Waiver], verdict: Verdict, item: Measurement) -> Waiver | None:
    fitting = [
        waiver
        for waiver in waivers
        if waiver.rule == verdict.rule
        and waiver.attribute in (None, item.attribute)
        and waiver.group in (None, item.group)
    ]
    return min(fitting, key=lambda one: (one.group is None, one.attribute is None), default=None)
