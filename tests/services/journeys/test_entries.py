"""Who enters campaigns for what happens to items and on days of their own, on both databases."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, insert, select

from domain.journeys.date_entries import find_occasion
from domain.journeys.entries import may_enter
from errors import BadInput
from models.actors import Actor, Channel, Role
from models.attributes import AttributeOrder, AttributeType
from models.base import utc
from models.campaign import CampaignCommand
from models.campaign_definition import CampaignDefinition, DateEntry
from models.catalogue import ItemRow, StockRow
from models.states import EnrolmentState
from services.campaigns.definitions import decide_version, save_draft, start_version, submit_version
from services.campaigns.steering import steer_campaign
from services.goods.wholes import replace_stock
from services.ingestion import item_intake
from services.ingestion.intake import accept_events
from services.journeys import item_entries
from services.journeys.date_entries import enter_near_days
from services.journeys.item_entries import Revisions, look_at_items, tell_wishers
from services.segments.attributes import declare_attribute, set_attributes
from settings import Settings
from store.campaigns import places
from store.database import read_transaction, write_transaction
from store.mail.policy import ShopPolicy
from store.tables import clients, enrolments, events, item_occasions, item_sightings, outbox
from tests.store.conftest import NOW, REAL
from tests.store.seeds import event, list_waiting, seed_clients, seed_items

OWNER = Actor(who="olga", role=Role.OWNER, channel=Channel.COMMAND)
HOUR = timedelta(hours=1)
BACK = {"on": "back_in_stock", "wait": "1h"}
CHEAPER = {"on": "price_drop", "at_least": 0.2}


class Watch:
    """A shop whose items are looked at, as the worker looks at them."""

    def __init__(self, engine: Engine, policy: ShopPolicy, settings: Settings) -> None:
        self.engine, self.policy, self.settings = engine, policy, settings
        self.seen: Revisions | None = None

    def publish(self, slug: str, entry: dict[str, Any], **fields: Any) -> None:
        step = {"id": "m", "mail": {"message": "Look.", "show_entry_item": True}}
        values = {"slug": slug, "name": slug, "holdout": 0, "entry": entry, "steps": [step], **fields}
        definition = CampaignDefinition.model_validate(values)
        drafted = save_draft(self.engine, OWNER, definition, self.settings, NOW, REAL)
        submit_version(self.engine, OWNER, slug, NOW, REAL)
        decide_version(self.engine, OWNER, slug, drafted.version, "approve", NOW, REAL)
        start_version(self.engine, OWNER, slug, NOW, REAL)

    def count(self, item_id: str, units: int) -> None:
        with write_transaction(self.engine) as connection:
            item_intake.put_stock(connection, [StockRow(sku=f"{item_id}-M", item_id=item_id, size="M", on_hand=units)])

    def price(self, item_id: str, price: str) -> None:
        row = ItemRow.model_validate({"item_id": item_id, "title": item_id, "category": "knit", "price": price})
        with write_transaction(self.engine) as connection:
            item_intake.put_items(connection, [row], self.policy, NOW)

    def tell(self, kind: str, client_id: str, at: datetime = NOW - HOUR, **fields: Any) -> None:
        told = event(f"{kind}-{client_id}-{at:%d%H%M}-{fields.get('item_id')}", kind, client_id, at, **fields)
        with write_transaction(self.engine) as connection:
            refused = accept_events(connection, [told], self.policy, NOW, REAL).refused
        assert not refused, refused

    def look(self, now: datetime = NOW) -> dict[tuple[str, str], str]:
        """Look, tell everybody, and say who is in what because of which item."""
        self.seen = look_at_items(self.engine, now, self.seen)
        while tell_wishers(self.engine, now, REAL):
            pass
        e = enrolments.c
        with read_transaction(self.engine) as connection:
            rows = connection.execute(select(e.campaign, e.client_id, e.item_id))
            return {(row.campaign, row.client_id): row.item_id for row in rows}


@pytest.fixture
def watch(engine: Engine, policy: ShopPolicy, tmp_path: Path) -> Watch:
    with write_transaction(engine) as connection:
        seed_clients(connection, policy, "ann", "bea", "cat")
        seed_clients(connection, policy, "dan", consent=False)
        seed_items(connection, policy, "coat", "hat")
    made = Watch(engine, policy, Settings(home=tmp_path, shop_time_zone="UTC", _env_file=None))
    for client_id in ("ann", "bea", "dan"):
        made.tell("wishlisted", client_id, item_id="coat")
    made.tell("item_viewed", "cat", item_id="coat")
    made.count("coat", 0)
    return made


def test_those_enter_who_wished_for_what_came_back_and_have_not_bought_it_since(watch: Watch) -> None:
    watch.publish("back", BACK)
    assert watch.look() == {}, "the first look only remembers"
    watch.tell("order_placed", "bea", NOW - HOUR / 2, item_id="coat", value="10")
    watch.count("coat", 3)
    assert watch.look(NOW + HOUR) == {("back", "ann"): "coat"}
    with read_transaction(watch.engine) as connection:
        (place,) = places.list_places_of(connection, ["ann"])
        assert list_waiting(connection) == ["ann", "back"], "the campaign since its start"
    assert (place.entered_at, place.due_at) == (NOW + HOUR, NOW + 2 * HOUR)
    watch.count("coat", 0)
    watch.look(NOW + 2 * HOUR)
    watch.count("coat", 1)
    assert len(watch.look(NOW + 3 * HOUR)) == 1, "who is in it enters no second time"


def test_a_price_that_falls_far_enough_and_every_way_back_into_stock_count(watch: Watch) -> None:
    watch.publish("cheap", CHEAPER)
    watch.publish("back", BACK)
    watch.look()
    watch.price("coat", "9")
    assert watch.look() == {}, "a tenth is too little"
    watch.price("coat", "7")
    assert set(watch.look()) == {("cheap", "ann"), ("cheap", "bea")}
    stock = [StockRow(sku="coat-M", item_id="coat", size="M", on_hand=2)]
    replace_stock(watch.engine, OWNER, stock, NOW, REAL, confirmed=True)
    assert ("back", "ann") in watch.look()


def test_what_happened_while_no_campaign_waited_is_no_occasion_later(watch: Watch) -> None:
    watch.publish("back", BACK)
    watch.look()
    steer_campaign(watch.engine, OWNER, "back", CampaignCommand(kind="end"), NOW, REAL)
    watch.look()
    with read_transaction(watch.engine) as connection:
        assert connection.execute(select(item_sightings)).first() is None
    watch.count("coat", 5)
    watch.publish("again", BACK)
    assert watch.look() == {}
    watch.seen = None  # another process, or the same one started again
    watch.count("coat", 0)
    watch.look()
    watch.seen = None
    watch.count("coat", 4)
    assert ("again", "ann") in watch.look()
    with read_transaction(watch.engine) as connection:
        assert connection.execute(select(item_occasions)).first() is None, "all were told"


def test_many_who_wish_are_told_in_short_transactions_and_none_is_left_out(
    watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(item_entries, "BATCH", 50)
    many = 150
    ids = [f"w{k:05}" for k in range(many)]
    with write_transaction(watch.engine) as connection:
        template = connection.execute(select(clients).where(clients.c.client_id == "ann")).one()._asdict()
        connection.execute(insert(clients), [template | {"client_id": one, "mailbox": one} for one in ids])
        wish = {"type": "wishlisted", "occurred_at": NOW - HOUR, "item_id": "coat"}
        connection.execute(insert(events), [wish | {"event_id": f"e{one}", "client_id": one} for one in ids])
    watch.publish("back", BACK)
    watch.look()
    watch.count("coat", 3)
    watch.seen = look_at_items(watch.engine, NOW, watch.seen)
    entered = list[int]()
    while tell_wishers(watch.engine, NOW, REAL):
        with read_transaction(watch.engine) as connection:
            entered.append(len(list(connection.scalars(select(enrolments.c.client_id)))))
    assert entered == [49, 99, 149, 152], "dan has not agreed to mail"
    with read_transaction(watch.engine) as connection:
        told = set(connection.scalars(select(enrolments.c.client_id).where(enrolments.c.campaign == "back")))
    assert told == {"ann", "bea", *ids}


def name_days(watch: Watch, **days: date | None) -> None:
    order = AttributeOrder(type=AttributeType.DATE, meaning="Birthday")
    declare_attribute(watch.engine, OWNER, "birthday", order, NOW, REAL)
    with write_transaction(watch.engine) as connection:
        set_attributes(connection, {key: {"birthday": str(day)} for key, day in days.items()}, NOW)


def test_a_birthday_is_an_occasion_once_a_year_in_the_clients_own_zone(watch: Watch) -> None:
    soon = NOW.date() + timedelta(days=8)
    name_days(watch, ann=soon.replace(year=1990), bea=soon + timedelta(days=40), cat=soon, dan=soon)
    with write_transaction(watch.engine) as connection:
        connection.execute(clients.update().values(time_zone="UTC"))
        connection.execute(clients.update().where(clients.c.client_id == "cat").values(time_zone="Asia/Tokyo"))
    watch.publish("birthday", {"on": "date", "attribute": "birthday", "before": "1w"}, re_entry="40w")
    for hours in (-30, 0, 6, 12):
        enter_near_days(watch.engine, NOW + hours * HOUR, REAL)
    e = enrolments.c
    with read_transaction(watch.engine) as connection:
        rows = connection.execute(select(e.client_id, e.due_at).order_by(e.client_id)).all()
    midnight = utc(soon.year, soon.month, soon.day) - timedelta(days=7)
    assert [(row.client_id, row.due_at) for row in rows] == [("ann", midnight), ("cat", midnight - 9 * HOUR)]
    with write_transaction(watch.engine) as connection:
        connection.execute(enrolments.update().values(state=EnrolmentState.COMPLETED))
    next_year = utc(soon.year + 1, soon.month, soon.day) - timedelta(days=7)
    enter_near_days(watch.engine, next_year, REAL)
    with read_transaction(watch.engine) as connection:
        again = list(connection.scalars(select(e.client_id).where(e.due_at > midnight + HOUR)))
    assert again == ["ann", "cat"]


def test_who_waits_for_their_day_is_not_woken_by_each_look(watch: Watch) -> None:
    name_days(watch, ann=NOW.date() + timedelta(days=1))
    watch.publish("birthday", {"on": "date", "attribute": "birthday"})
    woken = []
    for hours in (0, 1, 2):
        with write_transaction(watch.engine) as connection:
            connection.execute(outbox.delete())
        enter_near_days(watch.engine, NOW + hours * HOUR, REAL)
        with read_transaction(watch.engine) as connection:
            woken.append(list_waiting(connection))
    assert woken == [["ann"], [], []]


def test_an_attribute_that_is_no_date_lets_nobody_enter(watch: Watch) -> None:
    with pytest.raises(BadInput, match=r"^entry.attribute: no attribute is declared as birthday"):
        watch.publish("birthday", {"on": "date", "attribute": "birthday"})
    points = AttributeOrder(type=AttributeType.NUMBER, meaning="Points")
    declare_attribute(watch.engine, OWNER, "points", points, NOW, REAL)
    with pytest.raises(BadInput, match=r"^entry.attribute: points is a number, not a date$"):
        watch.publish("birthday", {"on": "date", "attribute": "points"})


@settings(max_examples=25)
@given(
    born=st.dates(date(1950, 1, 1), date(2010, 12, 31)),
    zone=st.sampled_from(["UTC", "Pacific/Kiritimati", "Pacific/Pago_Pago", "America/New_York"]),
    before=st.integers(0, 30),
)
def test_looking_every_hour_each_year_has_one_occasion_and_it_is_never_late(born: date, zone: str, before: int) -> None:
    entry = DateEntry.model_validate({"on": "date", "attribute": "b"} | ({"before": f"{before}d"} if before else {}))
    step = {"id": "m", "mail": {"message": "Look."}}
    definition = CampaignDefinition.model_validate({"slug": "b", "name": "B", "entry": entry, "steps": [step]})
    start = utc(2027, 12, 25)
    found = dict[datetime, datetime]()
    for hours in range(0, 24 * 400, 7):
        now = start + hours * HOUR
        occasion = find_occasion(entry, "ann", born, zone, now)
        if occasion is not None:
            assert may_enter(definition, None, occasion, now), "whoever is found is let in"
            found.setdefault(occasion.at, now)
    wanted = [at for at in found if start <= at < start + timedelta(days=366)]
    assert len(wanted) == 1
    assert all(first < at + HOUR for at, first in found.items() if at > start + timedelta(days=1))
