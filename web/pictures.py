"""`/pictures/<item_id>.png`: the item's picture, drawn from its category and colour. `.svg` is there for pages."""

from __future__ import annotations

from hashlib import sha256
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request, Response

from errors import NotFound
from models.base import ID_PATTERN
from store.catalogue import catalogue
from store.database import read_transaction
from web.context import Context, context_of
from web.drawing import png, svg

router = APIRouter()

ItemPath = Annotated[str, Path(pattern=ID_PATTERN)]


@router.get("/pictures/{item_id}.png", include_in_schema=False)
def picture_png(request: Request, item_id: ItemPath, context: Annotated[Context, Depends(context_of)]) -> Response:
    """The picture that mail shows."""
    category, colour = _looks(context, item_id)
    return _cached(request, png(category, colour), "image/png")


@router.get("/pictures/{item_id}.svg", include_in_schema=False)
def picture_svg(request: Request, item_id: ItemPath, context: Annotated[Context, Depends(context_of)]) -> Response:
    """The same picture, sharp at every size."""
    category, colour = _looks(context, item_id)
    return _cached(request, svg(category, colour).encode(), "image/svg+xml")


def _looks(context: Context, item_id: str) -> tuple[str, str]:
    with read_transaction(context.engine) as connection:
        found = catalogue.get_items(connection, [item_id]).get(item_id)
    if found is None:
        raise NotFound(f"no item {item_id}", "item_id")
    return found.category, found.colour


def _cached(request: Request, body: bytes, kind: str) -> Response:
    """The picture, or 304 where the reader has it: an item may be given another colour, so it is asked for daily."""
    tag = f'"{sha256(body).hexdigest()[:20]}"'
    headers = {"ETag": tag, "Cache-Control": "public, max-age=86400"}
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=headers)
    return Response(body, media_type=kind, headers=headers)
