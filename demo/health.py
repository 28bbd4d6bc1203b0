"""What the supervisor checks: whether the parts answer, and how the shop is doing."""

from __future__ import annotations

import json
import socket
from datetime import UTC, datetime
from http.client import HTTPConnection, HTTPException

from sqlalchemy import Engine

from mail.mailbox import Mailbox
from mail.sink import get_mailbox_path
from settings import Settings
from store import clock
from store.clients.lists import count_clients_by_phase
from store.database import read_transaction
from store.mail import model_calls
from store.mail.lists import count_mails_by_state


def check_temporal(settings: Settings) -> str:
    """Return nothing when the Temporal server takes connections, else how that fails."""
    host, _, port = settings.temporal_address.rpartition(":")
    return _connect(host, int(port))


def check_shop(settings: Settings) -> str:
    """Return nothing when the demo's shop takes connections, else how that fails."""
    return _connect("127.0.0.1", settings.demo_shop_port)


def _connect(host: str, port: int) -> str:
    try:
        socket.create_connection((host, port), 1).close()
    except OSError as error:
        return str(error)
    return ""


def check_parts(settings: Settings) -> str:
    """Return nothing when the health page of the web process says that all parts are up, else what is missing."""
    connection = HTTPConnection(settings.web_host, settings.web_port, timeout=5)
    try:
        connection.request("GET", "/healthz")
        parts: dict[str, str] = json.loads(connection.getresponse().read())
    except (OSError, HTTPException, ValueError) as error:
        return str(error) or type(error).__name__
    finally:
        connection.close()
    # Workflows that are missing are started by a person's command, and no reason not to come up.
    needed = {name: state for name, state in parts.items() if name not in ("status", "workflows")}
    return ", ".join(f"{name}: {state}" for name, state in needed.items() if state != "up")


def render_status_line(settings: Settings, engine: Engine) -> str:
    """Render the shop's time, mails delivered, clients by phase; and why mails wait when the model does not answer."""
    with read_transaction(engine) as connection:
        business = clock.load_business_time(connection, datetime.now(UTC))
        phases = count_clients_by_phase(connection)
        sent = count_mails_by_state(connection).get("sent", 0)
        failure = model_calls.find_repeated_failure(connection) if settings.composer == "model" else ""
    delivered = sent if settings.smtp_url else Mailbox(get_mailbox_path(settings)).count()
    counts = ", ".join(f"{phase.replace('_', ' ')} {count}" for phase, count in phases.items())
    model = f" · the latest calls of the language model fail ({failure}); see SELVEDGE_LLM_*" if failure else ""
    return f"{business:%-d %b %H:%M} · {delivered} mails delivered · {counts}{model}"
