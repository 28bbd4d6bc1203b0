"""What a mail fetches or leads to: `/go/<token>` leads to the shop, `/o/<token>.gif` tells that it is opened.

Both answer alike whatever could be recorded: the reader wants the shop, and a picture never shows a fault.
"""

from __future__ import annotations

from base64 import b64decode
from contextlib import suppress
from typing import Final

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from errors import Forbidden, SelvedgeError
from mail.clicks import read_signs
from mail.links import STAFF_N, Links, LinkTarget
from models.events import ReadSign
from services.clients import mail_reading
from services.clients.mail_reading import LinkUse
from services.goods.links import find_goal
from web.actors import READER
from web.context import Here, WebContext
from web.public.answers import PRIVATE_HEADERS

router = APIRouter(include_in_schema=False)

COOKIE: Final = "read"
"""Says only that a link was followed lately: a browser brings it back, a scanner does not."""
COOKIE_S: Final = 600
PICTURE: Final = b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")
"""A GIF of one transparent point."""


@router.api_route("/go/{token}", methods=["GET", "HEAD"])
def follow_link(token: str, request: Request, context: Here) -> Response:
    """Redirect to the shop, whether or not the click could be recorded."""
    links = Links.from_settings(context.settings)
    signs = set(read_signs(request.method, request.headers))
    goal = _read_goal(links, token, signs)
    if COOKIE in request.cookies:
        signs.add(ReadSign.COOKIE)
    answer = RedirectResponse(find_goal(context.engine, links, goal), 302, PRIVATE_HEADERS)
    if goal.n == STAFF_N:
        return answer
    with suppress(SelvedgeError):
        now, real_now, use = context.business_now(), context.real_now(), LinkUse(token, frozenset(signs))
        if mail_reading.record_click(context.engine, READER, context.policy, goal, use, now, real_now):
            answer.set_cookie(COOKIE, "1", COOKIE_S, path="/go", httponly=True, samesite="lax")
    return answer


@router.api_route("/o/{token}.gif", methods=["GET", "HEAD"])
def show_picture(token: str, request: Request, context: Here) -> Response:
    """Answer with the picture, the same for a token that is not ours; record the open where the shop measures."""
    with suppress(SelvedgeError):
        goal = Links.from_settings(context.settings).read_open(token)
        if context.settings.open_pixel and goal.n != STAFF_N:
            _record_open(context, goal, LinkUse(token, read_signs(request.method, request.headers, picture=True)))
    return Response(PICTURE, media_type="image/gif", headers=PRIVATE_HEADERS)


def _read_goal(links: Links, token: str, signs: set[ReadSign]) -> LinkTarget:
    """Read where a link leads; the one that people do not see leads to the shop, and is a sign. Raises Forbidden."""
    try:
        return links.read_click(token)
    except Forbidden:
        signs.add(ReadSign.TRAP)
        return links.read_hidden(token)


def _record_open(context: WebContext, goal: LinkTarget, use: LinkUse) -> None:
    now, real_now = context.business_now(), context.real_now()
    mail_reading.record_open(context.engine, READER, context.policy, goal, use, now, real_now)
