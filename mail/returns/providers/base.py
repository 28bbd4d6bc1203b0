"""The one interface of providers, and what several of them need."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Final, Protocol

from domain.bounces import choose_status, is_hard
from errors import BadInput, Forbidden
from mail.links import Links
from mail.returns.identity import find_named_ids
from models.returns import ReturnKind, ReturnReading

FRESH: Final = timedelta(minutes=5)
"""How old a signed time may be, so that nobody can post yesterday's again."""


class Provider(Protocol):
    """One provider. `key` is the secret of its setting, empty where none is set."""

    def check(self, headers: Mapping[str, str], body: bytes, key: str, now: datetime) -> None:
        """Raise Forbidden unless the body was signed with `key` and is fresh at the real moment `now`. Names of headers
        are in lower case."""

    def read(self, body: bytes, links: Links) -> Sequence[ReturnReading]:
        """Read what the body says of our mails. Raises BadInput for one that is not the provider's form."""


def refuse_signature() -> Forbidden:
    """Build the one answer to a signature that is missing or wrong."""
    return Forbidden("the signature is missing or wrong")


def require_fresh(stamp: str, now: datetime) -> None:
    """Raise Forbidden unless `stamp`, in seconds since 1970, is close to `now`."""
    if not stamp.isascii() or not stamp.isdigit() or len(stamp) > 12:
        raise refuse_signature()
    if abs(now.timestamp() - int(stamp)) > FRESH.total_seconds():
        raise Forbidden("the signed time is too long ago; check the clocks")


def parse_object(body: bytes) -> dict[str, Any]:
    """Parse a JSON object. Raises BadInput."""
    parsed = _parse(body)
    if not isinstance(parsed, dict):
        raise BadInput("must be a JSON object", "body")
    return parsed


def parse_objects(body: bytes) -> list[dict[str, Any]]:
    """Parse a JSON list of objects, or one. Raises BadInput."""
    parsed = _parse(body)
    rows = parsed if isinstance(parsed, list) else [parsed]
    if not all(isinstance(row, dict) for row in rows):
        raise BadInput("must be a JSON list of objects", "body")
    return rows


def _parse(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        raise BadInput("is not JSON", "body") from None


def get_object(values: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """Return the object `name` within another; empty if there is none."""
    found = values.get(name)
    return found if isinstance(found, dict) else {}


def get_text(values: Mapping[str, Any], *names: str) -> str:
    """Return the first of these fields that holds text or a number; empty if none does."""
    for name in names:
        found = values.get(name)
        if isinstance(found, str | int | float) and found != "":
            return str(found)
    return ""


def build_reading(
    kind: ReturnKind, links: Links, named: Sequence[str], event_id: str, *, status: str = "", text: str = ""
) -> ReturnReading:
    """Build a reading. `named`: what may hold a return path or Message-ID of ours; `event_id`: the provider's."""
    ids = find_named_ids(links, named)
    code = choose_status(status, text) if kind in (ReturnKind.FAILED, ReturnKind.DELAYED) else ""
    hard = kind is ReturnKind.FAILED and is_hard(code, text)
    report_id = sha256(f"{kind} {event_id} {' '.join(ids)}".encode()).hexdigest()
    return ReturnReading(kind=kind, message_ids=ids, hard=hard, code=code[:16], report_id=report_id)
