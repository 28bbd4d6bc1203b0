"""The pages of offers: a new one with its faults at their fields, approved, retired, and what came of it."""

from __future__ import annotations

from fastapi.testclient import TestClient
from sqlalchemy import select

from models.actors import Actor, Channel, Role
from models.campaign import CampaignSpec
from models.campaign_definition import CampaignDefinition
from models.events import EVENT
from models.journey_steps import JourneyStep
from services.campaigns.creation import create_campaign
from services.ingestion.intake import accept_events
from store.database import read_transaction, write_transaction
from store.tables import clients
from tests.web.auth.staff import find_form_token, get_app_context
from web.console.journey_words import describe_steps

OWNER = Actor(who="olga", role=Role.OWNER, channel=Channel.PAGE)
TERMS = {"slug": "autumn", "code": "Autumn20", "percent": "20", "uses": "1", "most_clients": "500"}


def post(site: TestClient, path: str, **fields: str) -> str:
    token = find_form_token(site.get(path).text)
    return site.post(path, data={"token": token, **fields}).text


def test_an_offer_is_drafted_approved_and_retired(site: TestClient) -> None:
    page = post(site, "/offers", **TERMS)
    assert "20% off everything with Autumn20, 1 use a client, for at most 500 clients." in page
    assert "not yet" in page
    page = post(site, "/offers/autumn", act="approve")
    assert "Live" in page
    assert "Approve it" not in page
    assert "its terms stay" in post(site, "/offers", **TERMS | {"percent": "30"})
    assert "Give one of approve, retire" in post(site, "/offers/autumn", act="")
    assert "Live" in site.get("/offers/autumn").text, "nothing is retired by accident: it never comes back"
    page = post(site, "/offers/autumn", act="retire")
    assert "Retired" in page
    assert "Retire it" not in page
    assert '<a href="/offers/autumn">autumn</a>' in site.get("/offers").text


def test_what_is_wrong_stands_at_its_field_with_what_was_typed(site: TestClient) -> None:
    page = post(site, "/offers", **TERMS | {"code": "a b"})
    assert 'id="wrong-code"' in page
    assert 'value="a b"' in page
    assert 'id="wrong-amount"' in post(site, "/offers", **TERMS | {"percent": ""})
    assert 'id="wrong-until"' in post(site, "/offers", **TERMS | {"until": "2020-01-01"})
    assert 'id="wrong-categories"' in post(site, "/offers", **TERMS | {"categories": "no such thing"})
    assert "There is no offer" in site.get("/offers").text


def test_what_orders_made_of_an_offer_is_shown_with_what_was_over_its_terms(site: TestClient) -> None:
    post(site, "/offers", **TERMS)
    context = get_app_context(site)
    now = context.business_now()
    with read_transaction(context.engine) as connection:
        client_id = connection.scalar(select(clients.c.client_id).order_by(clients.c.client_id).limit(1))
    line = {"client_id": client_id, "type": "order_placed", "occurred_at": now, "value": "80.00"}
    orders = [
        EVENT.validate_python({**line, "event_id": f"offered-{k}", "order_id": f"offered-{k}", "offer_code": code})
        for k, code in enumerate(("AUTUMN20", "autumn20", "TYPO"))
    ]
    with write_transaction(context.engine) as connection:
        assert len(accept_events(connection, orders, context.policy, now, now).accepted) == 3
    page = site.get("/offers/autumn").text
    assert "2 orders of 1 client" in page
    assert "$160.00" in page
    assert "$40.00" in page
    assert "1 client used it more than 1 time: over the terms" in page
    assert "1 order named the code TYPO, which no offer has" in site.get("/offers").text


def test_a_campaign_links_the_offer_that_its_mails_state(site: TestClient) -> None:
    post(site, "/offers", **TERMS)
    post(site, "/offers/autumn", act="approve")
    context = get_app_context(site)
    spec = CampaignSpec(slug="autumn-edit", name="Autumn edit", offer="autumn", expires_days=0)
    now = context.business_now()
    create_campaign(context.engine, OWNER, spec, now, now, even_if_empty=True)
    assert '<a href="/offers/autumn">autumn</a>' in site.get("/campaigns/autumn-edit").text
    step = JourneyStep.model_validate({"id": "hello", "mail": {"offer": "autumn"}})
    definition = CampaignDefinition(slug="steps", name="Steps", steps=(step,))
    (view,) = describe_steps(definition, {})
    assert view.title == "Mail · offer autumn"
