"""`/shop` and `/shop/<item_id>`: plain pages of the goods, for shops without a site of their own."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response

from domain.sizes import rank_size
from errors import NotFound
from mail.links import LONGEST, Links, OwnPage
from models.base import ID_PATTERN
from services.client_pages.selection import list_new_items, list_selection
from store.catalogue.catalogue import find_item_with_stock
from store.database import read_transaction
from web.context import Here
from web.public.answers import render_client_page

router = APIRouter(include_in_schema=False)


@router.get("/shop")
def show_selection(request: Request, context: Here, of: Annotated[str, Query(max_length=LONGEST)] = "") -> Response:
    """Show the pieces of the mail that the token `of` names; without one, what came in last."""
    if of:
        client_id, n = Links.from_settings(context.settings).read_page(OwnPage.SHOP, of)
        items = list_selection(context.engine, client_id, n)
    else:
        items = list_new_items(context.engine, request.app.state.recommender.list_items(context.business_now()))
    return render_client_page(request, "shop.html", items=items, chosen=bool(of))


@router.get("/shop/{item_id}")
def show_item(
    request: Request,
    context: Here,
    item_id: Annotated[str, Path(pattern=ID_PATTERN)],
) -> Response:
    """Show one item: its picture, its price, its sizes."""
    with read_transaction(context.engine) as connection:
        item = find_item_with_stock(connection, item_id)
    if item is None:
        raise NotFound(f"no item {item_id}", "item_id")
    sizes = sorted(item[1], key=lambda row: rank_size(row.size))
    return render_client_page(request, "item.html", item=item[0], sizes=sizes)
