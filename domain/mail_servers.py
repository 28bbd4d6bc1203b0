"""Rules for a mail server that cannot be used: which fault it is, when it is tried again, and how to say so."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from models.mail_servers import ServerFault, ServerState

LONGEST_REST: Final = timedelta(minutes=1)
"""A server that cannot be used is tried once in this time, by one of all the mails that wait."""
FIRST_REST: Final = timedelta(seconds=1)

_LOGIN_CODES: Final = frozenset({"smtp_auth", "smtp_530", "smtp_534", "smtp_535", "smtp_538"})

_NAMES: Final[Mapping[ServerFault, str]] = {
    ServerFault.UNREACHABLE: "unreachable",
    ServerFault.TLS_REFUSED: "TLS refused",
    ServerFault.LOGIN_REFUSED: "login refused",
}
_SENTENCES: Final[Mapping[str, str]] = {
    "smtp_connect": "the mail server does not answer",
    "smtp_timeout": "the mail server does not answer in time",
    "smtp_lost": "the mail server closed the connection",
    "smtp_tls": "no encrypted connection to the mail server can be made",
    "smtp_auth": "the mail server refuses our login",
    "decided_too_long_ago": "our own machine was too slow to hand it over",
    "warm_up": "the day's share of mail to their mail provider is used up, which grows day by day",
    "domain_rests": "their mail provider asked us to slow down",
}


def classify_fault(code: str) -> ServerFault:
    """Return which fault of the server the code of a failed connection stands for."""
    if code in _LOGIN_CODES:
        return ServerFault.LOGIN_REFUSED
    return ServerFault.TLS_REFUSED if code == "smtp_tls" else ServerFault.UNREACHABLE


def record_fault(state: ServerState, code: str, now: datetime) -> ServerState:
    """Return the state after one more failed connection at `now`.

    A server that does not answer may be back in a second, so the first rests are short. A login or a certificate is
    mended by a person, and servers lock accounts that guess: those rest a minute at once.
    """
    failures = state.failures + 1
    rest = LONGEST_REST
    if classify_fault(code) is ServerFault.UNREACHABLE:
        rest = min(LONGEST_REST, FIRST_REST * 2 ** min(failures - 1, 10))
    return ServerState(code=code, failures=failures, since=state.since or now, try_at=now + rest)


def name_fault(code: str) -> str:
    """Name the fault of the server in two words, for health pages: `login refused`."""
    return _NAMES[classify_fault(code)]


def explain_wait(code: str) -> str:
    """Explain, by the code of a mail's last try, why it waits; empty when the code says nothing of a mail server."""
    if code in _LOGIN_CODES:
        return _SENTENCES["smtp_auth"]
    kind, _, answer = code.partition("_")
    if kind != "smtp" or code in _SENTENCES:
        return _SENTENCES.get(code, "")
    return f"the mail server {'asks us to try later' if answer.startswith('4') else 'refused it'} ({answer})"
