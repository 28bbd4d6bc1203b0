"""`/pictures/shop/<hash>.jpg`: the shop's own pictures as they were fetched, for ever the same.

`/pictures/<item_id>.png` and `.svg` lead there. Until a picture is fetched they show that there is none yet, and in the
demo a drawing by category and colour.
"""

from __future__ import annotations

from hashlib import sha256
from typing import Annotated, Final

from fastapi import APIRouter, Path, Request, Response
from fastapi.responses import FileResponse, RedirectResponse

from errors import NotFound
from models.base import ID_PATTERN
from models.catalogue import Item
from services.goods.pictures import locate_picture
from store.catalogue import catalogue
from store.database import read_transaction
from web.context import Here, WebContext
from web.public.drawing import render_png, render_svg
from web.security import IMMUTABLE

router = APIRouter()

ItemPath = Annotated[str, Path(pattern=ID_PATTERN)]
Digest = Annotated[str, Path(pattern=r"^[0-9a-f]{32}$")]

NOTHING_YET: Final = ("no picture yet", "")
"""Category and colour of what stands for a picture that is not there: a hanger in grey."""
DAY: Final = "public, max-age=86400"
SHORT: Final = "public, max-age=300"
"""What is shown now may give way to the shop's picture."""


@router.get("/pictures/shop/{digest}.jpg", include_in_schema=False)
def get_shop_picture(context: Here, digest: Digest) -> Response:
    """Return one of the shop's pictures; its address changes with its content."""
    path = locate_picture(context.settings.home, digest)
    if not path.is_file():
        raise NotFound("no such picture", "digest")
    return FileResponse(path, media_type="image/jpeg", headers={"Cache-Control": IMMUTABLE})


@router.get("/pictures/{item_id}.png", include_in_schema=False)
def get_picture_png(request: Request, item_id: ItemPath, context: Here) -> Response:
    """Return a picture that mail programs show: mail shows no SVG."""
    item = _load_item(context, item_id)
    if item.picture:
        return _lead_to_picture(item)
    return _build_response(request, render_png(*_choose_drawing(context, item)), "image/png", _choose_age(context))


@router.get("/pictures/{item_id}.svg", include_in_schema=False)
def get_picture_svg(request: Request, item_id: ItemPath, context: Here) -> Response:
    """Return the same picture; a drawing is sharp at every size."""
    item = _load_item(context, item_id)
    if item.picture:
        return _lead_to_picture(item)
    drawing = render_svg(*_choose_drawing(context, item)).encode()
    return _build_response(request, drawing, "image/svg+xml", _choose_age(context))


def _load_item(context: WebContext, item_id: str) -> Item:
    with read_transaction(context.engine) as connection:
        item = catalogue.load_items(connection, [item_id]).get(item_id)
    if item is None:
        raise NotFound(f"no item {item_id}", "item_id")
    return item


def _lead_to_picture(item: Item) -> Response:
    return RedirectResponse(f"/pictures/shop/{item.picture}.jpg", 302, {"Cache-Control": SHORT})


def _choose_drawing(context: WebContext, item: Item) -> tuple[str, str]:
    return (item.category, item.colour) if context.settings.drawn_pictures else NOTHING_YET


def _choose_age(context: WebContext) -> str:
    return DAY if context.settings.drawn_pictures else SHORT


def _build_response(request: Request, body: bytes, kind: str, age: str) -> Response:
    """Return the picture, or 304 when the reader has it."""
    tag = f'"{sha256(body).hexdigest()[:20]}"'
    headers = {"ETag": tag, "Cache-Control": age}
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=headers)
    return Response(body, media_type=kind, headers=headers)
