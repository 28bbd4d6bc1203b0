"""A mail that states an offer, sent over real SMTP: both parts hold the block, and the budget keeps the next."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import select

from models.actors import Actor, Channel, Role
from models.offers import OfferOrder
from services.clients.why_not import explain_no_mail
from services.offers.lifecycle import approve_offer, save_offer
from services.offers.views import show_offer
from store.database import read_transaction
from store.mail.policy import build_mail_rules
from store.tables import outreaches
from tests.support.sending import Post, find_noon, schedule_mail
from tests.support.shop import Shop, a_shop

OWNER = Actor(who="olga", role=Role.OWNER, channel=Channel.COMMAND)


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    made = a_shop(tmp_path / "home", shop_time_zone="UTC")
    last = (find_noon() + timedelta(days=9)).date()
    order = OfferOrder(name="Ten", code="TEN-10", amount=Decimal(10), until=last, most_clients=1)
    now = datetime.now(UTC)
    save_offer(made.engine, OWNER, "ten", order, made.settings, now, now)
    approve_offer(made.engine, OWNER, "ten", made.settings, now, now)
    yield made
    made.sink.stop()
    made.engine.dispose()


async def test_the_delivered_mail_says_the_offer_in_the_readers_language_and_the_budget_keeps_the_next(
    shop: Shop,
) -> None:
    now = find_noon()
    first, second = (schedule_mail(shop, who, now, offer="ten", locale="es") for who in ("ann", "bea"))
    assert (await Post(shop).send(first)).state == "sent"
    kept = await Post(shop).send(second)
    assert (kept.state, kept.code) == ("suppressed", "offer_spent")
    with read_transaction(shop.engine) as connection:
        rules, key = build_mail_rules(shop.settings), shop.settings.keys.signing
        why = explain_no_mail(connection, "bea", rules, key, now)
    assert why.endswith("; their last mail was not sent: the budget of the offer that it states is used up.")
    (delivered,) = shop.mails()
    parts = delivered.message
    for kind in ("plain", "html"):
        body = parts.get_body((kind,))
        assert body is not None
        text = body.get_content()
        assert "de descuento en tu pedido" in text
        assert "TEN-10" in text
        assert "Se puede usar una vez." in text
    assert show_offer(shop.engine, "ten", shop.settings, now).figures.sent == 1
    with read_transaction(shop.engine) as connection:
        stated = connection.scalars(select(outreaches.c.offer)).all()
    assert list(stated) == ["ten", "ten"]
