"""Assessments that ask the slot `next_action`: once a trigger, recorded with what follows, and no call too many."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event, select

from algorithms.slots.built_in import BuiltIn
from domain.planning import MailStart
from models.actors import SYSTEM, Actor, Channel, Role
from models.calls import CallDecision, CallState
from models.lifecycle import Assessment, AssessRequest
from models.offers import OfferOrder
from models.slots import SlotQuestion
from models.states import HoldSource, Phase, TouchKind
from services.assessment.assessor import Assessor
from services.assessment.next_actions import NextActionService, NextActionTrigger
from services.calls.decisions import decide_call
from services.context import ServiceContext
from services.decisions.decider import Decider, PendingDecision
from services.offers.choice import find_lifecycle_offer
from services.offers.lifecycle import approve_offer, retire_offer, save_offer
from settings import Settings
from store.clients import assessments, calls, holds
from store.database import connect, read_transaction, write_transaction
from store.learning import decisions
from store.offers import grants
from store.tables import calls as calls_table
from store.tables import clients, outreaches
from store.tables import decisions as decisions_table
from tests.support.algorithms import install_algorithm, wait_until, write_policy_file
from tests.support.shop_services import NOW, StockedShop
from tests.support.tables import create_tables

OWNER = Actor(who="olga", role=Role.OWNER, channel=Channel.COMMAND)
SAYS = """
slot, version = "next_action", "1"

def answer(question):
    wanted = "{action}"
    return {{"action": wanted if wanted in question["allowed"] else "email", "uplift": 0.1, "propensity": 0.5}}
"""


class NextActionShop:
    """A shop whose clients `c0`, `c1`... ordered once, long ago: each assessment finds them at risk."""

    def __init__(self, folder: Path, stack: ExitStack, **settings: Any) -> None:
        self.settings, self._stack = Settings(home=folder / "home", _env_file=None, **settings), stack
        self.engine: Engine = connect(f"sqlite:///{folder / 'shop.db'}")
        stack.callback(self.engine.dispose)
        create_tables(self.engine)
        self.shop = StockedShop(self.engine)
        for k in range(6):
            self.shop.client(f"c{k}", signed_up_at=NOW - timedelta(days=400), consent=True, time_zone="UTC")
        paid = {"item_id": "i1", "value": "40.00", "currency": "USD"}
        self.shop.events([{"client_id": f"c{k}", "type": "order_placed", "days_ago": 130.0, **paid} for k in range(6)])

    def decider(self, action: str) -> Decider:
        install_algorithm(self.settings.home / "algorithms", "says", source=SAYS.format(action=action))
        write_policy_file(self.settings.home, '[slots.next_action]\nchampion = "says"\ndeadline_ms = 5000\n')
        opened = self._stack.enter_context(Decider.serve(self.settings, self.engine))
        assert wait_until(lambda: opened.has_algorithm("next_action"))
        assert opened._registry is not None
        assert opened._registry.is_ready("next_action", 20)
        return opened

    def assess(self, client_id: str, at: datetime = NOW, decider: Decider | None = None) -> Assessment:
        context = ServiceContext(settings=self.settings, engine=self.engine, wall=lambda: at)
        return Assessor(context, decider).assess(AssessRequest(client_id=client_id, at=at))

    def load_decisions(self) -> list[Any]:
        with read_transaction(self.engine) as connection:
            return list(connection.execute(select(decisions_table).where(decisions_table.c.slot == "next_action")))

    def list_mails(self, client_id: str) -> list[str]:
        with read_transaction(self.engine) as connection:
            return list(connection.scalars(select(outreaches.c.kind).where(outreaches.c.client_id == client_id)))

    def calls(self, state: str = "") -> list[Any]:
        with read_transaction(self.engine) as connection:
            return list(calls.list_calls(connection, state))


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as exit_stack:
        yield exit_stack


class SlowDecider(Decider):
    """Something happens `meanwhile`; then the built-in answers: a mail."""

    def __init__(self, meanwhile: Callable[[], None]) -> None:
        super().__init__()
        self._meanwhile = meanwhile

    def has_algorithm(self, slot: str) -> bool:
        return slot == "next_action"

    def ask(self, slot: str, question: SlotQuestion, built_in: BuiltIn | None = None) -> PendingDecision:
        self._meanwhile()
        return super().ask(slot, question, built_in)


def test_with_the_house_alone_it_is_a_mail_and_costs_no_statement_more(tmp_path: Path, stack: ExitStack) -> None:
    shop_floor = NextActionShop(tmp_path, stack)
    statements: list[str] = []
    event.listen(shop_floor.engine, "before_cursor_execute", lambda *given: statements.append(given[2]))
    result = shop_floor.assess("c0")
    assert (result.phase, result.chosen) == (Phase.AT_RISK, "")
    assert result.start is not None
    reads = [statement for statement in statements if statement.startswith("SELECT")]
    assert len(reads) == len(set(reads)), "nothing is read twice"
    assert not [read for read in reads if "max(calls.place)" in read or "decisions" in read or "FROM events" in read]
    assert shop_floor.load_decisions() == []


def test_nothing_begins_no_mail_is_recorded_once_and_told(tmp_path: Path, stack: ExitStack) -> None:
    shop_floor = NextActionShop(tmp_path, stack)
    decider = shop_floor.decider("nothing")
    result = shop_floor.assess("c0", decider=decider)
    assert (result.start, result.chosen) == (None, "nothing by says 1")
    assert "mail would not help now" in result.why_not
    again = shop_floor.assess("c0", decider=decider)  # as after a crash whose answer was lost
    assert (again.start, again.chosen) == (None, "")
    assert "mail would not help now" in again.why_not
    [row] = shop_floor.load_decisions()
    assert (row.algorithm, row.answer["action"], row.propensity) == ("says", "nothing", 0.5)
    with read_transaction(shop_floor.engine) as connection:
        assert decisions.load_question(connection, row.question) is not None
    week = shop_floor.assess("c0", NOW + timedelta(days=7), decider)
    assert week.chosen == "nothing by says 1"
    assert len(shop_floor.load_decisions()) == 2
    assert shop_floor.list_mails("c0") == []
    back = shop_floor.assess("c0", NOW + timedelta(days=8))  # the built-in again: what was closed stays closed
    assert back.start is None
    assert shop_floor.assess("c0", NOW + timedelta(days=14)).start is not None
    assert shop_floor.list_mails("c0") == ["stylist"]


def test_email_begins_the_mail_as_ever(tmp_path: Path, stack: ExitStack) -> None:
    shop_floor = NextActionShop(tmp_path, stack)
    decider = shop_floor.decider("email")
    result = shop_floor.assess("c0", decider=decider)
    assert result.start is not None
    assert result.chosen == "email by says 1"
    assert shop_floor.assess("c0", decider=decider).start == result.start
    assert len(shop_floor.load_decisions()) == 1
    assert shop_floor.list_mails("c0") == ["missed"]


def test_calls_come_to_the_stylists_up_to_the_day_s_number(tmp_path: Path, stack: ExitStack) -> None:
    shop_floor = NextActionShop(tmp_path, stack, stylist_calls_a_day=2, stylist_call_days=2.0)
    decider = shop_floor.decider("stylist_call")
    results = [shop_floor.assess(f"c{k}", decider=decider) for k in range(4)]
    assert [assessment.start is None for assessment in results] == [True, True, False, False]
    assert "a stylist is to call" in results[0].why_not
    assert [row.client_id for row in shop_floor.calls("open")] == ["c0", "c1"]
    assert [row.place for row in shop_floor.calls("open")] == [1, 2]
    next_day = NOW + timedelta(days=1)
    assert shop_floor.assess("c4", next_day, decider).start is None
    late = shop_floor.assess("c0", NOW + timedelta(days=2), decider)
    assert "a stylist" not in late.why_not
    [over] = shop_floor.calls("dropped")
    assert (over.client_id, over.outcome) == ("c0", "too_late")


def test_without_the_setting_no_call_is_ever_allowed(tmp_path: Path, stack: ExitStack) -> None:
    shop_floor = NextActionShop(tmp_path, stack)
    assert shop_floor.assess("c0", decider=shop_floor.decider("stylist_call")).chosen == "email by says 1"


def _make_offer(shop_floor: NextActionShop, slug: str, now: datetime = NOW, **terms: Any) -> None:
    order = OfferOrder(name=slug, code=f"{slug}-CODE", **{"percent": 10, "for_lifecycle": True, **terms})
    save_offer(shop_floor.engine, OWNER, slug, order, shop_floor.settings, now, now)
    approve_offer(shop_floor.engine, OWNER, slug, shop_floor.settings, now, now)


def test_an_offer_is_allowed_once_a_live_one_is_marked_for_it_and_the_mail_states_it(
    tmp_path: Path, stack: ExitStack
) -> None:
    shop_floor = NextActionShop(tmp_path, stack)
    decider = shop_floor.decider("offer")
    _make_offer(shop_floor, "for-campaigns", for_lifecycle=False)
    assert shop_floor.assess("c0", decider=decider).chosen == "email by says 1"
    _make_offer(shop_floor, "come-back")
    chosen = shop_floor.assess("c1", decider=decider)
    assert (chosen.chosen, chosen.start is not None) == ("offer by says 1", True)
    retire_offer(shop_floor.engine, OWNER, "come-back", shop_floor.settings, NOW, NOW)
    assert shop_floor.assess("c2", decider=decider).chosen == "email by says 1"
    with read_transaction(shop_floor.engine) as connection:
        rows = list(connection.execute(select(outreaches.c.client_id, outreaches.c.kind, outreaches.c.offer)))
    assert sorted(tuple(row) for row in rows) == [
        ("c0", "missed", None),
        ("c1", "missed", "come-back"),
        ("c2", "missed", None),
    ]


def test_a_client_who_had_an_offer_is_not_given_it_again_and_a_full_budget_gives_none(
    tmp_path: Path, stack: ExitStack
) -> None:
    shop_floor = NextActionShop(tmp_path, stack)
    _make_offer(shop_floor, "come-back", most_clients=1)
    with write_transaction(shop_floor.engine) as connection:
        assert find_lifecycle_offer(connection, "c0", NOW) == "come-back"
        grants.count_grant(connection, "come-back", "c0", 1)
        assert find_lifecycle_offer(connection, "c0", NOW) is None, "they had it"
        assert find_lifecycle_offer(connection, "c1", NOW) is None, "nobody else may have it"
    _make_offer(shop_floor, "later", NOW + timedelta(days=1), until=NOW.date() + timedelta(days=5))
    with read_transaction(shop_floor.engine) as connection:
        assert find_lifecycle_offer(connection, "c0", NOW) == "later"
        assert find_lifecycle_offer(connection, "c0", NOW + timedelta(days=7)) is None, "it is over"


def test_an_offer_that_was_retired_while_the_algorithm_thought_is_a_mail(tmp_path: Path, stack: ExitStack) -> None:
    shop_floor = NextActionShop(tmp_path, stack)
    decider = shop_floor.decider("offer")
    _make_offer(shop_floor, "come-back")
    service = NextActionService(ServiceContext(settings=shop_floor.settings, engine=shop_floor.engine), decider)
    trigger = NextActionTrigger(
        MailStart(kind=TouchKind.MISSED, key="missed:1", priority=70), "c0", "a1", 30.0, None, NOW
    )
    pending = service.ask(trigger)
    assert pending.decision.answer.model_dump()["action"] == "offer"
    retire_offer(shop_floor.engine, OWNER, "come-back", shop_floor.settings, NOW, NOW)
    with write_transaction(shop_floor.engine) as connection:
        taken = service.act(connection, trigger, pending)
    assert (taken.offer, taken.answer, taken.description.split()[0]) == (None, None, "email")
    [row] = shop_floor.load_decisions()
    assert row.answer["action"] == "email"


def test_mail_goes_on_once_the_call_is_made(tmp_path: Path, stack: ExitStack) -> None:
    shop_floor = NextActionShop(tmp_path, stack, stylist_calls_a_day=1, stylist_call_days=30.0)
    decider = shop_floor.decider("stylist_call")
    shop_floor.assess("c0", decider=decider)
    week = NOW + timedelta(days=7)
    assert shop_floor.assess("c0", week).start is None
    done = CallDecision(verdict="reached", by="Eve")
    decide_call(shop_floor.engine, SYSTEM, shop_floor.calls()[0].call_id, done, week, week)
    assert shop_floor.assess("c0", week).start is not None
    assert shop_floor.list_mails("c0") == ["new_in"]


def test_who_may_not_be_mailed_is_not_called(tmp_path: Path, stack: ExitStack) -> None:
    shop_floor = NextActionShop(tmp_path, stack, stylist_calls_a_day=5)
    decider = shop_floor.decider("stylist_call")
    shop_floor.assess("c0", decider=decider)
    shop_floor.shop.event("c0", "consent_changed", 0.0, consent=False)
    shop_floor.assess("c0", decider=decider)
    [over] = shop_floor.calls()
    assert (over.state, over.outcome) == (CallState.DROPPED, "no_consent")
    shop_floor.shop.event("c1", "consent_changed", 0.0, consent=False)
    assert shop_floor.assess("c1", decider=decider).chosen == ""


def test_a_call_that_others_used_up_meanwhile_is_a_mail_and_on_record_as_such(
    tmp_path: Path, stack: ExitStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop_floor = NextActionShop(tmp_path, stack, stylist_calls_a_day=1)
    decider = shop_floor.decider("stylist_call")
    first = shop_floor.assess("c1", decider=decider)
    assert first.start is None
    monkeypatch.setattr(calls, "count_used", lambda *_: 0)  # as it was read before the other took it
    result = shop_floor.assess("c0", decider=decider)
    assert result.start is not None
    assert result.chosen.startswith("email by house")
    row = next(row for row in shop_floor.load_decisions() if row.client_id == "c0")
    assert (row.algorithm, row.variant, row.propensity) == ("house", "says", None)


def test_a_client_erased_while_the_algorithm_thought_comes_back_as_erased(tmp_path: Path, stack: ExitStack) -> None:
    shop_floor = NextActionShop(tmp_path, stack)

    def meanwhile() -> None:
        with write_transaction(shop_floor.engine) as connection:
            connection.execute(clients.delete().where(clients.c.client_id == "c0"))

    assert shop_floor.assess("c0", decider=SlowDecider(meanwhile)).phase is Phase.ERASED
    assert shop_floor.load_decisions() == []


def test_of_two_who_ask_at_once_the_first_answer_stands(tmp_path: Path, stack: ExitStack) -> None:
    """As when a worker that was given up for dead goes on."""
    shop_floor = NextActionShop(tmp_path, stack)
    decider = shop_floor.decider("nothing")

    def meanwhile() -> None:
        assert shop_floor.assess("c0", decider=decider).chosen == "nothing by says 1"

    result = shop_floor.assess("c0", decider=SlowDecider(meanwhile))
    assert (result.start, result.chosen) == (None, "")
    assert "mail would not help now" in result.why_not
    assert [row.answer["action"] for row in shop_floor.load_decisions()] == ["nothing"]
    assert shop_floor.list_mails("c0") == []


def test_a_hold_that_comes_while_the_algorithm_thinks_is_kept(tmp_path: Path, stack: ExitStack) -> None:
    shop_floor = NextActionShop(tmp_path, stack)

    def meanwhile() -> None:
        with write_transaction(shop_floor.engine) as connection:
            holds.add_hold(connection, "c0", HoldSource.CLIENT, "", NOW)

    result = shop_floor.assess("c0", decider=SlowDecider(meanwhile))
    assert (result.start, result.chosen) == (None, "")
    assert "the client asked us to pause" in result.why_not
    assert shop_floor.load_decisions() == []


def test_the_open_call_comes_with_the_client_in_the_same_statement(tmp_path: Path, stack: ExitStack) -> None:
    shop_floor = NextActionShop(tmp_path, stack, stylist_calls_a_day=1)
    shop_floor.assess("c0", decider=shop_floor.decider("stylist_call"))
    with write_transaction(shop_floor.engine) as connection:
        file = assessments.load_client_file(connection, "c0")
        other = assessments.load_client_file(connection, "c1")
    assert file is not None
    assert other is not None
    assert file.call is not None
    assert [answer.action for answer in file.answered] == ["stylist_call"]
    assert (other.call, other.answered) == (None, ())
    with read_transaction(shop_floor.engine) as connection:
        assert connection.scalar(select(calls_table.c.reason)) == "missed"
