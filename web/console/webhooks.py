"""`/webhooks`: endpoints of other systems; one with what was sent to it, and sending it again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Annotated, Any, Final

from fastapi import APIRouter, Path, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse

from domain.permissions import Action, Disclosure
from errors import BadInput
from ingest.faults import parse_model
from models.actors import Actor
from models.base import ID_PATTERN
from models.webhooks import (
    CHOOSABLE,
    MessageState,
    WebhookChange,
    WebhookOrder,
    WebhookReplay,
    WebhookRotation,
    WebhookSecret,
    WebhookTest,
)
from services.webhooks import endpoints, log
from services.webhooks.delivery import build_allowlist
from web.auth.callers import By
from web.auth.forms import read_form
from web.auth.rules import needs
from web.console import webhook_labels
from web.context import Here, WebContext
from web.templating import render_page

router: Final = APIRouter(include_in_schema=False)
PAGE: Final = "/webhooks"
NamePath = Annotated[str, Path(pattern=ID_PATTERN)]


@router.get(PAGE, dependencies=[needs(Disclosure.SHOP)])
def show_webhooks(request: Request, context: Here, actor: By) -> Response:
    """List the endpoints."""
    return _render_list(request, context, actor)


@router.post(PAGE, dependencies=[needs(Action.ADD_WEBHOOK)])
async def add(request: Request, context: Here, actor: By) -> Response:
    """Add an endpoint and show its secret, this one time."""
    return await run_in_threadpool(_add, request, context, actor, await read_form(request))


def _add(request: Request, context: WebContext, actor: Actor, form: dict[str, str]) -> Response:
    types = [kind for kind in CHOOSABLE if form.get(f"tells:{kind}")]
    values = {"name": form.get("name", ""), "url": form.get("url", ""), "types": types}
    try:
        order = parse_model(WebhookOrder, values)
        allowlist, key = build_allowlist(context.settings), context.settings.keys.signing
        now, real_now = context.business_now(), context.real_now()
        made = endpoints.add_endpoint(context.engine, actor, key, allowlist, order, now, real_now)
    except BadInput as wrong:
        return _render_list(request, context, actor, form=form, wrong=str(wrong))
    return _render_one(request, context, actor, order.name, made=made)


@router.get("/webhooks/{name}", dependencies=[needs(Disclosure.SHOP)])
def show_webhook(
    request: Request, context: Here, actor: By, name: NamePath, state: MessageState | None = None
) -> Response:
    """Show one endpoint with its messages."""
    return _render_one(request, context, actor, name, state=state)


@router.post("/webhooks/{name}/state", dependencies=[needs(Action.SET_WEBHOOK_STATE)])
async def set_state(request: Request, context: Here, actor: By, name: NamePath) -> Response:
    """Enable or disable an endpoint."""
    form = await read_form(request)

    def change(now: datetime, real_now: datetime) -> None:
        wish = parse_model(WebhookChange, {"state": form.get("state", "")})
        endpoints.set_endpoint_state(context.engine, actor, name, wish.state, now, real_now)

    return await _act(request, context, actor, name, change)


@router.post("/webhooks/{name}/secret", dependencies=[needs(Action.ROTATE_WEBHOOK)])
async def rotate(request: Request, context: Here, actor: By, name: NamePath) -> Response:
    """Give an endpoint a new secret and show it, this one time."""
    key, now, real_now = context.settings.keys.signing, context.business_now(), context.real_now()
    made = await run_in_threadpool(
        endpoints.rotate_secret, context.engine, actor, key, name, WebhookRotation(), now, real_now
    )
    return await run_in_threadpool(_render_one, request, context, actor, name, made=made)


@router.post("/webhooks/{name}/replay", dependencies=[needs(Action.REPLAY_WEBHOOK)])
async def replay(request: Request, context: Here, actor: By, name: NamePath) -> Response:
    """Send one message again, or all of some days that failed or were held."""
    form = await read_form(request)

    def send_again(now: datetime, real_now: datetime) -> None:
        if form.get("message_id"):
            order = parse_model(WebhookReplay, {"message_id": form["message_id"]})
        else:
            days = form.get("days", "")
            if not days.isdigit() or not 1 <= int(days) <= 365:
                raise BadInput("give a number from 1 to 365", "days")
            order = WebhookReplay(since=now - timedelta(days=int(days)))
        log.replay(context.engine, actor, name, order, now, real_now)

    return await _act(request, context, actor, name, send_again)


@router.post("/webhooks/{name}/test", dependencies=[needs(Action.TEST_WEBHOOK)])
async def test(request: Request, context: Here, actor: By, name: NamePath) -> Response:
    """Send a test and show what was answered."""
    try:
        now, real_now = context.business_now(), context.real_now()
        await log.send_test(context.engine, actor, context.settings, name, WebhookTest(), now, real_now)
    except BadInput as wrong:
        return await run_in_threadpool(_render_one, request, context, actor, name, wrong=str(wrong))
    return RedirectResponse(f"{PAGE}/{name}", status_code=303)


@router.post("/webhooks/{name}/remove", dependencies=[needs(Action.REMOVE_WEBHOOK)])
async def remove(request: Request, context: Here, actor: By, name: NamePath) -> Response:
    """Remove an endpoint."""
    now, real_now = context.business_now(), context.real_now()
    await run_in_threadpool(endpoints.remove_endpoint, context.engine, actor, name, now, real_now)
    return RedirectResponse(PAGE, status_code=303)


async def _act(
    request: Request, context: WebContext, actor: Actor, name: str, change: Callable[[datetime, datetime], object]
) -> Response:
    """Make a change, and show the endpoint as it is then, or why it was refused."""
    try:
        await run_in_threadpool(change, context.business_now(), context.real_now())
    except BadInput as wrong:
        return await run_in_threadpool(_render_one, request, context, actor, name, wrong=str(wrong))
    return RedirectResponse(f"{PAGE}/{name}", status_code=303)


def _render_list(
    request: Request, context: WebContext, actor: Actor, *, form: Mapping[str, str] | None = None, wrong: str = ""
) -> Response:
    shown: dict[str, Any] = {"form": form or {}, "wrong": wrong, "types": CHOOSABLE, "words": webhook_labels}
    known = endpoints.list_endpoints(context.engine, actor).endpoints
    return render_page(
        request, "webhooks.html", 422 if wrong else 200, endpoints=known, real_now=context.real_now(), **shown
    )


def _render_one(
    request: Request,
    context: WebContext,
    actor: Actor,
    name: str,
    *,
    state: MessageState | None = None,
    made: WebhookSecret | None = None,
    wrong: str = "",
) -> Response:
    shown = log.show_log(context.engine, name, state, actor=actor)
    return render_page(
        request,
        "webhook.html",
        422 if wrong else 200,
        endpoint=shown.endpoint,
        messages=shown.messages,
        state=state,
        states=tuple(MessageState),
        made=made,
        wrong=wrong,
        words=webhook_labels,
        real_now=context.real_now(),
    )
