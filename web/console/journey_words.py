"""A campaign's steps in words, as its pages draw them, with the clients who are in each."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import NamedTuple

from domain.wording import join_words
from models.campaign import Audience
from models.campaign_definition import (
    BackInStockEntry,
    CampaignDefinition,
    DateEntry,
    EventEntry,
    EveryEntry,
    PriceDropEntry,
    TimeEntry,
)
from models.journey_steps import END, JourneyStep
from models.phase_entry import PhaseEntry
from models.states import TouchKind
from web.console.labels import EVENTS, KINDS, PHASES, get_label


class StepView(NamedTuple):
    """A step: what it does in words, where it leads other than on to the next, and how many are in it."""

    step_id: str
    action: str
    title: str
    words: str
    leads: tuple[str, ...]
    people: int


def describe_steps(definition: CampaignDefinition, people: Mapping[str, int]) -> list[StepView]:
    """Describe the steps of a definition; `people`: how many clients are in each now."""
    return [
        StepView(step.id, step.action, *_describe(step), _list_leads(step), people.get(step.id, 0))
        for step in definition.steps
    ]


def _describe(step: JourneyStep) -> tuple[str, str]:
    if step.mail is not None:
        variants = f" · {len(step.mail.variants) + 1} variants" if step.mail.variants else ""
        named = filter(None, (step.mail.offer, *(variant.offer for variant in step.mail.variants)))
        offers = list(dict.fromkeys(named))
        said = f" · {'offers' if len(offers) > 1 else 'offer'} {join_words(offers)}" if offers else ""
        kind = "" if step.mail.kind is TouchKind.CAMPAIGN else f": {get_label(step.mail.kind, KINDS)}"
        return f"Mail{kind}{variants}{said}", step.mail.message
    if step.wait is not None:
        return f"Wait {say_span(step.wait)}", ""
    if step.wait_for is not None:
        return f"Wait for “{get_label(step.wait_for.event, EVENTS)}”", f"at most {say_span(step.wait_for.within)}"
    if step.branch is not None:
        return "Part ways", say_audience(step.branch.when)
    if step.call is not None:
        return "Call by a stylist", f"within {say_span(step.call.within)}"
    return "The end", ""


def _list_leads(step: JourneyStep) -> tuple[str, ...]:
    words = {"then": "if so", "otherwise": "if not"}
    pairs = ((words[field.rpartition(".")[2]], target) for field, target in step.targets)
    return tuple(f"{word}: {'the end' if target == END else target}" for word, target in pairs)


def say_span(span: timedelta) -> str:
    """Say a span of time in the largest unit that fits."""
    minutes = int(span.total_seconds()) // 60
    for unit, length in (("week", 10_080), ("day", 1_440), ("hour", 60), ("minute", 1)):
        if minutes % length == 0 and minutes >= length:
            many = minutes // length
            return f"{many} {unit}{'' if many == 1 else 's'}"
    return "no time"


def say_audience(audience: Audience) -> str:
    """Say who is in an audience."""
    parts = []
    if audience.phases:
        parts.append(" or ".join(get_label(phase, PHASES) for phase in audience.phases))
    if audience.tags:
        parts.append(f"tagged {' and '.join(audience.tags)}")
    if audience.filter is not None:
        parts.append(str(audience.filter))
    return ", ".join(parts) or "everybody"


def say_entry(definition: CampaignDefinition) -> str:
    """Say who enters, and when."""
    entry, who = definition.entry, say_audience(definition.audience)
    if isinstance(entry, TimeEntry):
        zone = "their own clock" if entry.zone == "client" else "the shop's clock"
        return f"{who}: on {entry.at.day} {entry.at:%B %Y} at {entry.at:%H:%M} by {zone}"
    if isinstance(entry, PhaseEntry):
        return (
            f"whoever becomes “{get_label(entry.phase, PHASES)}”; it ends with the phase, and begins anew with the next"
        )
    if isinstance(entry, EveryEntry):
        return f"{who}: again every {say_span(entry.every)}"
    if isinstance(entry, EventEntry):
        wait = f"{say_span(entry.wait)} after" if entry.wait else "at once after"
        unless = ", ".join(get_label(one, EVENTS).lower() for one in entry.unless)
        return f"{who}: {wait} “{get_label(entry.event, EVENTS)}”" + (f", unless they {unless} since" if unless else "")
    if isinstance(entry, BackInStockEntry):
        return f"{who}: when an item that they wished for comes back"
    if isinstance(entry, PriceDropEntry):
        return f"{who}: when an item that they wished for is cheaper by {100 * entry.at_least:g} % or more"
    if isinstance(entry, DateEntry):
        days = entry.offset_days
        side = f"{abs(days)} days {'after' if days > 0 else 'before'} their" if days else "on their"
        return f"{who}: {side} {entry.attribute.replace('_', ' ')}"
    return f"{who}: at the start, and whoever joins later"
