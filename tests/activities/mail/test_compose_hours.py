"""A mail that is composed leaves when its client reads; stated hours and algorithms come first."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from activities.mail.compose import CompositionSteps
from domain.planning import MailStart
from models.outreach import OutreachStep
from models.states import OutreachState, Phase, TouchKind
from services.decisions.decider import Decider
from services.recommendations.recommender import Recommender
from store.database import write_transaction
from store.mail import ledger
from store.tables import standings
from tests.support.algorithms import install_algorithm, wait_until, write_policy_file
from tests.support.shop import Shop

AT_ONCE = """
slot, version = "send_time", "1"

def answer(question):
    return {"at": question["windows"][0]["start"]}
"""


def compose_mail(
    shop: Shop, kind: TouchKind, decider: Decider | None = None, **fields: Any
) -> tuple[datetime, datetime]:
    """Now, and when a mail of this kind is to leave, for a client who opens mail at 17:20 in UTC."""
    now = datetime.now(UTC).replace(hour=12, minute=0) + timedelta(days=1)
    who = f"c-{kind}"
    shop.client(who, now=now - timedelta(days=40), sizes=("M",), **fields)
    for day in range(1, 15):
        shop.event(who, "email_opened", now.replace(hour=17, minute=20) - timedelta(days=day), now=now)
    start = MailStart(key=f"{kind}:1", kind=kind, priority=1)
    with write_transaction(shop.engine) as connection:
        row = {"client_id": who, "phase": Phase.AT_RISK, "band": "at_risk", "score": 20.0, "assessment_id": "a1"}
        connection.execute(standings.insert().values(**row, phase_since=now, assessed_at=now))
        ledger.begin_mail(connection, who, 1, start, assessment_id="a1", score=20.0, phase=Phase.AT_RISK, now=now)
    used_decider = decider or Decider()
    compose = CompositionSteps(shop.context, Recommender(shop.engine, shop.settings, used_decider), used_decider)
    done = compose.compose(OutreachStep(client_id=who, n=1, at=now))
    assert done.state == OutreachState.SCHEDULED
    assert done.next_at is not None
    return now, done.next_at


def test_in_the_hour_or_the_half_hour_before_it(shop: Shop) -> None:
    now, at = compose_mail(shop, TouchKind.MISSED)
    assert now + timedelta(hours=4.5) <= at < now + timedelta(hours=6)


def test_a_welcome_leaves_at_once(shop: Shop) -> None:
    now, at = compose_mail(shop, TouchKind.WELCOME)
    assert at == now


def test_an_algorithm_that_has_a_part_says_when(shop: Shop) -> None:
    install_algorithm(shop.settings.home / "algorithms", "at-once", source=AT_ONCE)
    write_policy_file(shop.settings.home, '[slots.send_time]\nchampion = "at-once"\ndeadline_ms = 5000\n')
    with Decider.serve(shop.settings, shop.engine) as decider:
        assert wait_until(lambda: decider.has_algorithm("send_time"))
        now, at = compose_mail(shop, TouchKind.NEW_IN, decider)
    assert at == now
