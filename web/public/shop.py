"""`/shop` and `/shop/<item_id>`: a plain product page for shops without a site of their own (SELVEDGE_SHOP_URL)."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Request, Response
from fastapi.responses import RedirectResponse

from errors import NotFound
from models.base import ID_PATTERN
from store.catalogue.catalogue import find_item_with_stock
from store.database import read_transaction
from web.context import Here
from web.templating import render_page

router = APIRouter(include_in_schema=False)


@router.get("/shop")
def redirect_to_overview(request: Request) -> Response:
    """Redirect to the overview, since there is no front page."""
    return RedirectResponse("/", status_code=302)


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
    return render_page(request, "item.html", item=item[0], sizes=item[1])
