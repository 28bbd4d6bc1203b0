"""What mails show of tests is assigned when they begin and seen once they have left, one by one and many at once."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, select, update

from domain.planning import MailStart
from models.answers import AnswerRecord
from models.journey_steps import MailContent
from models.slot_policies import SlotSplit
from models.states import OutreachState, Phase, TouchKind
from store.database import write_transaction
from store.experiments.assignments import list_assignments
from store.experiments.exposures import save_box_exposures
from store.experiments.splits import find_last_split
from store.learning.decisions import save_decision
from store.mail import ledger, ledger_in_bulk
from store.mail.policy import ShopPolicy
from store.tables import exposures, outreaches
from tests.store.conftest import NOW
from tests.store.seeds import seed_clients

HOUR = timedelta(hours=1)
SPLIT = SlotSplit(champion="house", shares={"house": 0.5, "two": 0.5})
ABOUT = {"assessment_id": "a1", "score": 20.0, "phase": Phase.ONBOARDING}


def build_start(key: str, variant: str, experiment: str = "spring/hello") -> MailStart:
    content = MailContent(message="Hi.", variant=variant, experiment=experiment)
    return MailStart(key=key, kind=TouchKind.CAMPAIGN, priority=1, campaign="spring", content=content)


def build_answer(client_id: str, variant: str, split: SlotSplit | None = SPLIT) -> AnswerRecord:
    told: dict[str, Any] = {"variant": variant, "experiment": split, "algorithm": variant, "version": "1"}
    told |= {"seconds": 0.1, "answer": {}}
    asked = {"slot": "ranking", "client_id": client_id, "asked_at": NOW, "question": f"q{client_id}", "role": "live"}
    return AnswerRecord.model_validate(asked | told)


def put_in_data(connection: Connection) -> None:
    connection.execute(update(outreaches).values(state=OutreachState.DATA, token="t"))


def list_rows(connection: Connection, client_id: str) -> list[tuple[str, str, str, datetime | None]]:
    rows = list_assignments(connection, client_id)
    return [(str(row.kind), row.experiment, row.arm, row.exposed_at) for row in rows]


@pytest.mark.parametrize("many", [False, True], ids=["one", "in-bulk"])
def test_a_mails_text_and_its_algorithm_are_seen_when_it_has_left(
    engine: Engine, policy: ShopPolicy, *, many: bool
) -> None:
    with write_transaction(engine) as connection:
        seed_clients(connection, policy, "ann", "zoe")
        starts = {
            "ann": build_start("campaign:spring:1:hello", "b"),
            "zoe": build_start("campaign:spring:1:bye", "", ""),
        }
        if many:
            new = [
                ledger_in_bulk.NewMail(who, 1, start, **ABOUT, lease_until=NOW)  # type: ignore[arg-type]
                for who, start in starts.items()
            ]
            ledger_in_bulk.begin_mails(connection, new, NOW)
        else:
            for who, start in starts.items():
                ledger.begin_mail(connection, who, 1, start, now=NOW, **ABOUT)  # type: ignore[arg-type]
        save_decision(connection, build_answer("ann", "two"), NOW + HOUR, n=1)
        save_decision(connection, build_answer("zoe", "house", split=None), NOW + HOUR, n=1)
        slot = ("slot", "ranking/house+two", "two")
        text = ("campaign", "spring/hello", "b")
        assert list_rows(connection, "ann") == [(*text, None), (*slot, None)], "nobody has seen them"
        put_in_data(connection)
        at = NOW + 3 * HOUR
        if many:
            moves = [ledger_in_bulk.MailMove(who, 1, "", "t", {"sent_at": at}) for who in starts]
            assert len(ledger_in_bulk.move_mails(connection, moves, OutreachState.SENT, at)) == 2
        else:
            for who in starts:
                assert ledger.move_mail(connection, who, 1, OutreachState.SENT, at, values={"sent_at": at})
        assert list_rows(connection, "ann") == [(*text, at), (*slot, at)]
        assert list_rows(connection, "zoe") == [], "one text and no split: no test"


def test_a_page_is_seen_at_once_a_box_when_it_is_shipped_and_a_complaint_tells_that_a_mail_was(
    engine: Engine, policy: ShopPolicy
) -> None:
    with write_transaction(engine) as connection:
        seed_clients(connection, policy, "ann", "zoe", "kim")
        save_decision(connection, build_answer("ann", "two"), NOW)
        save_decision(connection, build_answer("zoe", "house"), NOW + HOUR, fix_id="f1")
        slot = ("slot", "ranking/house+two")
        assert list_rows(connection, "ann") == [(*slot, "two", NOW)]
        assert list_rows(connection, "zoe") == [(*slot, "house", None)]
        save_box_exposures(connection, "zoe", "f1", NOW + 2 * HOUR)
        assert list_rows(connection, "zoe") == [(*slot, "house", NOW + 2 * HOUR)]
        ledger.begin_mail(connection, "kim", 1, build_start("k", "b"), now=NOW, **ABOUT)  # type: ignore[arg-type]
        put_in_data(connection)
        ledger.move_returned(
            connection, [ledger.MailReturn("kim", 1, NOW + HOUR, "complaint")], OutreachState.COMPLAINED
        )
        assert list_rows(connection, "kim") == [("campaign", "spring/hello", "b", NOW + HOUR)]


def test_both_arms_are_on_record_of_who_changed_it_and_a_split_counts_since_it_has_its_shares(
    engine: Engine, policy: ShopPolicy
) -> None:
    grown = SlotSplit(champion="house", shares={"house": 0.2, "two": 0.8})
    with write_transaction(engine) as connection:
        assert find_last_split(connection, "ranking") is None
        seed_clients(connection, policy, "ann", "zoe")
        save_decision(connection, build_answer("ann", "house"), NOW)
        save_decision(connection, build_answer("ann", "two", grown), NOW + HOUR, key="2")
        save_decision(connection, build_answer("zoe", "two", grown), NOW + 2 * HOUR)
        assert list_rows(connection, "ann") == [("slot", "ranking/house+two", "two", NOW + HOUR)]
        seen = connection.execute(select(exposures.c.arm, exposures.c.at).where(exposures.c.subject == "ann"))
        assert sorted(tuple(row) for row in seen) == [("house", NOW), ("two", NOW + HOUR)]
        last = find_last_split(connection, "ranking")
        assert last == (grown, NOW + HOUR)
        assert find_last_split(connection, "rank") is None
