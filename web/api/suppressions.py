"""`/v1/suppressions`: the list of mailboxes that are not mailed. Addresses travel in bodies, never in a URL."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import Depends, Query

from domain.permissions import Action, Disclosure
from models.suppressions import (
    SuppressionEntry,
    SuppressionList,
    SuppressionOrder,
    SuppressionQuestion,
    SuppressionRemoval,
)
from services.returns import suppressions
from store.mail.policy import ShopPolicy
from web.api.requests import JsonBody
from web.api.routing import create_router, declare_errors
from web.auth.callers import By
from web.auth.rules import needs
from web.context import Here

router: Final = create_router("suppressions")


@router.get("/suppressions", dependencies=[needs(Disclosure.SHOP)])
def list_suppressions(
    context: Here,
    after: Annotated[str, Query(max_length=64, description="Continue after this address_hash.")] = "",
    reason: Annotated[str, Query(max_length=32, description="Only those with this reason.")] = "",
    limit: Annotated[int, Query(ge=1, le=1_000)] = 100,
) -> SuppressionList:
    """List the mailboxes that are not mailed, in the order of their hashes."""
    return SuppressionList(suppressions=suppressions.list_entries(context.engine, after, limit, reason))


@router.post("/suppressions", responses=declare_errors(413), dependencies=[needs(Action.SUPPRESS)])
def add_suppression(
    context: Here, actor: By, order: Annotated[SuppressionOrder, Depends(JsonBody(SuppressionOrder))]
) -> SuppressionEntry:
    """Suppress a mailbox: no client id's mail goes there. Repeating it changes nothing."""
    policy, now = ShopPolicy.from_settings(context.settings), context.business_now()
    suppressions.add_entries(context.engine, actor, policy, [order], now, context.real_now())
    return suppressions.show_entry(context.engine, policy, order.email)


@router.post("/suppressions/find", responses=declare_errors(404, 413), dependencies=[needs(Disclosure.PERSONAL)])
def find_suppression(
    context: Here, question: Annotated[SuppressionQuestion, Depends(JsonBody(SuppressionQuestion))]
) -> SuppressionEntry:
    """Find the entry of a mailbox, in force or lifted; 404 when it has none."""
    return suppressions.show_entry(context.engine, ShopPolicy.from_settings(context.settings), question.email)


@router.post("/suppressions/remove", responses=declare_errors(404, 413), dependencies=[needs(Action.LIFT_SUPPRESSION)])
def remove_suppression(
    context: Here, actor: By, removal: Annotated[SuppressionRemoval, Depends(JsonBody(SuppressionRemoval))]
) -> SuppressionEntry:
    """Lift the suppression of a mailbox; after a complaint `why` is required. A withdrawn consent stays withdrawn."""
    policy, now = ShopPolicy.from_settings(context.settings), context.business_now()
    return suppressions.remove_entry(context.engine, actor, policy, removal, now, context.real_now())
