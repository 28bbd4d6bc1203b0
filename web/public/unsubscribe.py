"""The page that a mail's unsubscribe link leads to, `/u/<token>`.

Opening a page changes nothing, because mail gateways open every link. Unsubscribing takes a POST: the button's, or the
one that mail programs send by themselves (RFC 8058). It is acknowledged only when no mail to that client is being sent.
"""

from __future__ import annotations

import asyncio
from time import monotonic
from typing import Final

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool

from errors import Unavailable
from mail.links import Links
from models.base import ClientId
from services.clients import mail_links
from services.returns.settling import count_under_way
from web.actors import READER
from web.context import Here, WebContext
from web.public.answers import render_client_page

router = APIRouter(include_in_schema=False)

CHECK_EVERY_S: Final = 0.05
RETRY_AFTER_S: Final = 10


@router.api_route("/u/{token}", methods=["GET", "HEAD"])
def ask_to_confirm(token: str, request: Request, context: Here) -> Response:
    """Ask whether they want to unsubscribe."""
    Links.from_settings(context.settings).read_unsubscribe(token)
    return _render_answer(request, "ask", token)


@router.post("/u/{token}")
async def leave(token: str, request: Request, context: Here) -> Response:
    """Take the client off the list, then wait until mails that are being sent are settled."""
    client_id, n = Links.from_settings(context.settings).read_unsubscribe(token)
    try:
        mailboxes = await run_in_threadpool(_withdraw, context, client_id, n)
    except Unavailable:
        return _render_answer(request, "later", token, 503)
    settled = await _wait_until_settled(context, mailboxes, client_id)
    return _render_answer(request, "left", token) if settled else _render_answer(request, "settling", token, 503)


@router.post("/u/{token}/stay")
def stay(token: str, request: Request, context: Here) -> Response:
    """Undo what this link did, when unsubscribing was a mistake; say the truth where it may not."""
    client_id, n = Links.from_settings(context.settings).read_unsubscribe(token)
    try:
        now, real_now = context.business_now(), context.real_now()
        outcome = mail_links.stay_on_list(context.opt_out_engine, READER, context.policy, client_id, n, now, real_now)
    except Unavailable:
        return _render_answer(request, "later", token, 503)
    return _render_answer(request, outcome, token)


def _render_answer(request: Request, step: str, token: str, status: int = 200) -> Response:
    answer = render_client_page(request, "leave.html", status, what=step, token=token)
    if status == 503:
        answer.headers["Retry-After"] = str(RETRY_AFTER_S)
    return answer


def _withdraw(context: WebContext, client_id: ClientId, n: int) -> set[str]:
    """Withdraw the consent, and return the mailboxes that are not to be mailed any more."""
    now, real_now = context.business_now(), context.real_now()
    return mail_links.leave_list(context.opt_out_engine, READER, context.policy, client_id, n, now, real_now)


async def _wait_until_settled(context: WebContext, mailboxes: set[str], client_id: ClientId) -> bool:
    """Wait until no mail to the client or their mailboxes is being sent; return False when that takes longer than a
    page may."""
    until = monotonic() + context.settings.unsubscribe_wait_s
    while True:
        try:
            if not await run_in_threadpool(count_under_way, context.opt_out_engine, mailboxes, [client_id]):
                return True
        except Unavailable:
            return False
        if monotonic() >= until:
            return False
        await asyncio.sleep(CHECK_EVERY_S)
