"""`/offers`: what mails may offer; a new one, one with what came of it, approving and retiring it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Annotated, Any, Final

from fastapi import APIRouter, Path, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse

from domain.permissions import Action, Disclosure
from domain.wording import format_price
from errors import BadInput
from ingest.faults import parse_model
from models.actors import Actor
from models.base import ID_PATTERN
from models.offers import OfferOrder
from services.offers import lifecycle, views
from web.auth.rules import needs
from web.console.acting import build_form_token, receive_form
from web.console.fields import read_text, read_words
from web.context import Here, WebContext
from web.templating import render_page

router: Final = APIRouter(include_in_schema=False)
PAGE: Final = "/offers"
SlugPath = Annotated[str, Path(pattern=ID_PATTERN)]
TYPED: Final = ("name", "code", "percent", "amount", "until", "most_clients", "most_money")
"""Fields whose text goes to the contract as it is; what is empty is left out."""
ACTS: Final = {"approve": lifecycle.approve_offer, "retire": lifecycle.retire_offer}


@router.get(PAGE, dependencies=[needs(Disclosure.SHOP)])
def show_offers(request: Request, context: Here) -> Response:
    """List the offers, and codes of orders that none of them has."""
    return _render_list(request, context)


@router.post(PAGE, dependencies=[needs(Action.CREATE_OFFER)])
async def save(request: Request, context: Here) -> Response:
    """Save an offer as a draft; what is wrong stands at its field."""
    form = await receive_form(request, "offers")
    try:
        slug = await run_in_threadpool(_save, context, form.actor, form.fields)
    except BadInput as refused:
        return await run_in_threadpool(_render_list, request, context, form.fields, refused)
    return RedirectResponse(f"{PAGE}/{slug}", status_code=303)


def _save(context: WebContext, actor: Actor, fields: Mapping[str, str]) -> str:
    slug, order = read_text(fields, "slug"), parse_model(OfferOrder, _read_order(fields))
    now, real_now = context.business_now(), context.real_now()
    return lifecycle.save_offer(context.engine, actor, slug, order, context.settings, now, real_now).slug


def _read_order(fields: Mapping[str, str]) -> dict[str, Any]:
    typed = {name: text for name in TYPED if (text := read_text(fields, name))}
    return {
        **typed,
        "name": typed.get("name", read_text(fields, "slug")),
        "uses": read_text(fields, "uses") or None,
        "categories": read_words(fields, "categories"),
        "items": read_words(fields, "items"),
        "for_lifecycle": "for_lifecycle" in fields,
    }


@router.get("/offers/{slug}", dependencies=[needs(Disclosure.SHOP)])
def show_offer(request: Request, context: Here, slug: SlugPath) -> Response:
    """Show one offer."""
    return _render_one(request, context, slug)


@router.post("/offers/{slug}", dependencies=[needs(Action.APPROVE_OFFER, Action.RETIRE_OFFER)])
async def decide(request: Request, context: Here, slug: SlugPath) -> Response:
    """Approve or retire an offer; the service asks who may."""
    form = await receive_form(request, "offer", slug)
    now, real_now = context.business_now(), context.real_now()
    try:
        change = ACTS.get(form.fields.get("act", ""))
        if change is None:
            raise BadInput(f"give one of {', '.join(ACTS)}", "act")
        await run_in_threadpool(change, context.engine, form.actor, slug, context.settings, now, real_now)
    except BadInput as refused:
        return await run_in_threadpool(_render_one, request, context, slug, refused)
    return RedirectResponse(f"{PAGE}/{slug}", status_code=303)


def _render_list(
    request: Request,
    context: WebContext,
    fields: Mapping[str, str] | None = None,
    refused: BadInput | None = None,
) -> Response:
    known = views.list_offers(context.engine, context.settings, context.business_now())
    return render_page(
        request,
        "offers.html",
        422 if refused else 200,
        offers=known.offers,
        money=_build_money(context),
        unknown=known.unknown_codes,
        fields=fields or {"uses": "1"},
        wrong=(refused.field or "slug").partition(".")[0] if refused else "",
        reason=refused.reason if refused else "",
        token=build_form_token(request, "offers"),
    )


def _build_money(context: WebContext) -> Callable[[Decimal], str]:
    """Build what writes an amount in the shop's currency."""
    return lambda amount: format_price(int(amount * 100), context.settings.shop_currency)


def _render_one(request: Request, context: WebContext, slug: str, refused: BadInput | None = None) -> Response:
    return render_page(
        request,
        "offer.html",
        422 if refused else 200,
        offer=views.show_offer(context.engine, slug, context.settings, context.business_now()),
        money=_build_money(context),
        wrong=refused.reason if refused else "",
        token=build_form_token(request, "offer", slug),
    )
