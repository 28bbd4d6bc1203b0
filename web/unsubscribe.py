"""Where the links of a mail lead: `/u/<token>` out of our list, `/go/<token>` to the shop.

Opening a page changes nothing, because mail gateways open every link. Leaving takes a POST: the button's, or the one
that mail programs send by themselves (RFC 8058). It is acknowledged only when no mail to that client is under way.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from hashlib import sha256
from time import monotonic
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import PlainTextResponse, RedirectResponse

from errors import Forbidden, SelvedgeError, Unavailable
from mail.clicks import by_machine
from mail.links import Goal, Links
from models.base import ClientId
from models.events import EmailClicked
from store import clock
from store.clients import consent
from store.database import read_transaction, write_transaction
from store.events.events import accept
from store.mail import messages
from store.mail.policy import Terms
from web.context import Context, context_of
from web.templating import page

router = APIRouter(include_in_schema=False)
Here = Annotated[Context, Depends(context_of)]

LOOK_EVERY_S: Final = 0.05
RETRY_AFTER_S: Final = 10


@router.api_route("/u/{token}", methods=["GET", "HEAD"])
def ask(token: str, request: Request, context: Here) -> Response:
    """Ask whether they mean it."""
    try:
        Links.from_settings(context.settings).read_unsubscribe(token)
    except Forbidden:
        return _nothing()
    return _said(request, "ask", token)


@router.post("/u/{token}")
async def leave(token: str, request: Request, context: Here) -> Response:
    """Take the client off the list, then wait until what is under way has settled."""
    try:
        client_id, n = Links.from_settings(context.settings).read_unsubscribe(token)
    except Forbidden:
        return _nothing()
    try:
        await run_in_threadpool(_withdraw, context, client_id, n)
    except Unavailable:
        return _said(request, "later", token, 503)
    settled = await _settled(context, client_id)
    return _said(request, "left", token) if settled else _said(request, "settling", token, 503)


@router.post("/u/{token}/stay")
def stay(token: str, request: Request, context: Here) -> Response:
    """Put the client back on the list, when leaving was a mistake."""
    try:
        client_id, n = Links.from_settings(context.settings).read_unsubscribe(token)
    except Forbidden:
        return _nothing()
    try:
        with write_transaction(context.engine) as connection:
            terms = Terms.of(context.settings)
            consent.restore(connection, client_id, n, context.business_now(), context.real_now(), terms)
    except Unavailable:
        return _said(request, "later", token, 503)
    return _said(request, "back", token)


@router.api_route("/go/{token}", methods=["GET", "HEAD"])
def go(token: str, request: Request, context: Here) -> Response:
    """On to the shop, whether or not the click could be noted."""
    links = Links.from_settings(context.settings)
    try:
        goal = links.read_go(token)
    except Forbidden:
        return _nothing()
    with suppress(SelvedgeError):  # the shop is what they came for
        _note_click(context, goal, token, request.method, request.headers.get("user-agent", ""))
    return RedirectResponse(links.product(goal.item_id), 302, {"Cache-Control": "no-store", **_PRIVATE})


_PRIVATE: Final = {"Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex"}


def _nothing() -> Response:
    """For a link that is not ours: not even whether it might have been."""
    return PlainTextResponse("Not found", 404)


def _said(request: Request, what: str, token: str, status: int = 200) -> Response:
    answer = page(request, "leave.html", status, what=what, token=token)
    answer.headers.update({"Cache-Control": "no-store", **_PRIVATE})
    if status == 503:
        answer.headers["Retry-After"] = str(RETRY_AFTER_S)
    return answer


def _withdraw(context: Context, client_id: ClientId, n: int) -> None:
    with write_transaction(context.engine) as connection:
        terms = Terms.of(context.settings)
        consent.withdraw(connection, client_id, n, context.business_now(), context.real_now(), terms)


async def _settled(context: Context, client_id: ClientId) -> bool:
    """Whether no mail to the client is under way any more, within the time that a page may take."""
    until = monotonic() + context.settings.unsubscribe_wait_s
    while True:
        try:
            if not await run_in_threadpool(_settling, context, client_id):
                return True
        except Unavailable:
            return False
        if monotonic() >= until:
            return False
        await asyncio.sleep(LOOK_EVERY_S)


def _settling(context: Context, client_id: ClientId) -> int:
    with read_transaction(context.engine) as connection:
        return consent.settling(connection, client_id)


def _note_click(context: Context, goal: Goal, token: str, method: str, user_agent: str) -> None:
    """One event a link, day and kind of clicker, so that a link that is opened for ever fills no table."""
    now = context.business_now()
    with write_transaction(context.engine) as connection:
        sent = messages.sent_at(connection, goal.client_id, goal.n)
        pace = clock.load(connection, context.real_now()).pace
        since = (now - sent) / pace if sent is not None and pace > 0 else None
        machine = by_machine(method, user_agent, since)
        key = sha256(f"{token} {machine} {now.date()}".encode()).hexdigest()[:40]
        click = EmailClicked(
            event_id=f"click.{key}",
            client_id=goal.client_id,
            occurred_at=now,
            item_id=goal.item_id,
            outreach=consent.outreach_key(goal.client_id, goal.n),
            machine=machine,
        )
        accept(connection, [click], Terms.of(context.settings), now, context.real_now())
