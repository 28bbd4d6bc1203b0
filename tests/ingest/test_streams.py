"""Messages of streams: what comes in, once; what cannot, and becomes a dead letter; what a second consumer does not do
again."""

from __future__ import annotations

import json
from typing import Any

import pytest
from sqlalchemy import Engine, func, select, text

from domain.permissions import Action
from domain.visit_ids import CHANCE_BYTES, build_visit_id
from errors import BadInput, NotAllowed, NotFound, Unavailable
from ingest import streams
from ingest.replays import retry_letter, retry_letters
from ingest.stream_rows import StreamMessage, cut_batches
from ingest.streams import StreamIntake
from models.actors import SYSTEM, Actor, Channel, Role
from models.dead_letters import LetterCode, LetterSource
from services.ingestion.dead_letters import drop_letter, find_id, list_letters, show_letter
from store import clock
from store import tables as t
from store.backups.replays import refuse_erased
from store.database import read_transaction, write_transaction
from store.events import dead_letters
from store.events.stream_offsets import Part, load_offsets
from store.mail.policy import ShopPolicy
from store.mail.suppressions import hash_client_id
from store.privacy.erasure import erase_batch
from tests.store.conftest import NOW, REAL, database, engine
from tests.store.seeds import days, seed_clients, seed_items
from tests.support.worker import ROOT

__all__ = ["database", "engine"]

SOURCES = {"events": LetterSource.EVENTS, "items": LetterSource.ITEMS, "stock": LetterSource.STOCK}
EVENTS: Part = ("events", 0)


@pytest.fixture
def policy() -> ShopPolicy:
    return ShopPolicy(currency="USD", time_zone="Europe/London", signing_key="a key for tests")


@pytest.fixture
def stream(engine: Engine, policy: ShopPolicy) -> StreamIntake:
    with write_transaction(engine) as connection:
        seed_clients(connection, policy, "ann")
        seed_items(connection, policy, "i1")
    return StreamIntake(engine, policy, SOURCES)


def view(event_id: str, **fields: Any) -> dict[str, Any]:
    seen = {"event_id": event_id, "client_id": "ann", "type": "item_viewed", "item_id": "i1"}
    return {**seen, "occurred_at": NOW.isoformat(), **fields}


def message(body: Any, offset: int = 0, part: Part = EVENTS) -> StreamMessage:
    return StreamMessage(part, offset, body if isinstance(body, bytes | None) else json.dumps(body).encode())


def count(engine: Engine, table: Any) -> int:
    with read_transaction(engine) as connection:
        return int(connection.scalar(select(func.count()).select_from(table)) or 0)


def test_each_form_of_a_body_comes_in_as_by_the_api(engine: Engine, stream: StreamIntake) -> None:
    bodies = [view("e1"), [view("e2"), view("e3")], {"events": [view("e4"), view("e1")]}]
    taken = stream.take([message(body, n) for n, body in enumerate(bodies)], {EVENTS: 0}, REAL)
    assert (taken.positions, taken.lost) == ({EVENTS: 3}, set())
    assert taken.counts[LetterSource.EVENTS, "accepted"] == 4
    assert taken.counts[LetterSource.EVENTS, "duplicate"] == 1
    with read_transaction(engine) as connection:
        assert load_offsets(connection, [EVENTS, ("items", 4)]) == {EVENTS: 3, ("items", 4): 0}


def test_events_of_a_visit_are_logged_once_by_both_clocks(
    engine: Engine, stream: StreamIntake, policy: ShopPolicy
) -> None:
    with write_transaction(engine) as connection:
        clock.start(connection, REAL, 86_400.0, NOW)
    visit = build_visit_id(bytes(CHANCE_BYTES), policy.signing_key, remembered=True)
    seen = {"type": "item_viewed", "item_id": "i1", "occurred_at": NOW.isoformat(), "session_id": visit}
    for place, names in enumerate(("ab", "bc")):
        batch = [seen | {"event_id": name} for name in names]
        stream.take([message(batch, place)], {EVENTS: place}, REAL)
    assert count(engine, t.visit_events) == 3
    with read_transaction(engine) as connection:
        told = select(t.activity).where(t.activity.c.action == Action.ACCEPT_EVENTS)
        (row,) = connection.execute(told)
    assert (row.at, row.real_at, row.data["visits"]) == (NOW, REAL, 1)


def test_items_come_before_their_stock_and_both_before_events(engine: Engine, stream: StreamIntake) -> None:
    item = {"item_id": "new", "title": "New", "category": "knit", "price": "10"}
    stock = {"sku": "new-m", "item_id": "new", "size": "M", "on_hand": 3}
    messages = [
        message(view("e1", item_id="new")),
        message({"stock": [stock]}, part=("stock", 0)),
        message(item, part=("items", 2)),
    ]
    taken = stream.take(messages, {EVENTS: 0, ("stock", 0): 0, ("items", 2): 0}, REAL)
    assert sum(taken.counts.values()) == 3
    assert not list_letters(engine).letters


def test_who_reads_from_an_old_offset_takes_nothing_in(engine: Engine, stream: StreamIntake) -> None:
    stream.take([message(view("e1")), message(view("e2"), 1)], {EVENTS: 0}, REAL)
    late = stream.take(
        [message(view("e9"), 1), message(view("e8"), part=("events", 1))], {EVENTS: 1, ("events", 1): 0}, REAL
    )
    assert (late.lost, late.positions) == ({EVENTS}, {("events", 1): 1})
    with read_transaction(engine) as connection:
        assert set(connection.scalars(select(t.events.c.event_id))) == {"e1", "e2", "e8"}


@pytest.mark.parametrize(
    ("body", "code", "field", "kept"),
    [
        (b"{not json", LetterCode.NOT_JSON, "", False),
        (None, LetterCode.NOT_JSON, "", False),
        (b'"words"', LetterCode.WRONG_SHAPE, "", False),
        ([{"type": "item_viewed"}] * 1_001, LetterCode.NO_ROOM, "", False),
        (view("e1", occurred_at="yesterday"), LetterCode.INVALID, "occurred_at", True),
        (view("e1", **{"ann@example.com": 1}), LetterCode.INVALID, "", True),
        (view("e1", client_id="bob"), LetterCode.UNKNOWN_CLIENT, "client_id", True),
        (view("e1", item_id="i9"), LetterCode.UNKNOWN_ITEM, "item_id", True),
        (view("e1", occurred_at=(NOW + days(900)).isoformat()), LetterCode.REFUSED, "occurred_at", True),
    ],
)
def test_what_cannot_come_in_is_a_dead_letter_and_the_rest_does(
    engine: Engine, stream: StreamIntake, body: Any, code: LetterCode, field: str, kept: bool
) -> None:
    taken = stream.take([message(view("good")), message(body, 1), message(view("better"), 2)], {EVENTS: 0}, REAL)
    (letter,) = list_letters(engine).letters
    assert (letter.code, letter.field, letter.kept) == (code, field, kept)
    assert letter.place == "events/0/1"
    assert letter.why
    assert taken.counts[LetterSource.EVENTS, "accepted"] == 2
    assert taken.positions == {EVENTS: 3}


def test_a_message_at_which_the_database_chokes_stops_no_other(
    engine: Engine, stream: StreamIntake, monkeypatch: pytest.MonkeyPatch
) -> None:
    save = streams.save_rows

    def choke(connection: Any, source: Any, rows: Any, context: Any) -> Any:
        if any(row.sent["event_id"] == "poison" for row in rows):
            raise BadInput("a number in it is larger than the database can keep")
        return save(connection, source, rows, context)

    monkeypatch.setattr(streams, "save_rows", choke)
    names = ["a", "poison", "b"]
    taken = stream.take([message(view(name), n) for n, name in enumerate(names)], {EVENTS: 0}, REAL)
    assert taken.counts[LetterSource.EVENTS, "accepted"] == 2
    assert [letter.code for letter in list_letters(engine).letters] == [LetterCode.FAILED]


def test_of_a_visitor_who_did_not_agree_nothing_is_kept(
    engine: Engine, stream: StreamIntake, policy: ShopPolicy
) -> None:
    agreed, refused = (build_visit_id(bytes([n]) * CHANCE_BYTES, policy.signing_key, remembered=n == 1) for n in (1, 2))
    seen = {"event_id": "v", "type": "item_viewed", "item_id": "i1", "occurred_at": NOW.isoformat()}
    bodies = [{**seen, "session_id": agreed}, {**seen, "session_id": refused}]
    taken = stream.take([message(body, n) for n, body in enumerate(bodies)], {EVENTS: 0}, REAL)
    assert taken.counts[LetterSource.EVENTS, "accepted"] == 1
    (letter,) = list_letters(engine).letters
    assert not letter.kept
    assert count(engine, t.visit_events) == 1


def test_a_letter_is_tried_again_until_it_is_in(engine: Engine, stream: StreamIntake, policy: ShopPolicy) -> None:
    stream.take([message(view("e1", client_id="bob"))], {EVENTS: 0}, REAL)
    (letter,) = list_letters(engine).letters
    assert find_id(engine, letter.letter_id[:6]) == letter.letter_id
    again = retry_letter(engine, SYSTEM, letter.letter_id, policy, NOW, REAL)
    assert (again.taken, again.code) == (False, LetterCode.UNKNOWN_CLIENT)
    assert show_letter(engine, letter.letter_id).tries == 2
    with write_transaction(engine) as connection:
        seed_clients(connection, policy, "bob")
    assert [one.taken for one in retry_letters(engine, SYSTEM, LetterSource.EVENTS, policy, NOW, REAL)] == [True]
    assert (count(engine, t.events), count(engine, t.dead_letters), count(engine, t.dead_payloads)) == (1, 0, 0)
    with pytest.raises(NotFound):
        show_letter(engine, letter.letter_id)


def test_a_letter_is_dropped_by_who_may(engine: Engine, stream: StreamIntake, policy: ShopPolicy) -> None:
    stream.take([message(b"{")], {EVENTS: 0}, REAL)
    (letter,) = list_letters(engine).letters
    viewer = Actor(who="vi", role=Role.VIEWER, channel=Channel.API)
    with pytest.raises(NotAllowed):
        drop_letter(engine, viewer, letter.letter_id, NOW, REAL)
    with pytest.raises(NotAllowed):
        retry_letter(engine, viewer, letter.letter_id, policy, NOW, REAL)
    drop_letter(engine, SYSTEM, letter.letter_id, NOW, REAL)
    assert not list_letters(engine).letters


def test_what_a_letter_says_goes_with_the_client_and_after_its_days(
    engine: Engine, stream: StreamIntake, policy: ShopPolicy
) -> None:
    bodies = [view("e1", item_id="i9"), view("e2", client_id="bob")]
    stream.take([message(body, n) for n, body in enumerate(bodies)], {EVENTS: 0}, REAL)
    stream.take([message(b'{"item_id": "i1", "title": "ann", broken', part=("items", 0))], {("items", 0): 0}, REAL)
    assert all(letter.kept for letter in list_letters(engine).letters)
    with write_transaction(engine) as connection:
        while erase_batch(connection, "ann"):
            pass
    assert [letter.kept for letter in list_letters(engine).letters].count(True) == 1
    with write_transaction(engine) as connection:
        assert dead_letters.delete_old_payloads(connection, REAL + days(1)) == 1
    letter = list_letters(engine).letters[0]
    with pytest.raises(BadInput, match="not kept"):
        retry_letter(engine, SYSTEM, letter.letter_id, policy, NOW, REAL)


SECRETS: list[Any] = [
    {"event_id": "v", "type": "item_viewed", "item_id": "a secret", "session_id": "n.x"},  # not agreed, and invalid
    {"event_id": "v", "type": "item_viewed", "session_id": "s.x", "client_id": "bob", "note": "a secret"},
    {"event_id": "v", "type": "a secret"},
    {"event": {"session_id": "n.x", "query": "a secret"}, "client_id": "bob"},
    {"event_id": "v", "type": "a secret", "client_id": "bob@example.com"},
    view("e1", client_id="gone", occurred_at="a secret"),  # invalid, of an erased client
    view("e1", client_id="gone", item_id="a-secret"),
    ["a secret"],
    "a secret",
    b'{"client_id": "gone", "type": "a secret',
    [{"type": "a secret"}] * 1_001,
    {"event_id": "deep", "client_id": "bob", "more": json.loads("[" * 300 + '"a secret"' + "]" * 300)},
]


@pytest.mark.parametrize("body", SECRETS)
def test_it_is_kept_of_no_event_whose_client_cannot_have_it_erased(
    engine: Engine, stream: StreamIntake, policy: ShopPolicy, body: Any
) -> None:
    with write_transaction(engine) as connection:
        refuse_erased(connection, {hash_client_id(policy.signing_key, "gone"): NOW})
    taken = stream.take([message(body), message(view("good"), 1)], {EVENTS: 0}, REAL)
    assert taken.counts[LetterSource.EVENTS, "accepted"] == 1
    (letter,) = list_letters(engine).letters
    assert (letter.kept, count(engine, t.dead_payloads)) == (False, 0)


def test_what_failed_is_kept_row_by_row_of_clients_alone(
    engine: Engine, stream: StreamIntake, policy: ShopPolicy, monkeypatch: pytest.MonkeyPatch
) -> None:
    save = streams.save_rows

    def choke(connection: Any, source: Any, rows: Any, context: Any) -> Any:
        if rows:
            raise BadInput("a fault of ours")
        return save(connection, source, rows, context)

    monkeypatch.setattr(streams, "save_rows", choke)
    with write_transaction(engine) as connection:
        refuse_erased(connection, {hash_client_id(policy.signing_key, "gone"): NOW})
    agreed = build_visit_id(bytes(CHANCE_BYTES), policy.signing_key, remembered=True)
    seen = {"event_id": "v", "type": "item_viewed", "item_id": "i1", "occurred_at": NOW.isoformat()}
    stream.take(
        [message([view("e1"), {**seen, "session_id": agreed}, view("e2", client_id="gone")])], {EVENTS: 0}, REAL
    )
    letters = {letter.place: (letter.code, letter.kept) for letter in list_letters(engine).letters}
    assert letters == {
        "events/0/0": (LetterCode.FAILED, True),
        "events/0/0#1": (LetterCode.FAILED, False),
        "events/0/0#2": (LetterCode.ERASED, False),
    }
    monkeypatch.undo()
    assert [one.taken for one in retry_letters(engine, SYSTEM, LetterSource.EVENTS, policy, NOW, REAL)] == [True]


def test_a_database_that_goes_away_among_single_messages_leaves_the_rest_to_take(
    engine: Engine, stream: StreamIntake, monkeypatch: pytest.MonkeyPatch
) -> None:
    save = streams.save_rows

    def choke(connection: Any, source: Any, rows: Any, context: Any) -> Any:
        ids = [row.sent["event_id"] for row in rows]
        if len(ids) > 1:
            raise BadInput("a fault of ours")
        if ids == ["c"]:
            raise Unavailable("the database is away")
        return save(connection, source, rows, context)

    monkeypatch.setattr(streams, "save_rows", choke)
    messages = [message(view(name), n) for n, name in enumerate("abc")]
    taken = stream.take(messages, {EVENTS: 0}, REAL)
    assert (taken.positions, taken.counts[LetterSource.EVENTS, "accepted"]) == ({EVENTS: 2}, 2)
    with pytest.raises(Unavailable):
        stream.take(messages[2:], taken.positions, REAL)


def test_a_batch_is_bound_by_what_its_messages_weigh() -> None:
    bodies = [b"x" * 1_500_000] * 5 + [b"x" * 5_000_000] + [b"x"] * 3
    messages = [message(body, n) for n, body in enumerate(bodies)]
    batches = list(cut_batches(messages))
    assert [len(batch) for batch in batches] == [2, 2, 1, 1, 3]
    assert [one for batch in batches for one in batch] == messages
    assert list(cut_batches([])) == []


def test_a_topic_that_was_made_again_is_read_whole_once_the_old_one_is_forgotten(
    engine: Engine, stream: StreamIntake
) -> None:
    part = ("selvedge.events", 0)
    of_topic = StreamIntake(engine, stream._policy, {part[0]: LetterSource.EVENTS})
    of_topic.take([message(view("e1", client_id="bob"), part=part)], {part: 0}, REAL)
    page = (ROOT / "docs" / "streams.md").read_text()
    with write_transaction(engine) as connection:
        for statement in page.partition("```sql\n")[2].partition("```")[0].strip().split("\n"):
            connection.execute(text(statement))
        assert load_offsets(connection, [part]) == {part: 0}
    assert not list_letters(engine).letters
    of_topic.take([message(view("e2", client_id="eve"), part=part)], {part: 0}, REAL)
    assert [letter.tries for letter in list_letters(engine).letters] == [1]
    assert count(engine, t.dead_payloads) == 1
