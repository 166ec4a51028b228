"""Columns that give a protected attribute away, those to look at first in front."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from audits.core.format import format_count, format_interval, format_value, plain_text
from audits.core.report.measurement import Measurement, is_significant
from audits.core.report.parts import Part, PartKind
from audits.core.words.words import list_words

PROXY_AUC = 0.55
"""A column is called a proxy where its whole interval is above this AUC; one that is surely not
0.5, but not surely above this, is no more than a faint sign, and is folded."""


@dataclass(frozen=True, slots=True)
class Proxy:
    """A column that tells a group from the others beyond chance. See `PROXY_AUC`.

    item: its `proxy_auc`. rank: 1 for the column that moves the model most; None where the model
    was not explained. share: of all movement, in [0, 1]; 0 where that is not known.
    """

    item: Measurement
    rank: int | None
    share: float

    @property
    def feature(self) -> str:
        """The column's name."""
        return self.item.part_name

    @property
    def weight(self) -> float:
        """What orders proxies: how much the column gives away times how much it is used; what it
        gives away alone where the model was not explained."""
        told = 2 * (self.item.value or 0.5) - 1
        return told if self.rank is None else told * self.share


def rank_features(measurements: Sequence[Measurement]) -> dict[str, tuple[int, float]]:
    """Return each column's rank and share of all movement; {} where nothing was explained."""
    sizes = {
        item.part_name: item.value or 0.0
        for item in measurements
        if item.metric == "mean_absolute_attribution" and item.attribute is None
    }
    total = sum(sizes.values()) or 1.0
    ordered = sorted(sizes, key=lambda name: -sizes[name])
    return {name: (place, sizes[name] / total) for place, name in enumerate(ordered, 1)}


def list_proxies(measurements: Sequence[Measurement], attribute: str | None = None) -> list[Proxy]:
    """Return the columns that give a group away beyond chance (adjusted p under 0.05) and by more
    than a faint sign, first those that the model also uses most.

    attribute: of this protected column only. Of several groups that a column gives away, the one
    that it tells best stands for all.
    """
    return [one for one in _list_sure(measurements, attribute) if _is_clear(one)]


def list_faint(measurements: Sequence[Measurement], attribute: str | None = None) -> list[Proxy]:
    """Return the columns that give a group away beyond chance, but so little that none is called
    a proxy; otherwise as `list_proxies`."""
    return [one for one in _list_sure(measurements, attribute) if not _is_clear(one)]


def render_faint(faint: Sequence[Proxy], attribute: str) -> str:
    """Return what is folded away in one sentence, "" where nothing is."""
    if not faint:
        return ""
    names = list_words([plain_text(one.feature) for one in faint])
    verb = "tells" if len(faint) == 1 else "tell"
    return (
        f"{names} {verb} groups of {plain_text(attribute)} apart beyond chance, but too little to "
        f"be called a proxy (AUC not surely above {PROXY_AUC:.2f})."
    )


def _is_clear(proxy: Proxy) -> bool:
    return proxy.item.estimate is not None and proxy.item.estimate.low > PROXY_AUC


def _list_sure(measurements: Sequence[Measurement], attribute: str | None) -> list[Proxy]:
    ranks = rank_features(measurements)
    best: dict[tuple[str | None, Part | None], Measurement] = {}
    for item in measurements:
        if item.metric != "proxy_auc" or not item.is_of(PartKind.FEATURE):
            continue
        if attribute is not None and item.attribute != attribute:
            continue
        if not is_significant(item):
            continue
        key = item.attribute, item.part
        if key not in best or (item.value or 0.0) > (best[key].value or 0.0):
            best[key] = item
    found = []
    for item in best.values():
        rank = ranks.get(item.part_name)
        found.append(Proxy(item, None, 0.0) if rank is None else Proxy(item, *rank))
    return sorted(found, key=lambda proxy: -proxy.weight)


def render_proxy(proxy: Proxy) -> str:
    """Return a proxy as a sentence with its number."""
    item = proxy.item
    name, attribute = plain_text(proxy.feature), plain_text(item.attribute or "")
    kind = f"{'a proxy for' if _is_clear(proxy) else 'a faint sign of'} {attribute}"
    told = f"tells {plain_text(item.group or '')} from the others {_count_pairs(item)}"
    if proxy.rank is None:
        return f"{name} {told}: {kind}."
    place = "most" if proxy.rank == 1 else f"{_ordinal(proxy.rank)} most"
    return f"{name} is the model's {place} important column and {kind}: it {told}."


def render_whole(items: Sequence[Measurement]) -> list[str]:
    """Return how well all columns together, and the score, tell the groups of one attribute apart:
    of each the group that it tells best."""
    known = [item for item in items if item.estimate is not None]
    together = [item for item in known if item.is_of(PartKind.ALL_COLUMNS)]
    scores = [item for item in known if item.metric == "score_proxy_auc"]
    told = []
    if together:
        told.append(_render_together(max(together, key=lambda item: item.value or 0.0)))
    if scores:
        told.append(_render_score(max(scores, key=lambda item: abs((item.value or 0.5) - 0.5))))
    return told


def _render_together(item: Measurement) -> str:
    group, attribute = plain_text(item.group or ""), plain_text(item.attribute or "")
    if not is_significant(item):
        return (
            f"All columns together do not tell {group} from the others significantly better "
            f"than chance ({_detail(item)})."
        )
    return (
        f"All columns together tell {group} from the others {_count_pairs(item)}: so much of "
        f"{attribute} is in the data."
    )


def _render_score(item: Measurement) -> str:
    group, value = plain_text(item.group or ""), item.value or 0.5
    if not is_significant(item):
        return f"The score does not significantly tell {group} from the others ({_detail(item)})."
    way, share = ("above", value) if value > 0.5 else ("below", 1 - value)
    pairs = f"{_say_share(share)} pairs ({_detail(item)})"
    return f"A person in the group {group} scores {way} one of the others in {pairs}."


def _count_pairs(item: Measurement) -> str:
    return f"in {_say_share(item.value or 0.5)} pairs ({_detail(item)})"


def _say_share(share: float) -> str:
    return f"{share * 10:.0f} of 10" if share >= 0.65 else f"{share * 100:.0f} of 100"


def _detail(item: Measurement) -> str:
    estimate = item.estimate
    assert estimate is not None  # asked only for numbers
    return (
        f"AUC {format_value(estimate.value, item.unit)}, {format_interval(estimate, item.unit)}; "
        f"n = {format_count(estimate.n)}"
    )


def _ordinal(number: int) -> str:
    ending = {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{'th' if number % 100 in (11, 12, 13) else ending}"
