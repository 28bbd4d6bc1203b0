"""Offers that campaigns name: refused where they are unknown, retired, or end before the campaign does."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import Connection

from domain.nearness import name_nearest
from domain.offers import has_expired
from errors import BadInput
from models.campaign import CampaignSpec
from models.campaign_definition import CampaignDefinition
from models.offers import OfferSlug, OfferState
from store.offers import offers


def require_offers(
    connection: Connection,
    campaign: CampaignSpec | CampaignDefinition,
    ends_at: datetime | None,
    now: datetime,
    *,
    live: bool,
) -> None:
    """Require that a campaign can state the offers that it names until it ends. `live`: it is to mail now, so they
    must be approved. Raises BadInput naming the field."""
    for where, slug in list_named_offers(campaign):
        _require(connection, slug, where, ends_at, now, live=live)


def list_named_offers(campaign: CampaignSpec | CampaignDefinition) -> Iterator[tuple[str, OfferSlug]]:
    """List the offers that a campaign names, each with the field that names it."""
    if isinstance(campaign, CampaignSpec):
        if campaign.offer is not None:
            yield "offer", campaign.offer
        return
    for index, step in enumerate(campaign.steps):
        if step.mail is None:
            continue
        where = f"steps[{index}].mail"
        if step.mail.offer is not None:
            yield f"{where}.offer", step.mail.offer
        for k, variant in enumerate(step.mail.variants):
            if variant.offer is not None:
                yield f"{where}.variants[{k}].offer", variant.offer


def list_offer_slugs(campaign: CampaignSpec | CampaignDefinition) -> list[OfferSlug]:
    """List the offers that a campaign names, each once."""
    return sorted({slug for _, slug in list_named_offers(campaign)})


def _require(
    connection: Connection, slug: OfferSlug, where: str, ends_at: datetime | None, now: datetime, *, live: bool
) -> None:
    row = offers.find_offer(connection, slug)
    if row is None:
        known = [one.slug for one in offers.list_offers(connection)]
        raise BadInput(f"there is no offer {slug}{name_nearest(slug, known)}", where)
    if row.state is OfferState.RETIRED:
        raise BadInput(f"the offer {slug} is retired; name another", where)
    if has_expired(row.ends_at, now):
        raise BadInput(f"the offer {slug} was over at the end of {row.terms.until:%-d %B %Y}; name another", where)
    if live and row.state is OfferState.DRAFT:
        raise BadInput(f"the offer {slug} is a draft; approve it first: selvedge offers approve {slug}", where)
    if row.ends_at is not None and (ends_at is None or ends_at > row.ends_at):
        when = f"the campaign does, on {ends_at:%-d %B %Y}" if ends_at else "the campaign, which has no end"
        raise BadInput(
            f"the offer {slug} is over at the end of {row.terms.until:%-d %B %Y}, before {when}; end the campaign by "
            f"{row.ends_at:%Y-%m-%d %H:%M} UTC (ends_at), or name an offer that lasts",
            where,
        )
