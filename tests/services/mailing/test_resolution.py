"""An `unknown` mail is settled by a person's word, which is kept; a resent one passes the gate as any other."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy import update

from errors import BadInput, NotAllowed, NotFound
from models.actors import Actor, Channel, Role, SubjectKind
from models.outreach import UnknownMailAnswer
from models.states import OutreachState
from services.mailing.resolution import resolve_mail
from store.activity import list_activities
from store.database import read_transaction, write_transaction
from store.tables import outreaches
from tests.support.sending import find_noon, schedule_mail
from tests.support.shop import Shop

OPERATOR = Actor(who="Olga", role=Role.OPERATOR, channel=Channel.COMMAND)
ARRIVED = UnknownMailAnswer(verdict="arrived", because="server_log")
RESEND = UnknownMailAnswer(verdict="resend", because="client_said")


def lose_mail(shop: Shop, state: str = "unknown") -> datetime:
    now = find_noon()
    schedule_mail(shop, "c", now)
    with write_transaction(shop.engine) as connection:
        connection.execute(update(outreaches).values(state=state, updated_at=now))
    return now


def test_a_mail_that_arrived_was_sent_when_it_was_lost(shop: Shop) -> None:
    lost = lose_mail(shop)
    assert resolve_mail(shop.context, OPERATOR, "c", 1, ARRIVED) is OutreachState.SENT
    (row,) = shop.ledger("c")
    assert (row.state, row.code, row.sent_at) == ("sent", "resolved_arrived", lost)
    with read_transaction(shop.engine) as connection:
        (entry,) = list_activities(connection, SubjectKind.MAIL, "c/1", 5)
    assert (entry.actor.who, entry.action) == ("Olga", "mail.resolve")
    assert entry.data == {"answer": "arrived", "because": "server_log"}


def test_a_mail_to_be_resent_queues_again(shop: Shop) -> None:
    lose_mail(shop)
    assert resolve_mail(shop.context, OPERATOR, "c", 1, RESEND) is OutreachState.PARKED
    (row,) = shop.ledger("c")
    assert (row.state, row.code, row.overdue) == ("parked", "resend", "send_late")
    with pytest.raises(BadInput, match="mail 1 is parked"):
        resolve_mail(shop.context, OPERATOR, "c", 1, ARRIVED)


@pytest.mark.parametrize("state", ["sent", "data", "scheduled"])
def test_no_other_mail_is_touched(shop: Shop, state: str) -> None:
    lose_mail(shop, state)
    with pytest.raises(BadInput, match="only an unknown one"):
        resolve_mail(shop.context, OPERATOR, "c", 1, RESEND)
    assert [row.state for row in shop.ledger("c")] == [state]


def test_who_may_not_or_names_no_mail_is_refused(shop: Shop) -> None:
    lose_mail(shop)
    marketer = Actor(who="Mia", role=Role.MARKETER, channel=Channel.PAGE)
    with pytest.raises(NotAllowed):
        resolve_mail(shop.context, marketer, "c", 1, ARRIVED)
    with pytest.raises(NotFound):
        resolve_mail(shop.context, OPERATOR, "c", 2, ARRIVED)
    with pytest.raises(NotFound):
        resolve_mail(shop.context, OPERATOR, "nobody", 1, ARRIVED)
    assert shop.ledger("c")[0].state == "unknown"
    assert datetime.now(UTC)
