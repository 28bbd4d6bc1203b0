"""`/v1/webhooks`: endpoints of other systems, what was sent to them, and sending it again."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import Depends, Path, Query

from domain.permissions import Action, Disclosure
from models.base import ID_PATTERN
from models.webhooks import (
    MessageState,
    WebhookChange,
    WebhookEndpoint,
    WebhookList,
    WebhookLog,
    WebhookMessage,
    WebhookOrder,
    WebhookReplay,
    WebhookReplayed,
    WebhookRotation,
    WebhookSecret,
    WebhookTest,
)
from services.webhooks import endpoints, log
from services.webhooks.delivery import build_allowlist
from web.api.requests import JsonBody
from web.api.routing import create_router, declare_errors
from web.auth.callers import By
from web.auth.rules import needs
from web.context import Here

router: Final = create_router("webhooks")
NamePath = Annotated[str, Path(description="The endpoint's name.", json_schema_extra={"pattern": ID_PATTERN})]


@router.get("/webhooks", dependencies=[needs(Disclosure.SHOP)])
def list_webhooks(context: Here, actor: By) -> WebhookList:
    """List the endpoints, each with what it is told and how many messages are in which state. No secret is in it."""
    return endpoints.list_endpoints(context.engine, actor)


@router.post("/webhooks", status_code=201, responses=declare_errors(409, 413), dependencies=[needs(Action.ADD_WEBHOOK)])
def add_webhook(
    context: Here, actor: By, order: Annotated[WebhookOrder, Depends(JsonBody(WebhookOrder))]
) -> WebhookSecret:
    """Add an endpoint, and return it with its secret, this one time. 409: the name is in use."""
    allowlist, key = build_allowlist(context.settings), context.settings.keys.signing
    now, real_now = context.business_now(), context.real_now()
    return endpoints.add_endpoint(context.engine, actor, key, allowlist, order, now, real_now)


@router.get("/webhooks/{name}", responses=declare_errors(404), dependencies=[needs(Disclosure.SHOP)])
def show_webhook(
    context: Here,
    actor: By,
    name: NamePath,
    state: Annotated[MessageState | None, Query(description="Only messages in this state.")] = None,
    limit: Annotated[int, Query(ge=1, le=1_000, description="Messages at most.")] = 50,
) -> WebhookLog:
    """Show an endpoint with its latest messages and every try, the newest first."""
    return log.show_log(context.engine, name, state, limit, actor)


@router.put(
    "/webhooks/{name}/state", responses=declare_errors(404, 413), dependencies=[needs(Action.SET_WEBHOOK_STATE)]
)
def set_webhook_state(
    context: Here, actor: By, name: NamePath, change: Annotated[WebhookChange, Depends(JsonBody(WebhookChange))]
) -> WebhookEndpoint:
    """Enable or disable an endpoint. What happens while it is disabled is held for it, to be sent again on request."""
    now, real_now = context.business_now(), context.real_now()
    return endpoints.set_endpoint_state(context.engine, actor, name, change.state, now, real_now)


@router.post("/webhooks/{name}/secret", responses=declare_errors(404, 413), dependencies=[needs(Action.ROTATE_WEBHOOK)])
def rotate_webhook(
    context: Here,
    actor: By,
    name: NamePath,
    rotation: Annotated[WebhookRotation, Depends(JsonBody(WebhookRotation, required=False))],
) -> WebhookSecret:
    """Give an endpoint a new secret, and return it, this one time. For `hours` the one before signs too."""
    key, now, real_now = context.settings.keys.signing, context.business_now(), context.real_now()
    return endpoints.rotate_secret(context.engine, actor, key, name, rotation, now, real_now)


@router.post("/webhooks/{name}/replay", responses=declare_errors(404, 413), dependencies=[needs(Action.REPLAY_WEBHOOK)])
def replay_webhook(
    context: Here, actor: By, name: NamePath, order: Annotated[WebhookReplay, Depends(JsonBody(WebhookReplay))]
) -> WebhookReplayed:
    """Send messages again under their old ids: one, or all since a moment that failed or were held."""
    return log.replay(context.engine, actor, name, order, context.business_now(), context.real_now())


@router.post("/webhooks/{name}/test", responses=declare_errors(404, 413), dependencies=[needs(Action.TEST_WEBHOOK)])
async def test_webhook(
    context: Here,
    actor: By,
    name: NamePath,
    order: Annotated[WebhookTest, Depends(JsonBody(WebhookTest, required=False))],
) -> WebhookMessage:
    """Send a test at once, and return it with what the endpoint answered within so many seconds."""
    now, real_now = context.business_now(), context.real_now()
    return await log.send_test(context.engine, actor, context.settings, name, order, now, real_now)


@router.delete("/webhooks/{name}", responses=declare_errors(404), dependencies=[needs(Action.REMOVE_WEBHOOK)])
def remove_webhook(context: Here, actor: By, name: NamePath) -> WebhookList:
    """Remove an endpoint with its messages, and return those that are left."""
    endpoints.remove_endpoint(context.engine, actor, name, context.business_now(), context.real_now())
    return endpoints.list_endpoints(context.engine, actor)
