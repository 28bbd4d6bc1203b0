"""Custom attributes: declared once, set by requests and files, asked by filters, and gone with the client."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, select
from sqlalchemy import event as sql_events

from errors import BadInput
from ingest.files import import_file
from models.attributes import AttributeOrder, AttributeType
from models.segment_answers import SegmentQuestion
from services.clients.registration import save_client
from services.ingestion.intake import accept_events
from services.segments.attributes import declare_attribute, list_attributes
from services.segments.questions import count_segment
from store.database import read_transaction, write_transaction
from store.mail.policy import ShopPolicy
from store.segments.attributes import load_values
from store.tables import activity, events
from tests.services.segments.test_segments import OWNER
from tests.store.conftest import NOW, REAL, database, engine, policy
from tests.store.seeds import client_row, event

__all__ = ["database", "engine", "policy"]

DAY = timedelta(days=1)
TYPES = {"points": "number", "colour": "text", "member": "boolean", "birthday": "date"}


@pytest.fixture
def shop(engine: Engine) -> Engine:
    for name, kind in TYPES.items():
        order = AttributeOrder(type=AttributeType(kind), meaning=f"the {name}")
        declare_attribute(engine, OWNER, name, order, NOW, REAL)
    return engine


def count(shop: Engine, text: str) -> int:
    return count_segment(shop, SegmentQuestion(filter=text), NOW).clients


def test_attributes_are_set_changed_and_taken_off(shop: Engine, policy: ShopPolicy) -> None:
    def save(**attributes: object) -> None:
        save_client(shop, OWNER, client_row("ann", attributes=attributes), policy, NOW, REAL)

    save(points=120, colour="red", member=True, birthday="1990-02-28")
    assert count(shop, "attr.points >= 100 and attr.colour = red and attr.member") == 1
    assert count(shop, "attr.birthday before 2000-01-01 and attr.birthday = 1990-02-28") == 1
    save(points=5, colour=None)
    assert count(shop, "attr.points < 6 and attr.colour is unknown and attr.member = yes") == 1
    with read_transaction(shop) as connection:
        made = list(connection.scalars(select(activity.c.action)))
    assert made.count("client.save") == 2, "a change of attributes alone is on record"
    save(points=5)
    with read_transaction(shop) as connection:
        assert list(connection.scalars(select(activity.c.action))) == made, "nothing changed"
        assert load_values(connection, ["ann"])["ann"]["points"] == 5
    assert {one.name: one.clients for one in list_attributes(shop).attributes}["points"] == 1


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"pionts": 1}, "attr.pionts: is not declared; did you mean points"),
        ({"points": "many"}, "attr.points: must be a number"),
        ({"points": True}, "attr.points: must be a number"),
        ({"member": "perhaps"}, "attr.member: must be true or false"),
        ({"birthday": "28.2.1990"}, "attr.birthday: must be a day"),
        ({"colour": "two\nlines"}, "attr.colour: must be one line"),
    ],
    ids=range(6),
)
def test_what_does_not_fit_is_refused(shop: Engine, policy: ShopPolicy, given: dict[str, object], message: str) -> None:
    with pytest.raises(BadInput, match=message):
        save_client(shop, OWNER, client_row("ann", attributes=given), policy, NOW, REAL)


def test_filters_and_declarations_keep_to_the_type(shop: Engine) -> None:
    for text, message in (
        ("attr.pionts = 1", "did you mean points"),
        ("attr.colour > 3", "attr.colour is a text, and is asked for as a number"),
        ("attr.points", "asked for as a boolean"),
    ):
        with pytest.raises(BadInput, match=message):
            count(shop, text)
    with pytest.raises(BadInput, match="its type stays"):
        declare_attribute(shop, OWNER, "points", AttributeOrder(type=AttributeType.TEXT, meaning="x"), NOW, REAL)
    with pytest.raises(BadInput, match="lower-case letter"):
        declare_attribute(shop, OWNER, "Points", AttributeOrder(type=AttributeType.TEXT, meaning="x"), NOW, REAL)


def test_a_file_sets_attributes_by_columns(shop: Engine, policy: ShopPolicy, tmp_path: Path) -> None:
    file = tmp_path / "clients.csv"
    file.write_text(
        "client_id,email,attr.points,attr.member\n"
        "ann,ann@shop.example,7,yes\nbea,bea@shop.example,,no\ncyd,cyd@shop.example,lots,\n"
    )
    summary = import_file("clients", file, shop, OWNER, policy, NOW, REAL)
    assert (summary.new, summary.rejected) == (2, 1)
    assert count(shop, "attr.points = 7") == 1
    assert count(shop, "attr.points is unknown and attr.member is known") == 1
    again = import_file("clients", file, shop, OWNER, policy, NOW, REAL)
    assert (again.new, again.changed, again.already_there) == (0, 0, 2)


def test_events_set_attributes_and_the_later_one_holds_whichever_arrives_first(
    shop: Engine, policy: ShopPolicy, tmp_path: Path
) -> None:
    save_client(shop, OWNER, client_row("ann"), policy, NOW - 9 * DAY, REAL)

    def tell(name: str, at: datetime, **attributes: object) -> tuple[str, ...]:
        told = event(name, "searched", "ann", at, attributes=attributes)
        with write_transaction(shop) as connection:
            refused = accept_events(connection, [told], policy, NOW, REAL).refused
            return tuple(f"{one.field}: {one.reason}" for one in refused)

    assert tell("late", NOW - DAY, points=20, colour="red") == ()
    assert tell("early", NOW - 2 * DAY, points=10, member=True) == ()
    assert count(shop, "attr.points = 20 and attr.colour = red and attr.member") == 1
    assert tell("late", NOW, points=99) == (), "a known event changes nothing"
    assert count(shop, "attr.points = 20") == 1
    assert tell("off", NOW, colour=None) == ()
    assert count(shop, "attr.colour is unknown") == 1
    (undeclared,) = tell("wrong", NOW, pionts=1)
    assert undeclared.startswith("attr.pionts: is not declared; did you mean points?")
    assert tell("wrong", NOW, points="many") == ("attr.points: must be a number",)
    save_client(shop, OWNER, client_row("ann", attributes={"points": 5}), policy, NOW, REAL)
    assert tell("before", NOW - DAY / 2, points=30) == ()
    assert count(shop, "attr.points = 5") == 1, "a request is as late as it came"
    file = tmp_path / "events.csv"
    file.write_text(f"event_id,client_id,type,occurred_at,attr.points\nf1,ann,searched,{NOW:%FT%TZ},77\n")
    import_file("events", file, shop, OWNER, policy, NOW, REAL)
    assert count(shop, "attr.points = 77") == 1
    with read_transaction(shop) as connection:
        assert list(connection.scalars(select(events.c.data).where(events.c.data.is_not(None)))) == []


def test_a_batch_of_events_sets_all_attributes_by_one_statement(shop: Engine, policy: ShopPolicy) -> None:
    names = [f"c{number}" for number in range(20)]
    for name in names:
        save_client(shop, OWNER, client_row(name, attributes={"colour": "red"}), policy, NOW - 9 * DAY, REAL)
    born = {"points": 7, "member": False, "birthday": "1990-02-28", "colour": None}
    told = [event(f"e-{name}", "searched", name, NOW - DAY, attributes=born) for name in names]
    written: list[str] = []
    listener = lambda _c, _r, statement, *_: written.append(statement)  # noqa: E731
    sql_events.listen(shop, "before_cursor_execute", listener)
    with write_transaction(shop) as connection:
        assert accept_events(connection, told, policy, NOW, REAL).refused == []
        stored = load_values(connection, names)
    sql_events.remove(shop, "before_cursor_execute", listener)
    kept = {"points": 7.0, "member": False, "birthday": date(1990, 2, 28)}
    assert stored == dict.fromkeys(names, kept)
    changes = [one for one in written if "client_attributes" in one and not one.lstrip().startswith("SELECT")]
    assert len(changes) == 2, "one that sets, one that takes colour off"
