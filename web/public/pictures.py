"""`/pictures/<item_id>.png`: the item's picture, drawn from its category and colour. `.svg` serves the pages."""

from __future__ import annotations

from hashlib import sha256
from typing import Annotated

from fastapi import APIRouter, Path, Request, Response

from errors import NotFound
from models.base import ID_PATTERN
from store.catalogue import catalogue
from store.database import read_transaction
from web.context import Here, WebContext
from web.public.drawing import render_png, render_svg

router = APIRouter()

ItemPath = Annotated[str, Path(pattern=ID_PATTERN)]


@router.get("/pictures/{item_id}.png", include_in_schema=False)
def get_picture_png(request: Request, item_id: ItemPath, context: Here) -> Response:
    """Return the picture that mail shows."""
    category, colour = _load_appearance(context, item_id)
    return _build_response(request, render_png(category, colour), "image/png")


@router.get("/pictures/{item_id}.svg", include_in_schema=False)
def get_picture_svg(request: Request, item_id: ItemPath, context: Here) -> Response:
    """Return the same picture, sharp at every size."""
    category, colour = _load_appearance(context, item_id)
    return _build_response(request, render_svg(category, colour).encode(), "image/svg+xml")


def _load_appearance(context: WebContext, item_id: str) -> tuple[str, str]:
    with read_transaction(context.engine) as connection:
        item = catalogue.load_items(connection, [item_id]).get(item_id)
    if item is None:
        raise NotFound(f"no item {item_id}", "item_id")
    return item.category, item.colour


def _build_response(request: Request, body: bytes, kind: str) -> Response:
    """Return the picture, or 304 when the reader has it. A colour may change, so browsers ask again after a day."""
    tag = f'"{sha256(body).hexdigest()[:20]}"'
    headers = {"ETag": tag, "Cache-Control": "public, max-age=86400"}
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=headers)
    return Response(body, media_type=kind, headers=headers)
