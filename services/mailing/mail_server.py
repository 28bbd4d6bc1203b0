"""The state of the mail server in use: shared by all workers, and said by health pages and metrics."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

from sqlalchemy import Connection

from domain.mail_servers import classify_fault, name_fault
from mail.circuit import ServerCircuit
from mail.smtp_url import parse_smtp_url
from models.mail_servers import ServerFault, ServerState
from services import metrics
from services.context import ServiceContext
from settings import Settings
from store.database import read_transaction, write_transaction
from store.mail import mail_servers


class StoredNotes:
    """Keeps the state of the circuit in the database, so that all workers together try a server once a minute."""

    def __init__(self, context: ServiceContext, server: str) -> None:
        self._context, self._server = context, server

    async def claim_try(self, until: datetime) -> bool:
        """Return whether this process may try now; no other then tries before `until`."""

        def claim() -> bool:
            with write_transaction(self._context.engine) as connection:
                return mail_servers.claim_server_try(connection, self._server, self._context.wall(), until)

        return await asyncio.to_thread(claim)

    async def save(self, state: ServerState) -> None:
        """Keep the state."""

        def save() -> None:
            with write_transaction(self._context.engine) as connection:
                mail_servers.save_server_state(connection, self._server, state)

        await asyncio.to_thread(save)


def build_circuit(context: ServiceContext) -> ServerCircuit:
    """Build the circuit of the configured server, in the state in which it was left."""
    with read_transaction(context.engine) as connection:
        state = load_state(connection, context.settings)
    return ServerCircuit(StoredNotes(context, parse_smtp_url(context.settings.smtp).name), state, context.wall)


def load_state(connection: Connection, settings: Settings) -> ServerState:
    """Load what is known of the configured server."""
    return mail_servers.load_server_state(connection, parse_smtp_url(settings.smtp).name)


def describe_outage(connection: Connection, settings: Settings) -> str:
    """Describe in one line why no mail can be handed over, as `mail.shop.com:587: login refused (smtp_auth), since
    ...`; empty while the server works."""
    state = load_state(connection, settings)
    if not state.code:
        return ""
    since = f", since {state.since.astimezone(UTC):%Y-%m-%d %H:%M} UTC" if state.since else ""
    return f"{parse_smtp_url(settings.smtp).name}: {name_fault(state.code)} ({state.code}){since}"


def set_gauges(connection: Connection, settings: Settings) -> None:
    """Set the gauge of each fault: 1 for the one that keeps mail back."""
    code = load_state(connection, settings).code
    for fault in ServerFault:
        metrics.mail_server_down.labels(reason=fault).set(bool(code) and classify_fault(code) is fault)
