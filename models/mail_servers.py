"""What is known of the mail server that mail is handed to."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from models.base import Contract


class ServerFault(StrEnum):
    """Why no mail can be handed to the server at all, whatever mail it is."""

    UNREACHABLE = "unreachable"
    TLS_REFUSED = "tls_refused"
    LOGIN_REFUSED = "login_refused"


class ServerState(Contract):
    """The last word on a mail server. Times are real time.

    `code` is that of the fault, empty while the server works; `failures` counts those in a row; nobody tries before
    `try_at`; `since` is when the fault was first met.
    """

    code: str = ""
    failures: int = 0
    since: datetime | None = None
    try_at: datetime | None = None
