"""When a mail is to leave: an algorithm of the slot `send_time` proposes inside the allowed windows, where one has a
part in it; else the house does, by `services.mailing.reading_hours`; `domain.timing` disposes."""

from __future__ import annotations

from datetime import datetime
from typing import Final, cast

from sqlalchemy import Connection

from domain.timing import HORIZON, windows, zone_of
from models.policies import BUILT_IN
from models.slots import SendTimeAnswer, SendTimeQuestion
from services.context import ServiceContext
from services.decisions.decider import Asked, Decider
from services.mailing.outreach_steps import client_of
from services.mailing.preparation import opens_at
from services.mailing.reading_hours import READ
from store.mail import mail_facts
from store.mail.ledger import Ledger

SLOT: Final = "send_time"


def asked(
    context: ServiceContext, decider: Decider, connection: Connection, row: Ledger, now: datetime
) -> Asked | None:
    """What the slot says of this mail; None where nobody but the house is asked."""
    if not decider.asks(SLOT):
        return None
    client = client_of(connection, row.client_id)
    earliest = opens_at(context, connection, client, now)
    question = SendTimeQuestion(
        client_id=row.client_id,
        now=now,
        windows=windows(context.mail_rules, zone_of(client.time_zone), client.policy, earliest, earliest + HORIZON),
        opened=mail_facts.read_at(connection, row.client_id, now, READ),
    )
    return decider.ask(SLOT, question)


def proposed(said: Asked | None) -> datetime | None:
    """The moment that an algorithm proposes; None where the house is to say."""
    return (
        None if said is None or said.decision.algorithm == BUILT_IN else cast(SendTimeAnswer, said.decision.answer).at
    )


def keep(
    decider: Decider, connection: Connection, row: Ledger, said: Asked | None, at: datetime, now: datetime
) -> None:
    """Record the answer with the mail; where the house said, with the moment `at` that it chose."""
    if said is None:
        return
    if proposed(said) is None:
        said = said.instead(BUILT_IN, said.decision.version, SendTimeAnswer(at=at), said.decision.seconds)
    decider.keep(connection, said, now, n=row.n)
