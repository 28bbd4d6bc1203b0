"""Postmark's webhook. Postmark signs nothing: it sends the user and password that stand in the webhook's address. So
the key is that password, and HTTPS keeps it."""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from domain.bounces import find_status
from mail.links import Links
from mail.returns.providers.base import build_reading, get_object, get_text, parse_object, refuse_signature
from mail.returns.reading import read_return
from models.returns import ReturnKind, ReturnReading

_DEAD: Final = frozenset({"HardBounce", "BadEmailAddress", "ManuallyDeactivated"})
_ASIDE: Final = frozenset({"AutoResponder", "AddressChange", "ChallengeVerification", "OpenRelayTest", "Subscribe"})


class Postmark:
    """Bounces, complaints, and changes of subscription."""

    def check(self, headers: Mapping[str, str], body: bytes, key: str, now: datetime) -> None:
        """Check the password of the header `Authorization: Basic …`."""
        try:
            given = base64.b64decode(headers.get("authorization", "").removeprefix("Basic "), validate=True)
        except (ValueError, binascii.Error):
            raise refuse_signature() from None
        if not hmac.compare_digest(given.partition(b":")[2], key.encode()):
            raise refuse_signature()

    def read(self, body: bytes, links: Links) -> Sequence[ReturnReading]:
        """Read the record; one that does not say that a mail came back gives nothing."""
        record = parse_object(body)
        kind = _find_kind(
            get_text(record, "RecordType"), get_text(record, "Type"), record.get("SuppressSending") is True
        )
        if kind is None:
            return []
        metadata = get_object(record, "Metadata")
        inner = read_return(get_text(record, "Content").encode(), "", links).message_ids
        named = [get_text(metadata, "return_path"), get_text(metadata, "message_id"), *inner]
        words = f"{get_text(record, 'Details')} {get_text(record, 'Description')}"
        status = find_status(words) or ("5.1.1" if get_text(record, "Type") in _DEAD else "")
        event_id = get_text(record, "ID", "MessageID")
        return [build_reading(kind, links, named, event_id, status=status, text=words)]


def _find_kind(record: str, bounce: str, leaves: bool) -> ReturnKind | None:
    if record == "SpamComplaint" or bounce in ("SpamNotification", "SpamComplaint"):
        return ReturnKind.COMPLAINT
    if record == "SubscriptionChange":
        return ReturnKind.OPT_OUT if leaves else None
    if record != "Bounce" or bounce in _ASIDE:
        return None
    if bounce == "Unsubscribe":
        return ReturnKind.OPT_OUT
    return ReturnKind.DELAYED if bounce == "Transient" else ReturnKind.FAILED
