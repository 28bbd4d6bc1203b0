"""Requests and states of Fixes: asked twice is asked once, and no step that the table does not know."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from itertools import product

import pytest
from sqlalchemy import Engine

from domain.fixes.states import TRANSITIONS
from errors import BadInput, NotFound
from models.fixes import FixState, FixWish
from store.database import read_transaction, write_transaction
from store.fixes import fixes
from store.mail.policy import ShopPolicy
from tests.store.boxes import put_state, seed_fix
from tests.store.conftest import NOW
from tests.store.seeds import seed_clients
from tests.store.test_races import at_once

WISH = FixWish(budget=Decimal("150"), must_have=("Knitwear",), note="for a wedding", when="wave")


def test_a_request_is_kept_as_asked_and_its_note_apart(engine: Engine, policy: ShopPolicy) -> None:
    with write_transaction(engine) as connection:
        seed_clients(connection, policy, "ann")
        fix_id = fixes.save_request(connection, "ann", WISH, NOW, due=NOW + timedelta(days=2))
    with read_transaction(engine) as connection:
        row = fixes.load_fix(connection, fix_id)
        assert FixWish.model_validate(row.wish) == WISH.model_copy(update={"note": None})
        assert (row.note, row.wave, row.state, row.due_at) == (WISH.note, True, "requested", NOW + timedelta(days=2))
        assert [step.state for step in fixes.list_steps(connection, fix_id)] == ["requested"]
    assert len(fix_id) == 20
    assert "ann" not in fix_id


def test_the_same_key_is_the_same_request_and_no_other(engine: Engine, policy: ShopPolicy) -> None:
    with write_transaction(engine) as connection:
        seed_clients(connection, policy, "ann", "bob")
        first = fixes.save_request(connection, "ann", WISH, NOW, request_key="r1")
        assert fixes.save_request(connection, "ann", WISH, NOW, request_key="r1") == first
        with pytest.raises(BadInput, match="request_key: was used for another wish"):
            fixes.save_request(connection, "ann", FixWish(), NOW, request_key="r1")
        assert fixes.load_fix(connection, first).note == WISH.note
        assert fixes.save_request(connection, "bob", WISH, NOW, request_key="r1") != first


def test_a_client_has_one_fix_in_the_making(engine: Engine, policy: ShopPolicy) -> None:
    with write_transaction(engine) as connection:
        first = seed_fix(connection, policy)
        with pytest.raises(BadInput, match=first):
            fixes.save_request(connection, "ann", WISH, NOW, request_key="another")
        put_state(connection, first, FixState.SHIPPED)  # on its way: the next may be asked for
        second = fixes.save_request(connection, "ann", WISH, NOW)
        assert [row.fix_id for row in fixes.list_open(connection, "ann")] == [second]


def test_of_requests_at_the_same_time_one_is_taken(engine: Engine, policy: ShopPolicy) -> None:
    with write_transaction(engine) as connection:
        seed_clients(connection, policy, "ann")
    fix_ids: list[str] = []

    def request() -> None:
        try:
            with write_transaction(engine) as connection:
                fix_ids.append(fixes.save_request(connection, "ann", WISH, NOW))
        except BadInput:
            pass

    at_once([request] * 8)
    assert len(fix_ids) == 1


def test_unknown_ids_are_named(engine: Engine) -> None:
    with write_transaction(engine) as connection:
        with pytest.raises(NotFound, match="client_id"):
            fixes.save_request(connection, "nobody", WISH, NOW)
        with pytest.raises(NotFound, match="fix_id"):
            fixes.load_fix(connection, "nothing")


def test_only_steps_of_the_table_are_taken(engine: Engine, policy: ShopPolicy) -> None:
    with write_transaction(engine) as connection:
        fix_id = seed_fix(connection, policy)
        for state, to in product(FixState, FixState):
            put_state(connection, fix_id, state)
            before = len(fixes.list_steps(connection, fix_id))
            moved = fixes.move_fix(connection, fix_id, to, NOW, code="why", values={"decided_by": "eve"}, data=["s1"])
            row = fixes.load_fix(connection, fix_id)
            assert moved is (to in TRANSITIONS[state])
            assert row.state == (to if moved else state)
            assert len(fixes.list_steps(connection, fix_id)) == before + moved
            if moved:
                last = fixes.list_steps(connection, fix_id)[-1]
                assert (last.state, last.code, last.data, row.decided_by) == (to, "why", ["s1"], "eve")


def test_a_wave_takes_those_who_wait_for_one_oldest_first(engine: Engine, policy: ShopPolicy) -> None:
    states = {"ann": FixState.RANKED, "bob": FixState.REQUESTED, "cid": FixState.PROPOSED, "dot": FixState.REQUESTED}
    with write_transaction(engine) as connection:
        seed_clients(connection, policy, *states, "eve")
        ids = {}
        for hour, (client, state) in enumerate(states.items()):
            ids[client] = fixes.save_request(connection, client, WISH, NOW - timedelta(hours=hour))
            put_state(connection, ids[client], state)
        fixes.save_request(connection, "eve", FixWish(), NOW)  # at once
        later = NOW - timedelta(hours=2, minutes=30)
        assert fixes.list_due_for_wave(connection, NOW) == [ids["dot"], ids["bob"], ids["ann"]]
        assert fixes.list_due_for_wave(connection, later) == [ids["dot"]]


def test_listing_is_by_state_the_last_touched_first(engine: Engine, policy: ShopPolicy) -> None:
    with write_transaction(engine) as connection:
        one, two = seed_fix(connection, policy, "ann"), seed_fix(connection, policy, "bob")
        assert fixes.move_fix(connection, one, FixState.PROPOSED, NOW + timedelta(hours=1))
        assert [row.fix_id for row in fixes.list_fixes(connection)] == [one, two]
        assert [row.fix_id for row in fixes.list_fixes(connection, [FixState.ASSEMBLED])] == [two]
        assert len(fixes.list_fixes(connection, limit=1)) == 1
