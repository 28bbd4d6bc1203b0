"""A test send is on record with what the mail server took, whatever it refused after that."""

from __future__ import annotations

from dataclasses import replace

import pytest

from errors import MailFault
from mail.faulty_sink import FaultySink, SmtpFault
from mail.mailbox import Mailbox
from mail.sink import get_mailbox_path
from models.actors import Role
from models.staff_sends import StaffSendOrder
from services.campaigns.staff_sends import send_to_staff
from services.context import ServiceContext
from services.recommendations.recommender import Recommender
from services.team.invitations import add_person
from store.activity import list_activities
from store.database import read_transaction, write_transaction
from tests.services.campaigns.test_preview import MARKETER, SQLITE, context
from tests.store.conftest import NOW

__all__ = ["context"]
TEAM = ("mia@shop.example", "olga@shop.example")
REFUSAL = SmtpFault("rcpt", answer="550 no such person")
FINE = SmtpFault("rcpt")


@SQLITE
@pytest.mark.parametrize(("taken", "recorded"), [(0, []), (4, [4]), (6, [6])])
def test_what_was_taken_is_on_record(context: ServiceContext, taken: int, recorded: list[int]) -> None:
    with write_transaction(context.engine) as connection:
        for address in TEAM:
            add_person(connection, address, Role.MARKETER, NOW)
    box = Mailbox(get_mailbox_path(context.settings))
    with FaultySink(box, 0) as sink:
        here = replace(context, settings=context.settings.model_copy(update={"mailbox_port": sink.port}))
        sink.faults.plan(FINE, taken)
        sink.faults.plan(REFUSAL)
        order, recommender = StaffSendOrder(to=TEAM), Recommender(here.engine, here.settings)
        if taken == 6:
            assert len(send_to_staff(here, recommender, MARKETER, "spring", order, NOW).mails) == 6
        else:
            with pytest.raises(MailFault):
                send_to_staff(here, recommender, MARKETER, "spring", order, NOW)
    with read_transaction(context.engine) as connection:
        rows = [row for row in list_activities(connection) if row.action == "campaign.test"]
    assert [(row.actor.who, row.data["mails"]) for row in rows] == [("mia", mails) for mails in recorded]
