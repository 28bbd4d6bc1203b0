"""The send gate and offers: what is over, retired or used up is not sent, and no budget is passed, however many send at
once. On both databases."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, func, select, update

from agents.template_writer import compose_draft
from domain.grounding import seal_draft
from domain.planning import MailStart
from errors import MailFault
from mail.message import EnvelopeBuilder
from models.actors import Actor, Channel, Role
from models.events import EVENT
from models.mail import Brief
from models.offers import OfferOrder
from models.outreach import OutreachStep
from models.states import OutreachState, Phase, TouchKind
from services.context import ServiceContext
from services.ingestion.intake import accept_events
from services.mailing.sending import Claim, claim_mail, pass_send_gate, settle_accepted, settle_fault
from services.offers.lifecycle import approve_offer, retire_offer, save_offer
from services.offers.stating import build_brief_offer
from services.returns.mail_states import BouncedMail, record_bounces
from settings import Settings
from store.database import connect, read_transaction, write_transaction
from store.mail import ledger
from store.mail.policy import ShopPolicy
from store.mail.returned import SentMail
from store.tables import metadata, offer_grants, offers, outreaches
from tests.store.conftest import NOW, database, engine
from tests.store.seeds import seed_clients
from tests.store.test_races import at_once

__all__ = ["database", "engine"]

OWNER = Actor(who="olga", role=Role.OWNER, channel=Channel.COMMAND)
IN_DATA = timedelta(seconds=30)
TEMPORARY = MailFault("later", permanent=False, code="smtp_451", stage="refused", step="data")
LOST = MailFault("lost", permanent=False, code="lost", stage="unknown", step="data")


class OfferShop:
    """Clients with a written mail that states the offer `ten`, due now."""

    def __init__(self, engine: Engine, home: Path) -> None:
        self.engine, self.settings = engine, Settings(home=home, smtp_url="", _env_file=None)
        self.context = ServiceContext(self.settings, engine, wall=lambda: NOW)
        self.post = EnvelopeBuilder.from_settings(self.settings)
        self.policy = ShopPolicy.from_settings(self.settings)

    def offer(self, **terms: Any) -> None:
        order = OfferOrder(name="Ten", code="TEN10", **{"percent": 10, **terms})
        save_offer(self.engine, OWNER, "ten", order, self.settings, NOW, NOW)
        approve_offer(self.engine, OWNER, "ten", self.settings, NOW, NOW)

    def write(self, *clients: str, n: int = 1) -> list[OutreachStep]:
        with write_transaction(self.engine) as connection:
            if n == 1:
                seed_clients(connection, self.policy, *clients)
            stated = build_brief_offer(connection, "ten")
            for client_id in clients:
                start = MailStart(kind=TouchKind.MISSED, key=f"missed:{n}", priority=70, offer="ten")
                about = {"assessment_id": "a1", "score": 30.0, "phase": Phase.AT_RISK, "now": NOW}
                ledger.begin_mail(connection, client_id, n, start, **about)  # type: ignore[arg-type]
                brief = Brief(
                    client_id=client_id, n=n, kind=TouchKind.MISSED, phase=Phase.AT_RISK, assessment_id="a1",
                    score=30.0, first_name="", locale="en", shop_name="Shop", voice="", offer=stated,
                )  # fmt: skip
                sealed = seal_draft(compose_draft(brief), brief)
                values = {"send_at": NOW, "brief": brief.model_dump(mode="json"), **sealed}
                ledger.move_mail(connection, client_id, n, OutreachState.SCHEDULED, NOW, values=values)
        return [OutreachStep(client_id=client_id, n=n, at=NOW) for client_id in clients]

    def claim(self, step: OutreachStep) -> Claim | None:
        with write_transaction(self.engine) as connection:
            claim = claim_mail(self.context, self.post, connection, step)
        return claim if isinstance(claim, Claim) else None

    def pass_gate(self, step: OutreachStep, claim: Claim) -> bool:
        with write_transaction(self.engine) as connection:
            return pass_send_gate(self.context, connection, step, claim, IN_DATA)

    def die_before_commit(self, step: OutreachStep, claim: Claim) -> None:
        with write_transaction(self.engine) as connection:
            assert pass_send_gate(self.context, connection, step, claim, IN_DATA)
            raise KeyboardInterrupt

    def begin(self, step: OutreachStep) -> Claim | None:
        claim = self.claim(step)
        return claim if claim is not None and self.pass_gate(step, claim) else None

    def fail(self, step: OutreachStep, claim: Claim, fault: MailFault) -> None:
        with write_transaction(self.engine) as connection:
            settle_fault(self.context, connection, step, claim, fault)

    def count(self) -> tuple[int, int]:
        """What the offer says that it gave, and how many clients have it."""
        with read_transaction(self.engine) as connection:
            given = connection.scalar(select(offers.c.given))
            return given or 0, connection.scalar(select(func.count()).select_from(offer_grants)) or 0

    def states(self) -> Counter[tuple[str, str]]:
        with read_transaction(self.engine) as connection:
            return Counter((row.state, row.code) for row in connection.execute(select(outreaches)))


@pytest.fixture
def shop(engine: Engine, tmp_path: Path) -> OfferShop:
    return OfferShop(engine, tmp_path / "home")


def test_many_at_once_never_pass_the_budget(shop: OfferShop) -> None:
    shop.offer(most_clients=5)
    steps = shop.write(*(f"c{k:02d}" for k in range(12)))
    claims = [(step, claim) for step in steps if (claim := shop.claim(step))]
    assert len(claims) == 12, "all were claimed before one of them began"
    at_once([lambda step=step, claim=claim: shop.pass_gate(step, claim) for step, claim in claims])  # type: ignore[misc]
    assert shop.states() == {("data", ""): 5, ("suppressed", "offer_spent"): 7}
    assert shop.count() == (5, 5)


def test_what_dies_before_the_commit_counts_nothing_and_what_dies_after_it_counts_once(shop: OfferShop) -> None:
    shop.offer(most_clients=2)
    first, second = shop.write("ann", "bea")
    claim = shop.claim(first)
    assert claim is not None
    with pytest.raises(KeyboardInterrupt):
        shop.die_before_commit(first, claim)
    assert shop.count() == (0, 0)
    assert shop.pass_gate(first, claim)
    assert not shop.pass_gate(first, claim), "it is in data already"
    assert shop.count() == (1, 1)
    late = first.model_copy(update={"at": NOW + timedelta(minutes=5)})  # its worker died: the lease is over
    assert shop.claim(late) is None
    assert shop.states()["unknown", "lost_in_data"] == 1
    assert shop.count() == (1, 1), "it may have arrived"
    assert shop.begin(second)
    assert shop.count() == (2, 2)


def test_a_refused_mail_gives_its_place_back_and_a_lost_one_keeps_it(shop: OfferShop) -> None:
    shop.offer(most_clients=1)
    first, second = shop.write("ann", "bea")
    claim = shop.begin(first)
    assert claim is not None
    shop.fail(first, claim, TEMPORARY)
    assert shop.count() == (0, 0)
    other = shop.begin(second)
    assert other is not None
    shop.fail(second, other, LOST)
    assert shop.count() == (1, 1)
    assert shop.begin(first) is None
    assert shop.states()["suppressed", "offer_spent"] == 1


def test_a_second_mail_with_it_counts_no_second_time_and_a_bounce_gives_the_place_back(shop: OfferShop) -> None:
    shop.offer(most_clients=1)
    (first,) = shop.write("ann")
    claim = shop.begin(first)
    assert claim is not None
    with write_transaction(shop.engine) as connection:
        settle_accepted(shop.context, connection, first, claim)
        # Not two on one day: caps.
        connection.execute(
            update(outreaches).values(sent_at=NOW - timedelta(days=20), updated_at=NOW - timedelta(days=20))
        )
    (again,) = shop.write("ann", n=2)
    assert shop.begin(again)
    assert shop.count() == (1, 1)
    for n, left in ((1, (1, 1)), (2, (0, 0)), (2, (0, 0))):
        with write_transaction(shop.engine) as connection:
            back = BouncedMail(SentMail("ann", n, claim.mailbox, claim.mailbox), False, "5.0.0", NOW)
            record_bounces(connection, [back])
        assert shop.count() == left


def test_an_offer_that_is_over_retired_or_spent_in_money_keeps_its_mail(shop: OfferShop) -> None:
    shop.offer(until=NOW.date(), most_money="15")
    first, second, third = shop.write("ann", "bea", "cyd")
    after = first.model_copy(update={"at": NOW + timedelta(days=1)})
    assert shop.claim(after) is None
    assert shop.states()["suppressed", "offer_expired"] == 1
    claim = shop.claim(second)
    assert claim is not None
    raw = {"event_id": "e1", "client_id": "cyd", "type": "order_placed", "occurred_at": NOW, "value": "135.00"}
    order = EVENT.validate_python({**raw, "offer_code": "ten10"})
    with write_transaction(shop.engine) as connection:
        assert not accept_events(connection, [order], shop.policy, NOW, NOW).refused
    assert not shop.pass_gate(second, claim), "15 of 15 were taken off between claim and gate"
    assert shop.states()["suppressed", "offer_spent"] == 1
    retire_offer(shop.engine, OWNER, "ten", shop.settings, NOW, NOW)
    assert shop.claim(third) is None
    assert shop.states()["suppressed", "offer_retired"] == 1
    assert shop.count() == (0, 0)


def test_a_text_whose_offer_was_tampered_with_is_not_sent(tmp_path: Path) -> None:
    engine = connect(f"sqlite:///{tmp_path / 'store.db'}")
    metadata.create_all(engine)
    shop = OfferShop(engine, tmp_path / "home")
    shop.offer()
    (step,) = shop.write("ann")
    with write_transaction(engine) as connection:
        brief = connection.scalar(select(outreaches.c.brief)) or {}
        changed = brief | {"offer": brief["offer"] | {"percent": 90}}
        connection.execute(update(outreaches).values(brief=changed))
    assert shop.claim(step) is None
    assert shop.states() == {("failed", "text_changed"): 1}
