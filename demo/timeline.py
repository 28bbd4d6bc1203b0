"""What the demo's clients do, day by day: a pure function of the day, so that it can be replayed from anywhere.

Purchases follow the rhythms of real clients (demo/rhythms.py); what is bought follows each client's invented taste.
Browsing leads up to a purchase, or to nothing. When the eighteen months of rhythms are over they begin anew, so that
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

from demo.people import Person, person
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


def lines(purchase: Purchase) -> int:
    """How many order lines a purchase has in the demo."""
    return min(max(purchase.items, 1), 3)


class Timeline:
    """All that happens in the demo. `start` is day 0, in business time; `lives` are the clients known by then;
    newcomers draw from `rhythms`."""

    def __init__(
        self, start: datetime, catalogue: list[ItemRow], lives: list[Life], rhythms: list[tuple[Purchase, ...]]
    ) -> None:
        self._start, self._catalogue, self.lives, self._rhythms = start, catalogue, lives, rhythms
        self._likings: dict[str, list[float]] = {}
        self._newcomer = lru_cache(maxsize=None)(self._signs_up)

    def history(self) -> Iterator[Raw]:
        """Every event before day 0, client by client."""
        for life in self.lives:
            yield from self._quiz(life.person)
            for index, purchase in enumerate(life.purchases):
                if purchase.day < 0:
                    visit = self._visit(life.person, index, purchase)
                    yield from (event for event in visit if self._day_of(event) < 0)

    def signups(self, day: int) -> list[Person]:
        """Who signs up on `day`, in order of time."""
        late = day - RUSH_DAYS
        first, count = (day * RUSH, RUSH) if late < 0 else (RUSH_DAYS * RUSH + -(-late // 3), int(late % 3 == 0))
        return [self._newcomer(first + index, day).person for index in range(count)]

    def day(self, day: int) -> list[Raw]:
        """Every event of `day` (0 or later), in order of time."""
        found = [event for life in self.lives for event in self._of_day(life, day)]
        for earlier in range(day + 1):
            for one in self.signups(earlier):
                life = self._newcomer(int(one.row.client_id[6:]) - FIRST_NEWCOMER, earlier)
                found += self._of_day(life, day)
                if earlier == day and one.row.signed_up_at is not None:
                    found.append(_event(one, "signup", "signed_up", one.row.signed_up_at))
                if earlier >= day - 1:
                    found += [event for event in self._quiz(one) if self._day_of(event) == day]
        return sorted(found, key=lambda event: str(event["occurred_at"]))

    def _signs_up(self, number: int, day: int) -> Life:
        """A newcomer lives by a real client's rhythm from the first purchase on, some days after signing up."""
        rng = Random(f"newcomer {number}")
        hours = rng.uniform(0.5, 11.5) + 12 * (number % RUSH)
        one = person(FIRST_NEWCOMER + number, self._start + timedelta(days=day, hours=hours))
        rhythm = rng.choice(self._rhythms)
        begin = day + rng.randint(1, 9) - rhythm[0].day
        return Life(one, tuple(purchase._replace(day=begin + purchase.day) for purchase in rhythm))

    def _of_day(self, life: Life, day: int) -> Iterator[Raw]:
        """What a client does on `day`: a visit's looks may fall a day earlier, its returns up to weeks later."""
        for index, purchase in enumerate(life.purchases):
            again, since = divmod(day + 1 - purchase.day, DAYS)
            if again >= 0 and since <= LATEST_RETURN + 2:
                visit = self._visit(life.person, index + 1_000 * again, purchase._replace(day=day + 1 - since))
                yield from (event for event in visit if self._day_of(event) == day)
        shopping = life.purchases[0].day - 5 <= day <= life.purchases[-1].day + 30
        yield from self._browse(life.person, day, 0.05 if shopping else 0.004)

    def _visit(self, one: Person, index: int, purchase: Purchase) -> Iterator[Raw]:
        """One purchase: a look at each thing, the order lines, and now and then something sent back."""
        rng = Random(f"visit {one.row.client_id} {index}")
        at = self._at(one, purchase.day, rng)
        for line in range(lines(purchase)):
            item, key, when = self._choose(one, rng), f"o{index}-{line}", at + timedelta(minutes=2 * line)
            paid = {"quantity": 1, "value": str(item.price)}
            yield _event(one, f"{key}-view", "item_viewed", when - timedelta(minutes=rng.uniform(3, 40)), item)
            yield _event(one, key, "order_placed", when, item, **paid, order_id=f"{one.row.client_id}-{index}")
            if rng.random() < 0.06:
                back = when + timedelta(days=rng.randint(4, LATEST_RETURN))
                reason = rng.choice(("too small", "too large", "colour"))
                yield _event(one, f"{key}-back", "order_returned", back, item, **paid, reason=reason)

    def _browse(self, one: Person, day: int, chance: float) -> Iterator[Raw]:
        rng = Random(f"browse {one.row.client_id} {day}")
        if rng.random() >= chance or (one.row.signed_up_at or self._start) >= self._start + timedelta(days=day):
            return
        at = min(self._at(one, day, rng), self._start + timedelta(days=day, hours=23, minutes=50))
        for look in range(rng.randint(1, 4)):
            kind = rng.choices(("item_viewed", "item_clicked", "wishlisted", "added_to_cart"), (10, 5, 2, 1))[0]
            yield _event(one, f"b{day}-{look}", kind, at + timedelta(minutes=2 * look), self._choose(one, rng))

    def _quiz(self, one: Person) -> Iterator[Raw]:
        signed = one.row.signed_up_at
        if one.quiz and signed is not None:
            at = signed + timedelta(minutes=Random(f"quiz {one.row.client_id}").uniform(2, 15))
            yield _event(one, "quiz", "quiz_answered", at) | one.quiz_fields

    def _at(self, one: Person, day: int, rng: Random) -> datetime:
        """A moment in the client's own waking hours that lies on the demo's day `day`."""
        begin = self._start + timedelta(days=day)
        local = begin.astimezone(ZoneInfo(one.row.time_zone or "UTC"))
        hour = 8 + rng.triangular(0, 14, 10)
        return begin + timedelta(hours=(hour - local.hour - local.minute / 60) % 24)

    def _day_of(self, event: Raw) -> int:
        return (datetime.fromisoformat(event["occurred_at"]) - self._start).days

    def _choose(self, one: Person, rng: Random) -> ItemRow:
        weights = self._likings.get(one.row.client_id)
        if weights is None:
            weights = list(accumulate(one.taste.liking(item) for item in self._catalogue))
            self._likings[one.row.client_id] = weights
        return rng.choices(self._catalogue, cum_weights=weights)[0]


def _event(one: Person, key: str, kind: str, at: datetime, item: ItemRow | None = None, **more: Any) -> Raw:
    event: Raw = {
        "event_id": f"demo-{one.row.client_id}-{key}",
        "client_id": one.row.client_id,
        "type": kind,
        "occurred_at": at.isoformat(timespec="seconds"),
    }
    return event | ({"item_id": item.item_id} if item is not None else {}) | more
