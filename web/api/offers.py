"""`/v1/offers`: what mails may offer, on which terms, approved and retired."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import Depends

from domain.permissions import Action, Disclosure
from models.offers import Offer, OfferList, OfferOrder, OfferStateOrder
from services.offers import lifecycle, views
from web.api.requests import JsonBody
from web.api.routing import OfferPath, create_router, declare_errors
from web.auth.callers import By
from web.auth.rules import needs
from web.context import Here

router: Final = create_router("offers")
Order = Annotated[OfferOrder, Depends(JsonBody(OfferOrder))]
StateOrder = Annotated[OfferStateOrder, Depends(JsonBody(OfferStateOrder))]


@router.get("/offers", dependencies=[needs(Disclosure.SHOP)])
def list_offers(context: Here) -> OfferList:
    """List the offers, the newest first."""
    return views.list_offers(context.engine, context.settings, context.business_now())


@router.get("/offers/{slug}", responses=declare_errors(404), dependencies=[needs(Disclosure.SHOP)])
def show_offer(context: Here, slug: OfferPath) -> Offer:
    """Show an offer: its terms, its state, who approved it."""
    return views.show_offer(context.engine, slug, context.settings, context.business_now())


@router.put("/offers/{slug}", responses=declare_errors(413), dependencies=[needs(Action.CREATE_OFFER)])
def save_offer(context: Here, actor: By, slug: OfferPath, order: Order) -> Offer:
    """Save an offer as a draft, or change the draft of this slug. Repeating it changes nothing; once it is approved its
    terms stay."""
    now, real_now = context.business_now(), context.real_now()
    return lifecycle.save_offer(context.engine, actor, slug, order, context.settings, now, real_now)


@router.put(
    "/offers/{slug}/state",
    responses=declare_errors(404, 413),
    dependencies=[needs(Action.APPROVE_OFFER, Action.RETIRE_OFFER)],
)
def set_offer_state(context: Here, actor: By, slug: OfferPath, order: StateOrder) -> Offer:
    """Make a draft `live`: from then on campaigns may begin with it; or an offer `retired`: no mail with it leaves any
    more. Repeating it changes nothing."""
    change = lifecycle.approve_offer if order.state == "live" else lifecycle.retire_offer
    now, real_now = context.business_now(), context.real_now()
    return change(context.engine, actor, slug, context.settings, now, real_now)
