"""Finds which mail of ours a return is about: by the return path made for that mail, then by its Message-ID.

Both hold a keyed hash, so nobody can name a mail whose headers they have not seen. Text is never asked.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from email.utils import getaddresses
from typing import Final

from errors import Forbidden
from mail.links import Links
from mail.returns.parts import AnyMessage, find_returned

_DELIVERY_HEADERS: Final = ("Delivered-To", "X-Original-To", "Envelope-To", "X-Envelope-To", "X-Delivered-To", "To")
_MESSAGE_ID: Final = re.compile(r"<[a-z2-7]{26}\.[1-9][0-9]{0,9}@[A-Za-z0-9.-]+>")
_BARE: Final = re.compile(r" *<?[\w.+-]+@[\w.-]+>? *", re.ASCII)
"""One address and nothing else, which needs no parser."""
LONGEST_HEADER: Final = 2_000


def list_message_ids(
    links: Links, recipient: str, message: AnyMessage, fields: Iterable[str] = (), returned: AnyMessage | None = None
) -> tuple[str, ...]:
    """List the Message-IDs of ours that a return names, the surest first.

    Args:
        recipient: the address to which the return was delivered; empty where nobody knows.
        message: the return itself.
        fields: values of the report's fields that may hold a return path or Message-ID of ours.
        returned: the headers of the mail that came back; looked for in `message` when not given.
    """
    found = dict.fromkeys(_iterate_ids(links, recipient, message, fields, returned or find_returned(message)))
    return tuple(found)


def find_named_ids(links: Links, values: Iterable[str]) -> tuple[str, ...]:
    """Find the Message-IDs of ours that these values name: return paths first, then Message-IDs."""
    stated = [value for value in values if value]
    return tuple(dict.fromkeys([*_parse_paths(links, stated), *_find_ids(links, stated)]))


def _iterate_ids(
    links: Links, recipient: str, message: AnyMessage, fields: Iterable[str], returned: AnyMessage | None
) -> Iterator[str]:
    stated = list(fields)
    yield from _parse_paths(links, [recipient])
    for name in _DELIVERY_HEADERS:
        yield from _parse_paths(links, message.get_all(name, ()))
    yield from _parse_paths(links, stated)
    if returned is not None:
        yield from _parse_paths(links, returned.get_all("Return-Path", ()))
        yield from _find_ids(links, returned.get_all("Message-ID", ()))
        yield from _find_ids(links, returned.get_all("X-Original-Message-ID", ()))
    yield from _find_ids(links, stated)


def _parse_paths(links: Links, values: Iterable[object]) -> Iterator[str]:
    for value in values:
        text = str(value)[:LONGEST_HEADER]
        if links.bounce_domain not in text.lower():
            continue  # nearly all: parsing addresses would cost as much as parsing the mail
        for address in [text] if _BARE.fullmatch(text) else [address for _, address in getaddresses([text])]:
            with suppress(Forbidden):
                yield links.parse_return_path(address)


def _find_ids(links: Links, values: Iterable[object]) -> Iterator[str]:
    for value in values:
        for message_id in _MESSAGE_ID.findall(str(value)[:LONGEST_HEADER]):
            if message_id.endswith(f"@{links.mail_domain}>"):
                yield message_id
