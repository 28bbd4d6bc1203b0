"""Evaluate a filter over what is known of one client: what the SQL is held to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Final, NamedTuple

from domain.segments.vocabulary import ATTRIBUTE
from models.segment_words import (
    CampaignPlace,
    ChoiceField,
    Count,
    CountOp,
    FlagField,
    Happened,
    MomentField,
    NumberField,
    NumberOp,
    SpanUnit,
    TimeSpan,
    TimeWindow,
)
from models.segments import AllOf, AnyOf, Enrolment, Filter, Flag, Happening, Known, Moment, Not, Number, WordChoice

AttributeValue = str | float | bool | date


class Deed(NamedTuple):
    """Something that happened. `order`: what makes several lines one order; empty where nothing does. `cents`: its
    value."""

    what: Happened
    at: datetime
    category: str = ""
    brand: str = ""
    item: str = ""
    campaign: str = ""
    kind: str = ""
    order: str = ""
    cents: int = 0


@dataclass(frozen=True)
class ClientFacts:
    """What is known of a client. `words`: those of each ChoiceField; `numbers` and `moments` lack what is unknown."""

    words: Mapping[ChoiceField, frozenset[str]] = field(default_factory=dict)
    numbers: Mapping[NumberField, float] = field(default_factory=dict)
    moments: Mapping[MomentField, datetime] = field(default_factory=dict)
    flags: frozenset[FlagField] = frozenset()
    attributes: Mapping[str, AttributeValue] = field(default_factory=dict)
    deeds: tuple[Deed, ...] = ()
    places: frozenset[tuple[CampaignPlace, str]] = frozenset()


_UNITS: Final = {
    SpanUnit.HOURS: timedelta(hours=1),
    SpanUnit.DAYS: timedelta(days=1),
    SpanUnit.WEEKS: timedelta(weeks=1),
}


def measure_span(span: TimeSpan) -> timedelta:
    """Return the length of a span."""
    return span.amount * _UNITS[span.unit]


def find_begin(day: date) -> datetime:
    """Return when a day begins in UTC."""
    return datetime.combine(day, time(), UTC)


class Bounds(NamedTuple):
    """A window in moments: from `begin`, to before `end`; None: open."""

    begin: datetime | None = None
    end: datetime | None = None

    def holds(self, at: datetime) -> bool:
        """Return whether a moment lies within."""
        return (self.begin is None or at >= self.begin) and (self.end is None or at < self.end)


def compute_bounds(window: TimeWindow | None, now: datetime) -> Bounds:
    """Return the bounds of a window as of `now`."""
    if window is None:
        return Bounds()
    begin = now - measure_span(window.last) if window.last else find_begin(window.since) if window.since else None
    end = now - measure_span(window.ago) if window.ago else find_begin(window.before) if window.before else None
    return Bounds(begin, end)


def is_member(tree: Filter, facts: ClientFacts, now: datetime) -> bool:
    """Return whether the client belongs to the segment. What is unknown matches no condition, so every `not` of one."""
    if isinstance(tree, AllOf):
        return all(is_member(part, facts, now) for part in tree.parts)
    if isinstance(tree, AnyOf):
        return any(is_member(part, facts, now) for part in tree.parts)
    if isinstance(tree, Not):
        return not is_member(tree.part, facts, now)
    return _meets(tree, facts, now)


def _meets(leaf: Filter, facts: ClientFacts, now: datetime) -> bool:
    if isinstance(leaf, WordChoice):
        return not _list_words(leaf, facts).isdisjoint(leaf.values)
    if isinstance(leaf, Number):
        return _compare(leaf, facts)
    if isinstance(leaf, Moment):
        return _lies_within(leaf, facts, now)
    if isinstance(leaf, Flag):
        return _find(leaf.field, facts) is True if leaf.field.startswith(ATTRIBUTE) else leaf.field in facts.flags
    if isinstance(leaf, Known):
        return _find(leaf.field, facts) is not None
    if isinstance(leaf, Enrolment):
        return (leaf.place, leaf.campaign) in facts.places
    return _has_happened(leaf, facts, now) if isinstance(leaf, Happening) else True


def _find(name: str, facts: ClientFacts) -> AttributeValue | None:
    return facts.attributes.get(name.removeprefix(ATTRIBUTE))


def _list_words(leaf: WordChoice, facts: ClientFacts) -> frozenset[str]:
    if isinstance(leaf.field, ChoiceField):
        return facts.words.get(leaf.field, frozenset())
    value = _find(leaf.field, facts)
    return frozenset({value} if isinstance(value, str) else ())


def _compare(leaf: Number, facts: ClientFacts) -> bool:
    found = facts.numbers.get(leaf.field) if isinstance(leaf.field, NumberField) else _find(leaf.field, facts)
    if isinstance(found, bool) or not isinstance(found, int | float):
        return False
    return {
        NumberOp.EQUAL: found == leaf.value,
        NumberOp.BELOW: found < leaf.value,
        NumberOp.AT_MOST: found <= leaf.value,
        NumberOp.ABOVE: found > leaf.value,
        NumberOp.AT_LEAST: found >= leaf.value,
    }[leaf.op]


def _lies_within(leaf: Moment, facts: ClientFacts, now: datetime) -> bool:
    bounds = compute_bounds(leaf.window, now)
    if isinstance(leaf.field, MomentField):
        at = facts.moments.get(leaf.field)
        return at is not None and bounds.holds(at)
    day = _find(leaf.field, facts)
    return isinstance(day, date) and bounds.holds(find_begin(day))


def _has_happened(leaf: Happening, facts: ClientFacts, now: datetime) -> bool:
    bounds = compute_bounds(leaf.window, now)
    deeds = [deed for deed in facts.deeds if _is_about(deed, leaf) and bounds.holds(deed.at)]
    if leaf.worth:
        cents, wanted = sum(deed.cents for deed in deeds), round(leaf.worth.amount * 100)
        return cents >= wanted if leaf.worth.op == CountOp.AT_LEAST else cents <= wanted
    return _is_often(leaf.count, count_deeds(deeds))


def count_deeds(deeds: Iterable[Deed]) -> int:
    """Count what happened; the lines of one order once."""
    known = list(deeds)
    return len({deed.order for deed in known if deed.order}) + sum(1 for deed in known if not deed.order)


def _is_often(count: Count | None, times: int) -> bool:
    if count is None:
        return times > 0
    if count.op == CountOp.AT_LEAST:
        return times >= count.times
    return times <= count.times if count.op == CountOp.AT_MOST else times == count.times


def _is_about(deed: Deed, leaf: Happening) -> bool:
    asked = (
        (leaf.categories, deed.category),
        (leaf.brands, deed.brand),
        (leaf.items, deed.item),
        (leaf.campaigns, deed.campaign),
        (leaf.kinds, deed.kind),
    )
    return deed.what == leaf.what and all(value in wanted for wanted, value in asked if wanted)
