"""What the supervisor looks at: whether the parts answer, and how the shop is doing."""

from __future__ import annotations

import json
import socket
from datetime import UTC, datetime
from http.client import HTTPConnection, HTTPException

from sqlalchemy import Engine

from mail.mailbox import Mailbox
from mail.sink import mailbox_file
from settings import Settings
from store import clock, pages
from store.database import read_transaction
from store.mail import model_calls


def temporal(settings: Settings) -> str:
    """Empty when the Temporal server takes connections, else how that fails."""
    host, _, port = settings.temporal_address.rpartition(":")
    try:
        socket.create_connection((host, int(port)), 1).close()
    except OSError as refused:
        return str(refused)
    return ""


def everything(settings: Settings) -> str:
    """Empty when the health page of the web process says that all parts are up, else what is missing."""
    connection = HTTPConnection(settings.web_host, settings.web_port, timeout=5)
    try:
        connection.request("GET", "/healthz")
        parts: dict[str, str] = json.loads(connection.getresponse().read())
    except (OSError, HTTPException, ValueError) as refused:
        return str(refused) or type(refused).__name__
    finally:
        connection.close()
    return ", ".join(f"{name}: {how}" for name, how in parts.items() if name != "status" and how != "up")


def status_line(settings: Settings, engine: Engine) -> str:
    """The shop's time, mails delivered, clients by phase; and why mails wait when the model does not answer."""
    with read_transaction(engine) as connection:
        business = clock.business(connection, datetime.now(UTC))
        phases = pages.clients_by_phase(connection)
        sent = pages.mails_by_state(connection).get("sent", 0)
        trouble = model_calls.standing_trouble(connection) if settings.composer == "model" else ""
    delivered = sent if settings.smtp_url else Mailbox(mailbox_file(settings)).count()
    counted = ", ".join(f"{phase.replace('_', ' ')} {count}" for phase, count in phases.items())
    model = f" · the latest calls of the language model fail ({trouble}); see SELVEDGE_LLM_*" if trouble else ""
    return f"{business:%-d %b %H:%M} · {delivered} mails delivered · {counted}{model}"
