"""`/goods`: which pictures of items were fetched from the shop, and why others could not be."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from domain.permissions import Disclosure
from services.goods.pictures import report_pictures
from web.auth.rules import needs
from web.context import Here
from web.templating import render_page

router = APIRouter(include_in_schema=False)


@router.get("/goods", dependencies=[needs(Disclosure.SHOP)])
def show_goods(request: Request, context: Here) -> Response:
    """Show the counts, and each picture that is missing with its reason."""
    return render_page(request, "goods.html", report=report_pictures(context.engine))
