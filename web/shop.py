"""`/shop` and `/shop/<item_id>`: a plain product page, so that a link in a mail leads somewhere when the shop has no
site of its own (SELVEDGE_SHOP_URL)."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request, Response
from fastapi.responses import RedirectResponse

from errors import NotFound
from models.base import ID_PATTERN
from store import pages
from store.database import read_transaction
from web.context import Context, context_of
from web.templating import page

router = APIRouter(include_in_schema=False)


@router.get("/shop")
def front(request: Request) -> Response:
    """There is no front page: the overview stands in."""
    return RedirectResponse("/", status_code=302)


@router.get("/shop/{item_id}")
def item(
    request: Request,
    context: Annotated[Context, Depends(context_of)],
    item_id: Annotated[str, Path(pattern=ID_PATTERN)],
) -> Response:
    """One item: its picture, its price, its sizes."""
    with read_transaction(context.engine) as connection:
        found = pages.item(connection, item_id)
    if found is None:
        raise NotFound(f"no item {item_id}", "item_id")
    return page(request, "item.html", item=found[0], sizes=found[1])
