"""Assessments that ask the slot `next_action`: once an occasion, recorded with what follows, and no call too many."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event, select

from activities.assess import Assess
from models.calls import CallDecision, CallState
from models.lifecycle import Assessment, AssessRequest
from models.slots import Question
from models.states import HoldSource, Phase
from services.context import ServiceContext
from services.decisions.decider import Asked, Decider
from settings import Settings
from store.clients import assessments, calls, holds
from store.database import connect, read_transaction, write_transaction
from store.learning import decisions
from store.tables import calls as calls_table
from store.tables import clients, metadata, outreaches
from store.tables import decisions as decisions_table
from tests.support.algorithms import plant, say, until
from tests.support.stocked import NOW, StockedShop

SAYS = """
slot, version = "next_action", "1"

def answer(question):
    wanted = "{action}"
    return {{"action": wanted if wanted in question["allowed"] else "email", "uplift": 0.1, "propensity": 0.5}}
"""


class Place:
    """A shop whose clients `c0`, `c1`... ordered once, long ago: each assessment finds them at risk."""

    def __init__(self, folder: Path, stack: ExitStack, **settings: Any) -> None:
        self.settings, self._stack = Settings(home=folder / "home", _env_file=None, **settings), stack
        self.engine: Engine = connect(f"sqlite:///{folder / 'shop.db'}")
        stack.callback(self.engine.dispose)
        metadata.create_all(self.engine)
        self.shop = StockedShop(self.engine)
        for k in range(6):
            self.shop.client(f"c{k}", signed_up_at=NOW - timedelta(days=400), consent=True, time_zone="UTC")
        paid = {"item_id": "i1", "value": "40.00", "currency": "USD"}
        self.shop.events([{"client_id": f"c{k}", "type": "order_placed", "days_ago": 130.0, **paid} for k in range(6)])

    def decider(self, action: str) -> Decider:
        plant(self.settings.home / "algorithms", "says", source=SAYS.format(action=action))
        say(self.settings.home, '[slots.next_action]\nchampion = "says"\ndeadline_ms = 5000\n')
        made = self._stack.enter_context(Decider.serving(self.settings, self.engine))
        assert until(lambda: made.asks("next_action"))
        assert made._registry is not None
        assert made._registry.ready("next_action", 20)
        return made

    def assess(self, client_id: str, at: datetime = NOW, decider: Decider | None = None) -> Assessment:
        context = ServiceContext(settings=self.settings, engine=self.engine, wall=lambda: at)
        return Assess(context, decider).assess(AssessRequest(client_id=client_id, at=at))

    def decided(self) -> list[Any]:
        with read_transaction(self.engine) as connection:
            return list(connection.execute(select(decisions_table).where(decisions_table.c.slot == "next_action")))

    def mails(self, client_id: str) -> list[str]:
        with read_transaction(self.engine) as connection:
            return list(connection.scalars(select(outreaches.c.kind).where(outreaches.c.client_id == client_id)))

    def calls(self, state: str = "") -> list[Any]:
        with read_transaction(self.engine) as connection:
            return list(calls.listing(connection, state))


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as made:
        yield made


class Slow(Decider):
    """Something happens `meanwhile`; then the house answers: a mail."""

    def __init__(self, meanwhile: Callable[[], None]) -> None:
        super().__init__()
        self._meanwhile = meanwhile

    def asks(self, slot: str) -> bool:
        return slot == "next_action"

    def ask(self, slot: str, question: Question) -> Asked:
        self._meanwhile()
        return super().ask(slot, question)


def test_with_the_house_alone_it_is_a_mail_and_costs_no_statement_more(tmp_path: Path, stack: ExitStack) -> None:
    place = Place(tmp_path, stack)
    statements: list[str] = []
    event.listen(place.engine, "before_cursor_execute", lambda *given: statements.append(given[2]))
    told = place.assess("c0")
    assert (told.phase, told.chosen) == (Phase.AT_RISK, "")
    assert told.start is not None
    reads = [statement for statement in statements if statement.startswith("SELECT")]
    assert len(reads) == len(set(reads)), "nothing is read twice"
    assert not [read for read in reads if "max(calls.place)" in read or "decisions" in read or "FROM events" in read]
    assert place.decided() == []


def test_nothing_begins_no_mail_is_recorded_once_and_told(tmp_path: Path, stack: ExitStack) -> None:
    place = Place(tmp_path, stack)
    decider = place.decider("nothing")
    told = place.assess("c0", decider=decider)
    assert (told.start, told.chosen) == (None, "nothing by says 1")
    assert "mail would not help now" in told.why_not
    again = place.assess("c0", decider=decider)  # as after a crash whose answer was lost
    assert (again.start, again.chosen) == (None, "")
    assert "mail would not help now" in again.why_not
    [row] = place.decided()
    assert (row.algorithm, row.answer["action"], row.propensity) == ("says", "nothing", 0.5)
    with read_transaction(place.engine) as connection:
        assert decisions.question(connection, row.question) is not None
    week = place.assess("c0", NOW + timedelta(days=7), decider)
    assert week.chosen == "nothing by says 1"
    assert len(place.decided()) == 2
    assert place.mails("c0") == []
    back = place.assess("c0", NOW + timedelta(days=8))  # the house again: what was closed stays so
    assert back.start is None
    assert place.assess("c0", NOW + timedelta(days=14)).start is not None
    assert place.mails("c0") == ["stylist"]


def test_email_begins_the_mail_as_ever(tmp_path: Path, stack: ExitStack) -> None:
    place = Place(tmp_path, stack)
    decider = place.decider("email")
    told = place.assess("c0", decider=decider)
    assert told.start is not None
    assert told.chosen == "email by says 1"
    assert place.assess("c0", decider=decider).start == told.start
    assert len(place.decided()) == 1
    assert place.mails("c0") == ["missed"]


def test_calls_come_to_the_stylists_up_to_the_day_s_number(tmp_path: Path, stack: ExitStack) -> None:
    place = Place(tmp_path, stack, stylist_calls_a_day=2, stylist_call_days=2.0)
    decider = place.decider("stylist_call")
    told = [place.assess(f"c{k}", decider=decider) for k in range(4)]
    assert [each.start is None for each in told] == [True, True, False, False]
    assert "a stylist is to call" in told[0].why_not
    assert [row.client_id for row in place.calls("open")] == ["c0", "c1"]
    assert [row.place for row in place.calls("open")] == [1, 2]
    next_day = NOW + timedelta(days=1)
    assert place.assess("c4", next_day, decider).start is None
    late = place.assess("c0", NOW + timedelta(days=2), decider)
    assert "a stylist" not in late.why_not
    [over] = place.calls("dropped")
    assert (over.client_id, over.outcome) == ("c0", "too_late")


def test_without_the_setting_no_call_is_ever_allowed(tmp_path: Path, stack: ExitStack) -> None:
    place = Place(tmp_path, stack)
    assert place.assess("c0", decider=place.decider("stylist_call")).chosen == "email by says 1"


def test_mail_goes_on_once_the_call_is_made(tmp_path: Path, stack: ExitStack) -> None:
    place = Place(tmp_path, stack, stylist_calls_a_day=1, stylist_call_days=30.0)
    decider = place.decider("stylist_call")
    place.assess("c0", decider=decider)
    week = NOW + timedelta(days=7)
    assert place.assess("c0", week).start is None
    with write_transaction(place.engine) as connection:
        done = CallDecision(verdict="reached", by="Eve")
        calls.decide(connection, place.calls()[0].call_id, done, week, week)
    assert place.assess("c0", week).start is not None
    assert place.mails("c0") == ["new_in"]


def test_who_may_not_be_mailed_is_not_called(tmp_path: Path, stack: ExitStack) -> None:
    place = Place(tmp_path, stack, stylist_calls_a_day=5)
    decider = place.decider("stylist_call")
    place.assess("c0", decider=decider)
    place.shop.event("c0", "consent_changed", 0.0, consent=False)
    place.assess("c0", decider=decider)
    [over] = place.calls()
    assert (over.state, over.outcome) == (CallState.DROPPED, "no_consent")
    place.shop.event("c1", "consent_changed", 0.0, consent=False)
    assert place.assess("c1", decider=decider).chosen == ""


def test_a_call_that_others_used_up_meanwhile_is_a_mail_and_on_record_as_such(
    tmp_path: Path, stack: ExitStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = Place(tmp_path, stack, stylist_calls_a_day=1)
    decider = place.decider("stylist_call")
    first = place.assess("c1", decider=decider)
    assert first.start is None
    monkeypatch.setattr(calls, "taken", lambda *_: 0)  # as it was read before the other took it
    told = place.assess("c0", decider=decider)
    assert told.start is not None
    assert told.chosen.startswith("email by house")
    row = next(each for each in place.decided() if each.client_id == "c0")
    assert (row.algorithm, row.variant, row.propensity) == ("house", "says", None)


def test_a_client_erased_while_the_algorithm_thought_comes_back_as_erased(tmp_path: Path, stack: ExitStack) -> None:
    place = Place(tmp_path, stack)

    def meanwhile() -> None:
        with write_transaction(place.engine) as connection:
            connection.execute(clients.delete().where(clients.c.client_id == "c0"))

    assert place.assess("c0", decider=Slow(meanwhile)).phase is Phase.ERASED
    assert place.decided() == []


def test_of_two_who_ask_at_once_the_first_answer_stands(tmp_path: Path, stack: ExitStack) -> None:
    """As when a worker that was given up for dead goes on."""
    place = Place(tmp_path, stack)
    decider = place.decider("nothing")

    def meanwhile() -> None:
        assert place.assess("c0", decider=decider).chosen == "nothing by says 1"

    told = place.assess("c0", decider=Slow(meanwhile))
    assert (told.start, told.chosen) == (None, "")
    assert "mail would not help now" in told.why_not
    assert [row.answer["action"] for row in place.decided()] == ["nothing"]
    assert place.mails("c0") == []


def test_a_hold_that_comes_while_the_algorithm_thinks_is_kept(tmp_path: Path, stack: ExitStack) -> None:
    place = Place(tmp_path, stack)

    def meanwhile() -> None:
        with write_transaction(place.engine) as connection:
            holds.hold(connection, "c0", HoldSource.CLIENT, "", NOW)

    told = place.assess("c0", decider=Slow(meanwhile))
    assert (told.start, told.chosen) == (None, "")
    assert "the client asked us to pause" in told.why_not
    assert place.decided() == []


def test_the_open_call_comes_with_the_client_in_the_same_statement(tmp_path: Path, stack: ExitStack) -> None:
    place = Place(tmp_path, stack, stylist_calls_a_day=1)
    place.assess("c0", decider=place.decider("stylist_call"))
    with write_transaction(place.engine) as connection:
        file = assessments.load(connection, "c0")
        other = assessments.load(connection, "c1")
    assert file is not None
    assert other is not None
    assert file.call is not None
    assert [each.action for each in file.answered] == ["stylist_call"]
    assert (other.call, other.answered) == (None, ())
    with read_transaction(place.engine) as connection:
        assert connection.scalar(select(calls_table.c.reason)) == "missed"
