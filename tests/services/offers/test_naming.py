"""Campaigns that name an offer: refused where it is unknown, retired, a draft or over too soon; what mails carry."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from errors import BadInput
from models.actors import Actor, Channel, Role
from models.campaign import CampaignCommand, CampaignSpec
from models.campaign_definition import CampaignDefinition
from models.campaign_preview import PreviewOrder
from models.lifecycle import AssessRequest
from models.offers import OfferOrder
from models.outreach import OutreachStep
from services.assessment.assessor import Assessor
from services.campaigns.creation import create_campaign
from services.campaigns.definitions import decide_version, save_draft, start_version, submit_version
from services.campaigns.enrolment import enrol_next
from services.campaigns.preview import show_preview
from services.campaigns.steering import steer_campaign
from services.context import ServiceContext
from services.decisions.decider import Decider
from services.mailing.composition import MailComposer
from services.offers.lifecycle import approve_offer, retire_offer, save_offer
from services.recommendations.recommender import Recommender
from settings import Settings
from store.campaigns import campaigns
from store.database import connect, read_transaction, write_transaction
from store.tables import metadata, outreaches
from tests.support.shop_services import NOW, StockedShop

OWNER = Actor(who="olga", role=Role.OWNER, channel=Channel.COMMAND)


@pytest.fixture
def context(tmp_path: Path) -> Iterator[ServiceContext]:
    """A shop with one client and the live offer `week`, which holds for a week, and `always`."""
    engine = connect(f"sqlite:///{tmp_path / 'store.db'}")
    metadata.create_all(engine)
    shop = StockedShop(engine)
    for k in range(3):
        shop.item(f"i{k}")
    shop.client("ann", consent=True, time_zone="UTC", locale="de", first_name="Ann")
    settings = Settings(home=tmp_path / "home", shop_time_zone="UTC", _env_file=None)
    made = ServiceContext(settings, engine, wall=lambda: NOW)
    add_offer(made, "week", until=(NOW + timedelta(days=7)).date())
    add_offer(made, "always")
    yield made
    engine.dispose()


def add_offer(context: ServiceContext, slug: str, *, live: bool = True, **terms: Any) -> None:
    order = OfferOrder(name=slug, code=f"{slug}-CODE", **{"percent": 10, **terms})
    save_offer(context.engine, OWNER, slug, order, context.settings, NOW, NOW)
    if live:
        approve_offer(context.engine, OWNER, slug, context.settings, NOW, NOW)


def create(context: ServiceContext, offer: str, **terms: Any) -> None:
    spec = CampaignSpec.model_validate(
        {"slug": "spring", "name": "Spring", "control_share": 0, "offer": offer, **terms}
    )
    create_campaign(context.engine, OWNER, spec, NOW, NOW)


def define(offer: str, **terms: Any) -> CampaignDefinition:
    step = {"id": "hello", "mail": {"offer": offer}}
    whole = {"slug": "spring", "name": "Spring", "holdout": 0, "steps": [step], **terms}
    return CampaignDefinition.model_validate(whole)


@pytest.mark.parametrize(
    ("offer", "terms", "message"),
    [
        ("weke", {}, r"^offer: there is no offer weke; did you mean week"),
        ("gone", {}, r"^offer: the offer gone is retired"),
        ("draft", {}, r"^offer: the offer draft is a draft; approve it first"),
        (
            "week",
            {},
            r"^offer: the offer week is over at the end of 8 June 2026, before the campaign does, on 1 July 2026",
        ),
        ("week", {"expires_days": 0}, "before the campaign, which has no end"),
    ],
    ids=range(5),
)
def test_an_offer_that_a_campaign_cannot_keep_is_refused(
    context: ServiceContext, offer: str, terms: dict[str, Any], message: str
) -> None:
    add_offer(context, "gone")
    retire_offer(context.engine, OWNER, "gone", context.settings, NOW, NOW)
    add_offer(context, "draft", live=False)
    with pytest.raises(BadInput, match=message):
        create(context, offer, **terms)
    with read_transaction(context.engine) as connection:
        assert campaigns.find_campaign(connection, "spring") is None


def test_a_campaign_of_one_mail_states_its_offer_and_cannot_outlast_it(context: ServiceContext) -> None:
    create(context, "week", expires_days=7, priority=100)
    longer = CampaignCommand(kind="adjust", change={"expires_days": 14})
    with pytest.raises(BadInput, match=r"^offer: the offer week is over"):
        steer_campaign(context.engine, OWNER, "spring", longer, NOW, NOW)
    with write_transaction(context.engine) as connection:
        enrol_next(connection, campaigns.load_campaign(connection, "spring"), 10, NOW)
    decider = Decider()
    started = Assessor(context, decider).assess(AssessRequest(client_id="ann", at=NOW)).start
    assert started is not None
    composer = MailComposer(context, Recommender(context.engine, context.settings, decider), decider)
    composer.compose(OutreachStep(client_id="ann", n=started.n, at=NOW))
    with read_transaction(context.engine) as connection:
        row = connection.execute(select(outreaches)).one()
    assert (row.offer, row.state) == ("week", "scheduled")
    assert row.brief["offer"] == {
        "slug": "week", "code": "week-CODE", "percent": 10, "amount_cents": None, "until": "2026-06-08", "scope": [],
        "uses": 1,
    }  # fmt: skip
    assert "10" not in str(row.draft), "no writer states it"


def test_a_step_names_an_offer_that_may_still_be_a_draft_until_it_starts(context: ServiceContext) -> None:
    add_offer(context, "draft", live=False)
    engine, settings = context.engine, context.settings
    with pytest.raises(BadInput, match=r"^steps\[0\]\.mail\.offer: there is no offer none"):
        save_draft(engine, OWNER, define("none"), settings, NOW, NOW)
    first = save_draft(engine, OWNER, define("always"), settings, NOW, NOW)
    second = save_draft(engine, OWNER, define("draft"), settings, NOW, NOW)
    assert (first.version, second.version) == (1, 2), "another offer is another version"
    submit_version(engine, OWNER, "spring", NOW, NOW)
    decide_version(engine, OWNER, "spring", 2, "approve", NOW, NOW)
    with pytest.raises(BadInput, match=r"^steps\[0\]\.mail\.offer: the offer draft is a draft"):
        start_version(engine, OWNER, "spring", NOW, NOW)
    approve_offer(engine, OWNER, "draft", settings, NOW, NOW)
    assert start_version(engine, OWNER, "spring", NOW, NOW).state == "live"


def test_a_preview_shows_the_block_in_the_clients_language(context: ServiceContext) -> None:
    save_draft(context.engine, OWNER, define("week", ends_at="2026-06-05T00:00:00Z"), context.settings, NOW, NOW)
    recommender = Recommender(context.engine, context.settings)
    shown = show_preview(context, recommender, OWNER, "spring", PreviewOrder(clients=("ann",)), NOW)
    (mail,) = shown.mails
    assert "10\u00a0% Rabatt auf alles" in mail.text
    assert "Gültig bis einschließlich 8. Juni 2026." in mail.text
    assert "week-CODE" in mail.html
    retire_offer(context.engine, OWNER, "week", context.settings, NOW, NOW)
    shown = show_preview(context, recommender, OWNER, "spring", PreviewOrder(clients=("ann",)), NOW)
    assert shown.mails[0].leaves == "never: the offer that it states was retired"
