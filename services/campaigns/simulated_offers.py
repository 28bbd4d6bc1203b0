"""Offers in the copy on which a campaign is simulated: approved, with the room that falls to those who are drawn."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from models.campaign import CampaignSpec
from models.campaign_definition import CampaignDefinition
from models.offers import OfferState
from services.offers.naming import list_offer_slugs
from store.offers import offers


def prepare_offers(
    connection: Connection, campaign: CampaignSpec | CampaignDefinition, drawn: int, audience: int, now: datetime
) -> None:
    """Approve the offers that the campaign names, as they will be when it starts, and leave as much of each budget of
    clients as the `drawn` of its `audience` would get of it."""
    for slug in list_offer_slugs(campaign):
        offers.move_offer(connection, slug, OfferState.LIVE, now)
        row = offers.load_offer(connection, slug)
        if row.terms.most_clients is not None:
            left = max(0, row.terms.most_clients - row.given)
            offers.set_given(connection, slug, row.terms.most_clients - round(left * drawn / audience))


def explain_offers(campaign: CampaignSpec | CampaignDefinition) -> tuple[str, ...]:
    """Say what is taken as given of the campaign's offers; nothing where it names none."""
    named = list_offer_slugs(campaign)
    if not named:
        return ()
    return (
        f"{', '.join(named)}: approved; of a budget of clients what falls to those who are drawn is left",
        "simulated orders name no code: a budget of money stands as it does now, and an offer changes no rate",
    )
