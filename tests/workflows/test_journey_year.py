"""Clients through campaigns of several steps over a year, on the real workflows, database and SMTP, under a server that
skips time: caps, quiet hours, two changes of the clock, and versions changed half-way."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import pytest_asyncio
from sqlalchemy import select

from domain.sequences import is_of_sequence
from domain.states import OPEN_PLACES
from models.actors import Actor, Channel, Role
from models.campaign_definition import CampaignDefinition
from models.catalogue import StockRow
from models.states import EnrolmentState, OutreachState
from services.campaigns import rounds
from services.campaigns.definitions import decide_version, save_draft, start_version, submit_version
from services.ingestion import item_intake
from services.journeys.item_entries import Revisions, look_at_items, tell_wishers
from store.database import read_transaction, write_transaction
from store.tables import enrolments, events
from tests.support.shop import Shop
from tests.support.temporal import new_time_skipping, wait_for_morning
from tests.workflows.test_steering import SteeringDesk

OWNER = Actor(who="eve", role=Role.OWNER, channel=Channel.COMMAND)
ZONES = {"berlin": "Europe/Berlin", "york": "America/New_York", "evening": "Europe/London"}
STEP = timedelta(days=2)
CART: dict[str, Any] = {
    "slug": "cart",
    "name": "Left in the basket",
    "holdout": 0,
    "entry": {"on": "event", "event": "added_to_cart", "wait": "4h", "unless": ["order_placed"]},
    "steps": [
        {"id": "first", "mail": {"message": "The pieces in your basket are still there.", "show_entry_item": True}},
        {"id": "think", "wait_for": {"event": "item_viewed", "within": "3d", "then": "second", "otherwise": "rest"}},
        {"id": "rest", "wait": "1d"},
        {"id": "second", "mail": {"message": "Here is what goes with them."}},
    ],
    "exits": {"goal": "order_placed"},
    "re_entry": "2w",
    "expires_after": "4w",
    "caps": {"mails_per_week": 1},
    "quiet_hours": {"from_hour": 18, "until_hour": 10},
}
LATER_CART = CART | {"steps": [*CART["steps"][:2], {"id": "last", "mail": {"message": "The pieces are few now."}}]}
"""The steps `rest` and `second` vanished."""
LATER_CART["steps"][1] = {"id": "think", "wait_for": {"event": "item_viewed", "within": "3d"}}
FIX: dict[str, Any] = {
    "slug": "after-a-fix",
    "name": "After a Fix",
    "holdout": 0,
    "entry": {"on": "event", "event": "fix_feedback", "wait": "1w", "unless": ["order_placed"]},
    "steps": [
        {"id": "thanks", "mail": {"message": "Here is what goes with the pieces of your Fix."}},
        {"id": "pause", "wait": "2w"},
        {"id": "more", "mail": {"message": "Here is more of what you kept."}},
    ],
    "exits": {"goal": "order_placed"},
    "re_entry": "30d",
    "expires_after": "8w",
}
LATER_FIX = FIX | {"steps": [FIX["steps"][0], {"id": "pause", "wait": "3w"}, FIX["steps"][2]]}


BACK: dict[str, Any] = {
    "slug": "back",
    "name": "Back in stock",
    "holdout": 0,
    "entry": {"on": "back_in_stock", "wait": "1h"},
    "steps": [{"id": "back", "mail": {"message": "A piece that you wished for is back.", "show_entry_item": True}}],
    "exits": {"goal": "order_placed"},
    "re_entry": "1w",
}
WISHED = "item05"


class JourneyYear(SteeringDesk):
    """A year of a handful of clients, each in a zone of their own, and of the campaigns they are in."""

    revisions: Revisions | None = None

    def count_stock(self, units: int) -> None:
        with write_transaction(self.shop.engine) as connection:
            row = StockRow(sku=f"{WISHED}-M", item_id=WISHED, size="M", on_hand=units)
            item_intake.put_stock(connection, [row])

    def look_at_items(self, now: datetime) -> None:
        """Look at items as the worker does, by the server's clock."""
        self.revisions = look_at_items(self.shop.engine, now, self.revisions)
        while tell_wishers(self.shop.engine, now, datetime.now(UTC)):
            pass

    def publish(self, definition: dict[str, Any], now: datetime, **fields: Any) -> None:
        engine, settings = self.shop.engine, self.shop.settings
        parsed = CampaignDefinition.model_validate(definition)
        drafted = save_draft(engine, OWNER, parsed, settings, now, now)
        submit_version(engine, OWNER, parsed.slug, now, now)
        decide_version(engine, OWNER, parsed.slug, drafted.version, "approve", now, now)
        start_version(engine, OWNER, parsed.slug, now, now, **fields)

    async def live(self, until: datetime, happenings: list[tuple[datetime, str, str, dict[str, Any]]]) -> None:
        """Let time pass until `until`; things happen when their time has come."""
        while (now := await self.env.get_current_time()) < until:
            while happenings and happenings[0][0] <= now:
                _, client_id, kind, fields = happenings.pop(0)
                if kind == "stock":
                    self.count_stock(fields["units"])
                else:
                    self.shop.event(client_id, kind, now, **fields)
            self.look_at_items(now)
            await self.drain()
            following = min([until, now + STEP, *(at for at, *_ in happenings[:1])])
            await self.env.sleep(following - now)

    def places(self) -> list[Any]:
        with read_transaction(self.shop.engine) as connection:
            return list(connection.execute(select(enrolments).where(enrolments.c.version.is_not(None))))

    def orders(self) -> dict[str, list[datetime]]:
        found = dict[str, list[datetime]]()
        with read_transaction(self.shop.engine) as connection:
            rows = connection.execute(select(events).where(events.c.type == "order_placed"))
            for row in rows:
                found.setdefault(row.client_id, []).append(row.occurred_at)
        return found


@pytest_asyncio.fixture
async def year(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[JourneyYear]:
    """Rounds of the campaigns' workflows come once a week: they are thousands else, and nothing here waits for them."""
    monkeypatch.setattr(rounds, "LONGEST_WATCH_S", 604_800.0)
    monkeypatch.setattr(rounds, "LOOK_AGAIN", timedelta(days=7))
    async with new_time_skipping() as env, shop.run_workers(env.client) as dispatcher:
        await wait_for_morning(env)
        yield JourneyYear(env, shop, dispatcher)


def invent_happenings(start: datetime, seed: int) -> list[tuple[datetime, str, str, dict[str, Any]]]:
    """Invent what the clients do in a year: baskets, looks, orders and feedback, by day and by night."""
    rng, found = Random(seed), list[tuple[datetime, str, str, dict[str, Any]]]()
    for client_id in ZONES:
        for day in range(3, 365, 19):
            at = start + timedelta(days=day + rng.randrange(6), hours=rng.randrange(24))
            item = f"item{rng.randrange(24):02}"
            found.append((at, client_id, "added_to_cart", {"item_id": item}))
            if rng.random() < 0.4:
                found.append((at + timedelta(hours=2), client_id, "added_to_cart", {"item_id": f"item{day % 24:02}"}))
            if rng.random() < 0.5:
                found.append((at + timedelta(hours=rng.randrange(30, 90)), client_id, "item_viewed", {"item_id": item}))
            if rng.random() < 0.4:
                bought = {"item_id": item, "value": "60.00", "currency": "USD"}
                found.append((at + timedelta(hours=rng.randrange(1, 200)), client_id, "order_placed", bought))
            if rng.random() < 0.2:
                found.append((at + timedelta(days=3), client_id, "fix_feedback", {"item_id": item, "kept": True}))
    for client_id in list(ZONES)[:2]:
        found.append((start + timedelta(days=2), client_id, "wishlisted", {"item_id": WISHED}))
    for day in range(30, 365, 55):
        at = start + timedelta(days=day, hours=rng.randrange(24))
        found += [(at, "", "stock", {"units": 0}), (at + timedelta(days=9), "", "stock", {"units": 20})]
        found += [(at + timedelta(days=9, hours=1), "", "stock", {"units": 0})] * (day == 85)  # sold out at once
    return sorted(found, key=lambda one: one[0])


async def test_a_year_of_baskets_and_fixes_keeps_every_promise(year: JourneyYear) -> None:
    start = await year.env.get_current_time()
    for client_id, zone in ZONES.items():
        policy = {"preferred_hour": 20} if client_id == "evening" else {}
        await year.sign_up(client_id, time_zone=zone, **policy)
    year.publish(CART, start)
    year.publish(FIX, start)
    year.publish(BACK, start)
    happenings = invent_happenings(start, 7)
    half = start + timedelta(days=182)
    await year.live(half, happenings)
    year.publish(LATER_CART, half, takeover="move")
    year.publish(LATER_FIX, half, takeover="stay")
    await year.live(start + timedelta(days=365), happenings)
    check_mails(year)
    check_places(year, start + timedelta(days=365))


def check_mails(year: JourneyYear) -> None:
    """Nobody is mailed twice for one occasion, by night, beyond the caps, or after the goal."""
    ledger = [row for row in year.shop.ledger() if row.state == OutreachState.SENT]
    assert len(ledger) == len(year.shop.mails())
    assert max(Counter((row.client_id, row.reason_key) for row in ledger).values()) == 1
    orders, entered = year.orders(), {(row.campaign, row.client_id, row.entry): row for row in year.places()}
    for row in ledger:
        local = row.sent_at.astimezone(ZoneInfo(ZONES[row.client_id]))
        before = [
            one.sent_at
            for one in ledger
            if one.client_id == row.client_id and row.sent_at - timedelta(days=7) < one.sent_at < row.sent_at
        ]
        assert 8 <= local.hour < 21, (row.client_id, row.reason_key, local)
        assert len(before) < 2
        if row.campaign == "back":
            assert WISHED in row.shown, "the mail shows what it is about"
        if row.campaign == "cart":
            assert 10 <= local.hour < 18, (row.client_id, row.reason_key, local)
            assert len(before) < 1, (row.client_id, row.reason_key)
        if row.campaign and not is_of_sequence(row.reason_key):
            place = entered[row.campaign, row.client_id, row.reason_key.split(":")[2]]
            between = [at for at in orders.get(row.client_id, []) if place.enrolled_at < at < row.sent_at]
            assert not between, (row.client_id, row.reason_key, "after the goal")


def check_places(year: JourneyYear, now: datetime) -> None:
    """Nobody is stuck, everybody took their steps in order, and those who completed took all of them."""
    sent = {(row.client_id, row.reason_key) for row in year.shop.ledger() if row.state == OutreachState.SENT}
    ends = Counter[str]()
    for row in year.places():
        ends[row.state] += 1
        if row.state in OPEN_PLACES:
            assert row.enrolled_at > now - timedelta(weeks=8), (row, "stuck")
        behind = list(row.taken or ())
        taken = behind if row.step in behind[-1:] else [*behind, row.step]
        assert len(taken) == len(set(taken)), (row, "a step was taken twice")
        if row.state == EnrolmentState.COMPLETED and row.campaign == "after-a-fix":
            assert taken == ["thanks", "pause", "more"]
        mails = [step for step in taken if step in ("first", "second", "last", "thanks", "more")]
        if row.state == EnrolmentState.COMPLETED:
            keys = {(row.client_id, f"campaign:{row.campaign}:{row.entry}:{step}") for step in mails}
            assert keys <= sent, (row, "a step was lost")
    back = [row for row in year.places() if row.campaign == "back"]
    assert {row.client_id for row in back} == set(list(ZONES)[:2]), "the third wished for nothing"
    assert "sold_out" in {row.code for row in back}
    assert Counter(row.state for row in back)[EnrolmentState.COMPLETED] >= 3
    assert min(ends[EnrolmentState.COMPLETED], ends[EnrolmentState.EXITED]) >= 5, ends
