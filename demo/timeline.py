"""What the demo's clients do, day by day: a pure function of the day, so that it can be replayed from anywhere.

Purchases follow the rhythms of real clients (demo/rhythms.py); what is bought follows each client's invented taste.
Browsing leads up to a purchase, or to nothing. When the eighteen months of rhythms are over they begin again, so that
the demo never runs dry.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import accumulate
from random import Random
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

from demo.people import Person, build_person
from demo.rhythms import DAYS, Purchase
from models.catalogue import ItemRow

RUSH_DAYS: Final = 60
"""Business days at the demo's beginning with many signups."""
RUSH: Final = 2
"""Signups a day while they rush; after that, one in three days."""
FIRST_NEWCOMER: Final = 10_000
LATEST_RETURN: Final = 15
Raw = dict[str, Any]


class Life(NamedTuple):
    """One client's purchases by the demo's days: day 0 is the day on which the demo begins."""

    person: Person
    purchases: tuple[Purchase, ...]


def count_lines(purchase: Purchase) -> int:
    """Count the order lines that a purchase has in the demo."""
    return min(max(purchase.items, 1), 3)


class Timeline:
    """All that happens in the demo. `start` is day 0, in business time; `lives` are the clients known by then;
    newcomers draw from `rhythms`."""

    def __init__(
        self, start: datetime, catalogue: list[ItemRow], lives: list[Life], rhythms: list[tuple[Purchase, ...]]
    ) -> None:
        self._start, self._catalogue, self.lives, self._rhythms = start, catalogue, lives, rhythms
        self._weights: dict[str, list[float]] = {}
        self._newcomer = lru_cache(maxsize=None)(self._build_newcomer)

    def list_history(self) -> Iterator[Raw]:
        """List every event before day 0, client by client."""
        for life in self.lives:
            yield from self._list_quiz(life.person)
            for index, purchase in enumerate(life.purchases):
                if purchase.day < 0:
                    visit = self._list_visit(life.person, index, purchase)
                    yield from (event for event in visit if self._day_of(event) < 0)

    def list_signups(self, day: int) -> list[Person]:
        """List who signs up on `day`, in order of time."""
        late = day - RUSH_DAYS
        first, count = (day * RUSH, RUSH) if late < 0 else (RUSH_DAYS * RUSH + -(-late // 3), int(late % 3 == 0))
        return [self._newcomer(first + index, day).person for index in range(count)]

    def list_day_events(self, day: int) -> list[Raw]:
        """List every event of `day` (0 or later), in order of time."""
        events = [event for life in self.lives for event in self._list_client_day(life, day)]
        for earlier in range(day + 1):
            for person in self.list_signups(earlier):
                life = self._newcomer(int(person.row.client_id[6:]) - FIRST_NEWCOMER, earlier)
                events += self._list_client_day(life, day)
                if earlier == day and person.row.signed_up_at is not None:
                    events.append(_build_event(person, "signup", "signed_up", person.row.signed_up_at))
                if earlier >= day - 1:
                    events += [event for event in self._list_quiz(person) if self._day_of(event) == day]
        return sorted(events, key=lambda event: str(event["occurred_at"]))

    def _build_newcomer(self, number: int, day: int) -> Life:
        """Build a newcomer, who lives by a real client's rhythm from the first purchase on, days after signing up."""
        rng = Random(f"newcomer {number}")
        hours = rng.uniform(0.5, 11.5) + 12 * (number % RUSH)
        person = build_person(FIRST_NEWCOMER + number, self._start + timedelta(days=day, hours=hours))
        rhythm = rng.choice(self._rhythms)
        begin = day + rng.randint(1, 9) - rhythm[0].day
        return Life(person, tuple(purchase._replace(day=begin + purchase.day) for purchase in rhythm))

    def _list_client_day(self, life: Life, day: int) -> Iterator[Raw]:
        """List what a client does on `day`: a visit's looks may fall a day earlier, its returns up to weeks later."""
        for index, purchase in enumerate(life.purchases):
            cycle, since = divmod(day + 1 - purchase.day, DAYS)
            if cycle >= 0 and since <= LATEST_RETURN + 2:
                visit = self._list_visit(life.person, index + 1_000 * cycle, purchase._replace(day=day + 1 - since))
                yield from (event for event in visit if self._day_of(event) == day)
        shopping = life.purchases[0].day - 5 <= day <= life.purchases[-1].day + 30
        yield from self._list_browsing(life.person, day, 0.05 if shopping else 0.004)

    def _list_visit(self, person: Person, index: int, purchase: Purchase) -> Iterator[Raw]:
        """List the events of one purchase: a look at each thing, mostly the cart, the order lines, and sometimes a
        return."""
        rng = Random(f"visit {person.row.client_id} {index}")
        at = self._choose_moment(person, purchase.day, rng)
        for line in range(count_lines(purchase)):
            item, key, when = self._choose_item(person, rng), f"o{index}-{line}", at + timedelta(minutes=2 * line)
            paid = {"quantity": 1, "value": str(item.price)}
            yield _build_event(person, f"{key}-view", "item_viewed", when - timedelta(minutes=rng.uniform(3, 40)), item)
            if Random(f"cart {person.row.client_id} {index} {line}").random() < 0.8:  # others buy at once
                yield _build_event(person, f"{key}-cart", "added_to_cart", when - timedelta(minutes=2), item)
            yield _build_event(
                person, key, "order_placed", when, item, **paid, order_id=f"{person.row.client_id}-{index}"
            )
            if rng.random() < 0.06:
                back = when + timedelta(days=rng.randint(4, LATEST_RETURN))
                reason = rng.choice(("too small", "too large", "colour"))
                yield _build_event(person, f"{key}-back", "order_returned", back, item, **paid, reason=reason)

    def _list_browsing(self, person: Person, day: int, chance: float) -> Iterator[Raw]:
        rng = Random(f"browse {person.row.client_id} {day}")
        if rng.random() >= chance or (person.row.signed_up_at or self._start) >= self._start + timedelta(days=day):
            return
        at = min(self._choose_moment(person, day, rng), self._start + timedelta(days=day, hours=23, minutes=50))
        for look in range(rng.randint(1, 4)):
            kind = rng.choices(("item_viewed", "item_clicked", "wishlisted", "added_to_cart"), (10, 5, 2, 1))[0]
            yield _build_event(
                person, f"b{day}-{look}", kind, at + timedelta(minutes=2 * look), self._choose_item(person, rng)
            )

    def _list_quiz(self, person: Person) -> Iterator[Raw]:
        signed = person.row.signed_up_at
        if person.quiz and signed is not None:
            at = signed + timedelta(minutes=Random(f"quiz {person.row.client_id}").uniform(2, 15))
            yield _build_event(person, "quiz", "quiz_answered", at) | person.quiz_fields

    def _choose_moment(self, person: Person, day: int, rng: Random) -> datetime:
        """Choose a moment in the client's own waking hours that lies on the demo's day `day`."""
        begin = self._start + timedelta(days=day)
        local = begin.astimezone(ZoneInfo(person.row.time_zone or "UTC"))
        hour = 8 + rng.triangular(0, 14, 10)
        return begin + timedelta(hours=(hour - local.hour - local.minute / 60) % 24)

    def _day_of(self, event: Raw) -> int:
        return (datetime.fromisoformat(event["occurred_at"]) - self._start).days

    def _choose_item(self, person: Person, rng: Random) -> ItemRow:
        weights = self._weights.get(person.row.client_id)
        if weights is None:
            weights = list(accumulate(person.taste.compute_liking(item) for item in self._catalogue))
            self._weights[person.row.client_id] = weights
        return rng.choices(self._catalogue, cum_weights=weights)[0]


def _build_event(person: Person, key: str, kind: str, at: datetime, item: ItemRow | None = None, **fields: Any) -> Raw:
    event: Raw = {
        "event_id": f"demo-{person.row.client_id}-{key}",
        "client_id": person.row.client_id,
        "type": kind,
        "occurred_at": at.isoformat(timespec="seconds"),
    }
    return event | ({"item_id": item.item_id} if item is not None else {}) | fields
