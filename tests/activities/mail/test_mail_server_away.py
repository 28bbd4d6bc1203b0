"""A mail that cannot be handed over keeps its place and says why; health, metrics and why-not say the same."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from prometheus_client import REGISTRY

from errors import MailFault
from mail.faulty_sink import SmtpFault
from services.clients.why_not import explain_no_mail
from services.context import ServiceContext
from services.mailing import mail_server
from store.database import read_transaction
from store.mail.policy import build_mail_rules
from tests.support.sending import Post, find_noon, schedule_mail
from tests.support.shop import Shop


def explain(shop: Shop, who: str, now: datetime) -> str:
    with read_transaction(shop.engine) as connection:
        rules = build_mail_rules(shop.settings)
        return explain_no_mail(connection, who, rules, shop.settings.keys.signing, now)


def describe(shop: Shop) -> str:
    with read_transaction(shop.engine) as connection:
        mail_server.set_gauges(connection, shop.settings)
        return mail_server.describe_outage(connection, shop.settings)


def down(reason: str) -> float | None:
    return REGISTRY.get_sample_value("selvedge_mail_server_down", {"reason": reason})


async def test_a_server_that_is_gone_is_named_everywhere_and_costs_no_mail(shop: Shop) -> None:
    now = find_noon()
    step = schedule_mail(shop, "c", now)
    shop.sink.stop()
    post = Post(shop, mail_server.build_circuit(shop.context))
    for _ in range(3):
        with pytest.raises(MailFault):
            await post.send(step)
    (row,) = shop.ledger("c")
    assert (row.state, row.code) == ("scheduled", "smtp_connect")
    assert shop.steps("c", 1)[-3:] == ["scheduled", "claimed", "scheduled"], "one try, three asked"
    assert "the mail server does not answer" in explain(shop, "c", now)
    assert describe(shop).startswith(f"127.0.0.1:{shop.settings.mailbox_port}: unreachable (smtp_connect), since ")
    assert (down("unreachable"), down("login_refused"), down("tls_refused")) == (1, 0, 0)
    shop.sink.start()
    a_day_later = ServiceContext(settings=shop.settings, engine=shop.engine, wall=lambda: now)
    assert (await Post(shop, mail_server.build_circuit(a_day_later)).send(step)).state == "sent"
    assert describe(shop) == ""
    assert down("unreachable") == 0


async def test_what_the_server_said_of_one_mail_is_on_the_ledger(shop: Shop) -> None:
    now = find_noon()
    step = schedule_mail(shop, "c", now)
    shop.sink.faults.plan(SmtpFault("rcpt", answer="450 4.2.0 greylisted"))
    post = Post(shop)
    with pytest.raises(MailFault):
        await post.send(step)
    (row,) = shop.ledger("c")
    assert (row.state, row.code) == ("scheduled", "smtp_450")
    assert "asks us to try later (450)" in explain(shop, "c", now)
    assert describe(shop) == "", "one mail's answer says nothing of the server"
    assert (await post.send(step)).state == "sent"


async def test_one_of_two_workers_tries_and_both_learn(shop: Shop) -> None:
    step = schedule_mail(shop, "c", find_noon())
    shop.sink.stop()
    one, two = (Post(shop, mail_server.build_circuit(shop.context)) for _ in range(2))
    with pytest.raises(MailFault):
        await one.send(step)
    with read_transaction(shop.engine) as connection:
        state = mail_server.load_state(connection, shop.settings)
    assert state.failures == 1
    assert state.try_at is not None
    notes = mail_server.StoredNotes(shop.context, f"127.0.0.1:{shop.settings.mailbox_port}")
    assert not await notes.claim_try(state.try_at + timedelta(minutes=1)), "it rests"
    with pytest.raises(MailFault):
        await two.send(step)


async def test_mail_that_may_not_go_any_more_ends_while_the_server_is_away(shop: Shop) -> None:
    step = schedule_mail(shop, "c", find_noon())
    shop.sink.stop()
    post = Post(shop, mail_server.build_circuit(shop.context))
    with pytest.raises(MailFault):
        await post.send(step)
    late = step.model_copy(update={"at": step.at + timedelta(days=8)})
    assert (await post.send(late)).code == "too_late"
