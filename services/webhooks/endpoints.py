"""Add, list, steer and remove the endpoints of other systems. A secret is shown once and stored sealed."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlsplit

from sqlalchemy import Connection, Engine

from domain import permissions
from domain.network_addresses import is_public, parse_address
from domain.permissions import Action
from domain.webhook_rules import SECRET_PREFIX
from errors import BadInput, NotFound, Taken
from models.actors import Actor, Subject, SubjectKind
from models.webhooks import (
    CHOOSABLE,
    EndpointState,
    WebhookEndpoint,
    WebhookList,
    WebhookOrder,
    WebhookRotation,
    WebhookSecret,
)
from network.allowlist import NetworkAllowlist
from services.team.secrets import seal, unseal
from store.activity import write_activity
from store.database import read_transaction, write_transaction
from store.webhooks import endpoints, messages
from store.webhooks.endpoints import EndpointRow

SECRET_BYTES: Final = 32


def list_endpoints(engine: Engine, actor: Actor | None = None) -> WebhookList:
    """List all endpoints, by name. `actor`: who sees them; none: whoever runs commands here, who sees all."""
    with read_transaction(engine) as connection:
        known = endpoints.describe_endpoints(connection, endpoints.list_endpoints(connection))
    return WebhookList(endpoints=tuple(hide_address(one, actor) for one in known))


def hide_address(endpoint: WebhookEndpoint, actor: Actor | None) -> WebhookEndpoint:
    """Leave of the address its host for whoever may not add endpoints: path and query may hold a key of the other
    system."""
    if actor is None or permissions.may(actor, Action.ADD_WEBHOOK):
        return endpoint
    parts = urlsplit(endpoint.url)
    return endpoint.model_copy(update={"url": f"{parts.scheme}://{parts.netloc}/…"})


def add_endpoint(
    engine: Engine,
    actor: Actor,
    signing_key: str,
    allowlist: NetworkAllowlist,
    order: WebhookOrder,
    now: datetime,
    real_now: datetime,
) -> WebhookSecret:
    """Add an endpoint, enabled, and return it with its secret.

    Raises: NotAllowed; Taken for a name in use; BadInput for an address that may not be asked.
    """
    permissions.require(actor, Action.ADD_WEBHOOK)
    _require_address(order.url, allowlist)
    secret, types = _make_secret(), tuple(sorted(set(order.types or CHOOSABLE)))
    if not set(types) <= set(CHOOSABLE):
        raise BadInput("webhook.test is sent on request alone; leave it out", "types")
    row = EndpointRow(
        name=order.name,
        url=order.url,
        state=EndpointState.ENABLED,
        why="",
        secret=seal(signing_key, secret),
        old_secret="",
        old_until=None,
        failing_since=None,
        created_at=real_now,
        created_by=actor.who,
    )
    with write_transaction(engine) as connection:
        if endpoints.find_endpoint(connection, order.name) is not None:
            raise Taken("an endpoint of this name is there; remove it first, or take another name", "name")
        endpoints.add_endpoint(connection, row, types)
        data = {"host": urlsplit(order.url).hostname, "types": [str(kind) for kind in types]}
        _record(connection, actor, Action.ADD_WEBHOOK, order.name, now, real_now, data)
        return WebhookSecret(endpoint=endpoints.describe_endpoints(connection, [row])[0], secret=secret)


def set_endpoint_state(
    engine: Engine, actor: Actor, name: str, state: EndpointState, now: datetime, real_now: datetime
) -> WebhookEndpoint:
    """Enable or disable an endpoint; what happens while it is disabled is held for it. What is in force already changes
    nothing. Raises NotAllowed, NotFound."""
    permissions.require(actor, Action.SET_WEBHOOK_STATE)
    with write_transaction(engine) as connection:
        row = require_endpoint(connection, name, lock=True)
        if row.state is not state:
            off = state is EndpointState.DISABLED
            why = f"{actor.who} disabled it" if off else ""
            endpoints.change_endpoint(connection, name, state=state, why=why, failing_since=None)
            held = messages.hold_messages(connection, name) if off else 0
            data = {"before": row.state, "after": state, "held": held}
            _record(connection, actor, Action.SET_WEBHOOK_STATE, name, now, real_now, data)
        return hide_address(describe(connection, name), actor)


def rotate_secret(
    engine: Engine,
    actor: Actor,
    signing_key: str,
    name: str,
    rotation: WebhookRotation,
    now: datetime,
    real_now: datetime,
) -> WebhookSecret:
    """Give an endpoint a new secret, and return it; for some hours the one before signs too. Raises NotAllowed,
    NotFound."""
    permissions.require(actor, Action.ROTATE_WEBHOOK)
    secret = _make_secret()
    with write_transaction(engine) as connection:
        row = require_endpoint(connection, name, lock=True)
        old = {"old_secret": row.secret, "old_until": real_now + timedelta(hours=rotation.hours)}
        endpoints.change_endpoint(connection, name, secret=seal(signing_key, secret), **old)
        _record(connection, actor, Action.ROTATE_WEBHOOK, name, now, real_now, {"hours": rotation.hours})
        return WebhookSecret(endpoint=hide_address(describe(connection, name), actor), secret=secret)


def remove_endpoint(engine: Engine, actor: Actor, name: str, now: datetime, real_now: datetime) -> None:
    """Remove an endpoint with its messages. Raises NotAllowed, NotFound."""
    permissions.require(actor, Action.REMOVE_WEBHOOK)
    with write_transaction(engine) as connection:
        require_endpoint(connection, name, lock=True)
        endpoints.delete_endpoint(connection, name)
        _record(connection, actor, Action.REMOVE_WEBHOOK, name, now, real_now)


def require_endpoint(connection: Connection, name: str, *, lock: bool = False) -> EndpointRow:
    """Load an endpoint. Raises NotFound."""
    row = endpoints.find_endpoint(connection, name, lock=lock)
    if row is None:
        raise NotFound(f"no endpoint {name}; selvedge webhooks list names them", "name")
    return row


def describe(connection: Connection, name: str) -> WebhookEndpoint:
    """Describe an endpoint without its secrets. Raises NotFound."""
    return endpoints.describe_endpoints(connection, [require_endpoint(connection, name)])[0]


def open_secrets(row: EndpointRow, signing_key: str, real_now: datetime) -> tuple[str, ...]:
    """Return the secrets that sign now: the new one first. Raises ConfigError where the signing key was changed."""
    old = row.old_secret if row.old_until is not None and row.old_until > real_now else ""
    return tuple(unseal(signing_key, sealed) for sealed in (row.secret, old) if sealed)


def _make_secret() -> str:
    return SECRET_PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def _require_address(url: str, allowlist: NetworkAllowlist) -> None:
    """Require an address that can be asked. Names are looked up at each try, since they change."""
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018 - it raises when the port is none
    except ValueError as wrong:
        raise BadInput(f"is no web address: {wrong}", "url") from None
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.fragment:
        raise BadInput("give https://host[:port]/path, with no user and no fragment", "url")
    if parts.scheme == "http" and not allowlist.networks:
        raise BadInput("give https; SELVEDGE_WEBHOOK_NETWORKS allows http to private networks", "url")
    try:
        address = parse_address(parts.hostname)
    except ValueError:
        return  # a name
    if not is_public(address) and not any(address in network for network in allowlist.networks):
        raise BadInput(f"{address} is private; SELVEDGE_WEBHOOK_NETWORKS allows networks", "url")


def _record(
    connection: Connection,
    actor: Actor,
    action: Action,
    name: str,
    now: datetime,
    real_now: datetime,
    data: Mapping[str, Any] | None = None,
) -> None:
    write_activity(connection, actor, action, Subject(kind=SubjectKind.WEBHOOK, id=name), now, real_now, data)
