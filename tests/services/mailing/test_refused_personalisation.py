"""Who refuses personalisation is not profiled: no score, no mail that follows from what they did, no part in models;
and a mail that was written before does not leave as it is."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from activities.mail.compose import CompositionSteps
from domain.engagement import EngagementRules
from models.clients import ClientRow
from models.lifecycle import AssessRequest
from models.outreach import OutreachStep
from models.states import OutreachState, TouchKind
from services.assessment.assessor import Assessor
from services.clients import registration
from services.decisions.decider import Decider
from services.mailing.gate import decide_sending
from services.mailing.sending import turn_away
from services.recommendations.recommender import Recommender
from store.clients import histories, order_histories
from store.clients.interactions import load_interactions
from store.clients.preferences import fold_preferences, load_preferences
from store.database import read_transaction, write_transaction
from store.mail import ledger
from store.tables import outreaches
from tests.store.seeds import list_waiting
from tests.support.sending import find_noon, schedule_mail
from tests.support.shop import Shop

REFUSAL: dict[str, Any] = {"consent": False, "purposes": ["personalisation"], "source": "preferences"}
NOON = find_noon()


def send_gate(shop: Shop, step: OutreachStep, kind: TouchKind | None = None) -> tuple[str, str]:
    """What the send gate says of the mail now, as of another kind where one is given; and does."""
    with write_transaction(shop.engine) as connection:
        if kind is not None:
            connection.execute(outreaches.update().values(kind=kind))
        row = ledger.require_mail(connection, step.client_id, step.n)
        answer = decide_sending(shop.context, connection, row, NOON)
        if answer.door != "open":
            turn_away(connection, row, answer, NOON)
        return str(answer.door), answer.code


def test_a_mail_written_before_is_written_again_without_them(shop: Shop) -> None:
    step = schedule_mail(shop, "ada", NOON)
    shop.event("ada", "order_placed", NOON - timedelta(days=2), item_id="item03", value="43.50")
    shop.event("ada", "consent_changed", NOON, **REFUSAL)
    assert send_gate(shop, step) == ("rewrite", "personalisation_refused")
    decider = Decider()
    again = CompositionSteps(shop.context, Recommender(shop.engine, shop.settings, decider), decider).compose(step)
    assert again.state == OutreachState.SCHEDULED
    brief = shop.ledger("ada")[0].brief
    assert not brief["personal"]
    assert {fact["code"] for fact in brief["facts"]} <= {"signed_up", "sizes"}
    assert send_gate(shop, step)[0] == "open"


@pytest.mark.parametrize("kind", [TouchKind.QUIZ, TouchKind.MISSED, TouchKind.WIN_BACK, TouchKind.WON_BACK])
def test_one_that_follows_from_what_they_did_is_dropped(shop: Shop, kind: TouchKind) -> None:
    step = schedule_mail(shop, "ada", NOON)
    shop.event("ada", "consent_changed", NOON, **REFUSAL)
    assert send_gate(shop, step, kind) == ("closed", "personalisation_refused")
    assert shop.ledger("ada")[0].state == OutreachState.SUPPRESSED


def test_who_refuses_is_not_scored_and_called_back_by_no_mail(shop: Shop) -> None:
    for who in ("ada", "bob"):
        shop.client(who, now=NOON - timedelta(days=400))
        shop.event(who, "order_placed", NOON - timedelta(days=200), item_id="item03", value="43.50")
    assessor, ask = Assessor(shop.context), {"at": NOON}
    before = assessor.assess(AssessRequest(client_id="ada", **ask))
    assert before.start is not None
    with write_transaction(shop.engine) as connection:
        connection.execute(outreaches.delete())
        connection.exec_driver_sql("DELETE FROM outbox")
    shop.event("ada", "consent_changed", NOON, **REFUSAL)
    with read_transaction(shop.engine) as connection:
        assert list_waiting(connection) == ["ada"], "a refusal is looked at at once"
    after = assessor.assess(AssessRequest(client_id="ada", **ask))
    assert (after.phase, after.score, after.crosses_at, after.start) == ("active", 0.0, None, None)
    assert assessor.assess(AssessRequest(client_id="bob", **ask)).start is not None


def test_no_model_learns_from_who_refuses_and_a_row_of_the_shop_refuses_too(shop: Shop) -> None:
    for who in ("ada", "bob"):
        shop.client(who, now=NOON - timedelta(days=400))
        shop.event(who, "order_placed", NOON - timedelta(days=200), item_id="item03", value="43.50")
    fold_preferences(shop.engine, NOON)
    with write_transaction(shop.engine) as connection:
        row = ClientRow(client_id="ada", email="ada@example.com", personalisation=False)
        registration.upsert_clients(connection, [row], shop.terms, NOON, NOON)
    with read_transaction(shop.engine) as connection:
        learnt = load_interactions(connection, None, NOON).clients, order_histories.load_all_orders(connection, NOON)
        assert (learnt[0], list(learnt[1].client_ids)) == (("bob",), ["bob"])
        assert histories.load_histories(connection, NOON)[0] == ["bob"]
        assert histories.replay_histories(connection, EngagementRules(), NOON)[0] == ["bob"]
        assert [len(load_preferences(connection, who, NOON).sums) for who in ("ada", "bob")] == [0, 2]
