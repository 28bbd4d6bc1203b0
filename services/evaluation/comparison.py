"""Champion against shadows, and variants against each other, over what is on record."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from domain.comparison.agreement import agreement, answered
from domain.comparison.foretold import BY_FIRST, BY_ORDERS, foretold
from domain.comparison.likeness import listed
from domain.comparison.outcomes import Outcome, against, closed, earned, outcomes
from domain.comparison.records import Live, Shadow
from store.learning import comparisons
from store.learning.session_answers import SLOT as SESSION


def compare(
    connection: Connection, slot: str, since: datetime, until: datetime, within: timedelta, k: int = 10
) -> dict[str, Any]:
    """Answers of a slot from `since` to `until` (business time). What clients did `within` that time of seeing one
    counts for it; answers for which that time is not over are left out of what was earned. `k`: so many places of two
    lists are compared."""
    lives = comparisons.lives(connection, slot, since, until)
    beside: dict[str, dict[str, Shadow]] = defaultdict(dict)
    for shadow in comparisons.shadows(connection, slot, {live.question for live in lives}):
        beside[shadow.name][shadow.question] = shadow
    clients = {live.client_id for live in lives if live.shown_at is not None}
    its_deeds = comparisons.deeds(connection, clients, since, until, touches=slot == SESSION)
    found = outcomes(lives, its_deeds, within) if clients else []
    over = closed(found, within, until)
    return {
        "slot": slot,
        "since": since.isoformat(),
        "until": until.isoformat(),
        "within_days": within / timedelta(days=1),
        "answers": len(lives),
        "variants": _variants(lives, found, over),
        "shadows": {name: _shadow(name, slot, lives, over, its, k) for name, its in sorted(beside.items())},
    }


def _variants(lives: list[Live], found: list[Outcome], over: list[Outcome]) -> dict[str, Any]:
    """Each that was to answer; challengers against the champion of the split in force last, over its answers alone.
    `over`: those of `found` that may be judged."""
    names = sorted({live.variant for live in lives})
    told: dict[str, Any] = {
        name: asdict(answered(name, *_took([live for live in lives if live.variant == name])))
        | {"earned": _earned(_of(name, found), _of(name, over)), "touched": _touched(_of(name, over))}
        for name in names
    }
    experiment = lives[-1].experiment if lives else ""
    champion, *challengers = [part.partition(" ")[0] for part in experiment.split(", ")]
    tried = [each for each in over if each.live.experiment == experiment]
    for name in challengers:
        gained = against(_of(name, tried), _of(champion, tried))
        told.setdefault(name, {})["over"] = {"champion": champion, "experiment": experiment} | {
            figure: its.told for figure, its in gained._asdict().items()
        }
    return told


def _of(name: str, found: list[Outcome]) -> list[Outcome]:
    return [each for each in found if each.live.variant == name]


def _earned(found: list[Outcome], over: list[Outcome]) -> dict[str, Any]:
    return earned(over, len(found) - len(over))._asdict()


def _touched(over: list[Outcome]) -> dict[str, float] | None:
    """The share of answers of which something was touched, and of which the first; None where nothing is listed."""
    pages = [each for each in over if listed(each.live.answer)]
    if not pages:
        return None
    count = len(pages)
    return {
        "any": sum(bool(page.touched) for page in pages) / count,
        "first": sum(page.first_touched for page in pages) / count,
    }


def _took(lives: list[Live]) -> tuple[list[float], list[tuple[str, ...]]]:
    return [live.seconds for live in lives], [live.faults for live in lives]


def _shadow(
    name: str, slot: str, lives: list[Live], found: list[Outcome], its: dict[str, Shadow], k: int
) -> dict[str, Any]:
    pairs = [(live, its[live.question]) for live in lives if live.question in its]
    asked = [shadow for _, shadow in pairs]
    judged = BY_FIRST if slot == SESSION else BY_ORDERS
    would = foretold([(each, its[each.live.question]) for each in found if each.live.question in its], judged)
    took = answered(name, [each.seconds for each in asked], [each.faults for each in asked])
    return asdict(took) | {
        "agreement": asdict(agreement(pairs, k)),
        "foretold": would if isinstance(would, str) else _plain(would._asdict()),
    }


def _plain(values: dict[str, Any]) -> dict[str, Any]:
    return {
        name: asdict(value) | {"enough": value.enough} if hasattr(value, "enough") else value
        for name, value in values.items()
    }
