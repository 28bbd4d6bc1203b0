"""Messages as another system gets them: signed, at least once, tried again, held, and sent again on request."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select, update
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from domain.webhook_rules import GIVE_UP
from errors import BadInput, NotFound
from hosting.webhook_watch import WebhookDispatcher
from models.actors import Actor, Channel, Role
from models.campaign import CampaignSpec
from models.states import OutreachState
from models.webhooks import (
    EndpointState,
    MessageState,
    WebhookMessage,
    WebhookOrder,
    WebhookReplay,
    WebhookRotation,
    WebhookTest,
    WebhookType,
)
from services.context import ServiceContext
from services.today.attention import list_needs
from services.webhooks import endpoints, log, outcomes
from services.webhooks.delivery import TryResult, WebhookSender, build_allowlist
from settings import Settings
from store import tables as t
from store.activity import list_activities
from store.campaigns import campaigns
from store.database import connect, read_transaction, write_transaction
from store.mail import ledger
from tests.support.tables import create_tables
from tests.support.webhook_receiver import WebhookReceiver

EVE = Actor(who="eve", role=Role.OWNER, channel=Channel.COMMAND)
NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)


@pytest.fixture
def context(tmp_path: Path) -> Iterator[ServiceContext]:
    settings = Settings(home=tmp_path, webhook_networks="127.0.0.0/8", _env_file=None)
    engine = connect(settings.database)
    create_tables(engine)
    yield ServiceContext(settings, engine)
    engine.dispose()


def add(context: ServiceContext, url: str, name: str = "erp", *types: WebhookType) -> str:
    order = WebhookOrder(name=name, url=url, types=types)
    settings = context.settings
    made = endpoints.add_endpoint(
        context.engine, EVE, settings.keys.signing, build_allowlist(settings), order, NOW, datetime.now(UTC)
    )
    return made.secret


def happen(context: ServiceContext, *slugs: str) -> None:
    with write_transaction(context.engine) as connection:
        for slug in slugs:
            campaigns.create_campaign(connection, CampaignSpec(slug=slug, name=slug), NOW)


def send(context: ServiceContext, name: str = "erp", seconds: float = 5.0) -> int:
    async def run() -> int:
        sender = WebhookSender.from_settings(context.settings, seconds)
        try:
            return await WebhookDispatcher(context, sender).send_batch(name)
        finally:
            await sender.close()

    return asyncio.run(run())


def messages(context: ServiceContext, name: str = "erp") -> list[WebhookMessage]:
    return list(reversed(log.show_log(context.engine, name).messages))


def let_time_pass(context: ServiceContext) -> None:
    with write_transaction(context.engine) as connection:
        past = datetime.now(UTC) - timedelta(seconds=1)
        connection.execute(update(t.webhook_messages).values(due_at=past, leased_until=None))


def wait_for(come: Callable[[], bool]) -> None:
    until = time.monotonic() + 10
    while not come() and time.monotonic() < until:
        time.sleep(0.02)
    assert come()


def test_a_message_is_verified_by_the_reference_library(context: ServiceContext) -> None:
    with WebhookReceiver() as receiver:
        secret = add(context, receiver.url)
        mail = {"client_id": "ann", "n": 7, "kind": "campaign", "campaign": "spring", "reason_key": "k", "score": 1.0}
        more = {"assessment_id": "a", "phase": "active", "created_at": NOW, "updated_at": NOW, "state": "data"}
        with write_transaction(context.engine) as connection:
            connection.execute(insert(t.outreaches).values(**mail, **more))
            assert ledger.move_mail(connection, "ann", 7, OutreachState.SENT, NOW)
        assert send(context) == 1
        assert send(context) == 0
    [delivery] = receiver.deliveries
    read: Any = Webhook(secret).verify(delivery.body, dict(delivery.headers))
    assert read == {
        "type": "mail.sent",
        "timestamp": "2026-06-01T12:00:00+00:00",
        "data": {"client_id": "ann", "n": 7, "kind": "campaign", "campaign": "spring"},
    }
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(delivery.body.replace(b"ann", b"bob"), dict(delivery.headers))
    [message] = messages(context)
    assert (message.state, message.message_id) == (MessageState.DELIVERED, delivery.message_id)
    assert [one.status for one in message.tries] == [204]
    assert secret not in str(list_rows(context)), "the secret is stored sealed"


def list_rows(context: ServiceContext) -> list[tuple[Any, ...]]:
    with read_transaction(context.engine) as connection:
        return [tuple(row) for row in connection.execute(select(t.webhook_endpoints))]


def test_while_a_secret_is_changed_both_are_good(context: ServiceContext) -> None:
    with WebhookReceiver() as receiver:
        old = add(context, receiver.url)
        key, real_now = context.settings.keys.signing, datetime.now(UTC)
        new = endpoints.rotate_secret(context.engine, EVE, key, "erp", WebhookRotation(), NOW, real_now).secret
        happen(context, "spring")
        send(context)
        endpoints.rotate_secret(context.engine, EVE, key, "erp", WebhookRotation(hours=0), NOW, real_now)
        happen(context, "summer")
        send(context)
    both, after = receiver.deliveries
    for secret in (old, new):
        Webhook(secret).verify(both.body, dict(both.headers))
    for secret in (old, new):
        with pytest.raises(WebhookVerificationError):
            Webhook(secret).verify(after.body, dict(after.headers))


def test_a_failed_message_is_tried_again_under_its_id_until_it_is_given_up(context: ServiceContext) -> None:
    with WebhookReceiver(status=500) as receiver:
        add(context, receiver.url)
        happen(context, "spring")
        before = datetime.now(UTC)
        assert send(context) == 1
        [message] = messages(context)
        assert message.due_at is not None
        assert timedelta(seconds=4) < message.due_at - before < timedelta(seconds=30)
        assert send(context) == 0, "it is not due yet"
        for _ in range(9):
            let_time_pass(context)
            assert send(context) == 1
        let_time_pass(context)
        assert send(context) == 0
        [message] = messages(context)
        assert (message.state, message.attempts) == (MessageState.FAILED, 10)
        assert len(receiver.ids) == 1
        receiver.status = 200
        order = WebhookReplay(since=NOW - timedelta(days=1))
        assert log.replay(context.engine, EVE, "erp", order, NOW, before).messages == 1
        assert log.replay(context.engine, EVE, "erp", order, NOW, before).messages == 0
        assert send(context) == 1
        assert messages(context)[0].state is MessageState.DELIVERED
        assert len(receiver.ids) == 1


def test_a_redirect_is_not_followed(context: ServiceContext) -> None:
    with WebhookReceiver() as other, WebhookReceiver(status=302, headers={"location": other.url}) as receiver:
        add(context, receiver.url)
        happen(context, "spring")
        send(context)
        assert other.deliveries == []
    [latest] = messages(context)[0].tries
    assert (latest.status, latest.fault) == (302, "redirects")


@pytest.mark.parametrize("url", ["https://localhost:9/x", "https://[::1]/x", "https://0.0.0.0/x"])
def test_a_private_address_is_asked_nothing(tmp_path: Path, url: str) -> None:
    """By whatever name: addresses are refused at the door, names at each try."""
    settings = Settings(home=tmp_path, _env_file=None)
    engine = connect(settings.database)
    create_tables(engine)
    context = ServiceContext(settings, engine)
    if "localhost" not in url:
        with pytest.raises(BadInput, match="is private"):
            add(context, url)
        return
    add(context, url)
    happen(context, "spring")
    send(context)
    [latest] = messages(context)[0].tries
    assert (latest.status, latest.fault) == (None, "forbidden_address")


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("ftp://a.example/", "give https"),
        ("https://user:word@a.example/", "with no user"),
        ("https://a.example:99999/", "no web address"),
    ],
)
def test_an_address_that_cannot_be_meant_is_refused(context: ServiceContext, url: str, message: str) -> None:
    with pytest.raises(BadInput, match=message):
        add(context, url)


def test_a_slow_endpoint_is_late_and_holds_up_no_other(context: ServiceContext) -> None:
    async def run() -> None:
        sender = WebhookSender.from_settings(context.settings, 4.0)
        dispatcher = asyncio.create_task(WebhookDispatcher(context, sender).run(idle=0.02))
        await asyncio.to_thread(wait_for, lambda: len(quick.ids) == 30)
        assert not any(one.tries for one in messages(context, "slow")), "all went before the slow one's time was over"
        await asyncio.to_thread(wait_for, lambda: all(one.tries for one in messages(context, "slow")[:8]))
        dispatcher.cancel()

    with WebhookReceiver() as quick, WebhookReceiver(delay_s=6.0) as slow:
        add(context, slow.url, "slow")
        add(context, quick.url, "quick")
        happen(context, *(f"c{k}" for k in range(30)))
        asyncio.run(run())
    assert {one.fault for message in messages(context, "slow") for one in message.tries} == {"late"}


def test_an_endpoint_that_is_gone_is_disabled_and_what_follows_is_held(context: ServiceContext) -> None:
    with WebhookReceiver(status=410) as receiver:
        add(context, receiver.url)
        happen(context, "spring")
        send(context)
        happen(context, "summer")
        assert send(context) == 0
        [shown] = endpoints.list_endpoints(context.engine).endpoints
        assert (shown.state, shown.counts) == (EndpointState.DISABLED, {MessageState.HELD: 2})
        assert "410" in shown.why
        [need] = [need for need in list_needs(context.engine, context.settings, NOW) if need.link == "/webhooks"]
        assert (need.urgent, need.note) == (True, "erp")
        with read_transaction(context.engine) as connection:
            latest = list_activities(connection)[0]
        assert (latest.actor.channel, latest.action, latest.data["held"]) == (Channel.SYSTEM, "webhook.set_state", 1)
        with pytest.raises(BadInput, match="is disabled"):
            log.replay(context.engine, EVE, "erp", WebhookReplay(since=NOW), NOW, NOW)
        receiver.status = 200
        endpoints.set_endpoint_state(context.engine, EVE, "erp", EndpointState.ENABLED, NOW, NOW)
        assert send(context) == 0
        assert log.replay(context.engine, EVE, "erp", WebhookReplay(since=NOW), NOW, NOW).messages == 2
        assert send(context) == 2
    assert not [need for need in list_needs(context.engine, context.settings, NOW) if need.link == "/webhooks"]


def test_days_without_a_good_try_disable_an_endpoint(context: ServiceContext) -> None:
    add(context, "http://127.0.0.1:9/hook")
    happen(context, "spring")
    send(context)
    [shown] = endpoints.list_endpoints(context.engine).endpoints
    assert (shown.state, messages(context)[0].tries[0].fault) == (EndpointState.ENABLED, "unreachable")
    with write_transaction(context.engine) as connection:
        connection.execute(update(t.webhook_endpoints).values(failing_since=datetime.now(UTC) - GIVE_UP))
    let_time_pass(context)
    send(context)
    [shown] = endpoints.list_endpoints(context.engine).endpoints
    assert (shown.state, shown.why) == (EndpointState.DISABLED, "every try failed for 5 days")


def test_a_try_that_was_overtaken_settles_nothing(context: ServiceContext) -> None:
    with WebhookReceiver() as receiver:
        add(context, receiver.url)
        happen(context, "spring")
        stale = outcomes.lease_due(context, "erp", 8, datetime.now(UTC) - timedelta(minutes=5))
        assert send(context) == 1
    late = [TryResult(500, "", 1) for _ in stale.messages]
    outcomes.settle_due(context, stale.messages, late, datetime.now(UTC))
    assert messages(context)[0].state is MessageState.DELIVERED


def test_a_test_tells_what_was_answered(context: ServiceContext) -> None:
    with WebhookReceiver(status=401) as receiver:
        secret = add(context, receiver.url, "erp", WebhookType.MAIL_SENT)
        test = log.send_test(context.engine, EVE, context.settings, "erp", WebhookTest(), NOW, datetime.now(UTC))
        message = asyncio.run(test)
    assert (message.type, message.state, message.tries[0].status) == ("webhook.test", MessageState.WAITING, 401)
    [delivery] = receiver.deliveries
    Webhook(secret).verify(delivery.body, dict(delivery.headers))
    assert json.loads(delivery.body)["data"] == {}


class Meanwhile(WebhookSender):
    """Sends nothing; something happens instead of the answer."""

    happens: Callable[[], object]

    async def send(self, *_: Any) -> TryResult:
        await asyncio.to_thread(self.happens)
        return TryResult(204, "", 1)


def send_test_while(
    context: ServiceContext, monkeypatch: pytest.MonkeyPatch, happens: Callable[[], object]
) -> WebhookMessage:
    monkeypatch.setattr(log, "WebhookSender", type("Sender", (Meanwhile,), {"happens": staticmethod(happens)}))
    return asyncio.run(
        log.send_test(context.engine, EVE, context.settings, "erp", WebhookTest(), NOW, datetime.now(UTC))
    )


def test_a_test_tells_of_itself_whatever_happens_meanwhile(
    context: ServiceContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(context, "https://a.example/")
    message = send_test_while(context, monkeypatch, lambda: happen(context, "spring"))
    assert (message.type, message.state) == ("webhook.test", MessageState.DELIVERED)
    with pytest.raises(NotFound, match="was removed"):
        send_test_while(
            context, monkeypatch, lambda: endpoints.remove_endpoint(context.engine, EVE, "erp", NOW, datetime.now(UTC))
        )


def test_the_path_of_an_address_is_shown_to_whoever_may_add_one(context: ServiceContext) -> None:
    """Other systems put a key there."""
    add(context, "https://hooks.a.example:8443/services/T0/s3cret?key=s3cret")
    viewer = Actor(who="vic", role=Role.VIEWER, channel=Channel.PAGE)
    shown = endpoints.list_endpoints(context.engine, viewer).model_dump_json()
    shown += log.show_log(context.engine, "erp", actor=viewer).model_dump_json()
    assert shown.count("https://hooks.a.example:8443/…") == 2
    assert "s3cret" not in shown
    assert "s3cret" in endpoints.list_endpoints(context.engine, EVE).model_dump_json()
    assert "s3cret" in endpoints.list_endpoints(context.engine).model_dump_json()


def test_old_messages_are_deleted_but_not_while_they_wait(context: ServiceContext) -> None:
    with WebhookReceiver() as receiver:
        add(context, receiver.url)
        happen(context, "spring")
        send(context)
        happen(context, "summer")
    with write_transaction(context.engine) as connection:
        connection.execute(update(t.webhook_messages).values(at=datetime.now(UTC) - timedelta(days=31)))
    assert outcomes.forget_old_messages(context, datetime.now(UTC)) == 1
    assert [message.state for message in messages(context)] == [MessageState.WAITING]


def test_what_is_not_there_is_named(context: ServiceContext) -> None:
    with pytest.raises(NotFound, match="no endpoint nobody"):
        log.show_log(context.engine, "nobody")
    add(context, "https://a.example/")
    with pytest.raises(NotFound, match="no such message"):
        log.replay(context.engine, EVE, "erp", WebhookReplay(message_id="msg_9"), NOW, NOW)
    with pytest.raises(BadInput, match="say which"):
        log.replay(context.engine, EVE, "erp", WebhookReplay(), NOW, NOW)
