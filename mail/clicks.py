"""Reads from a request what it says of who made it: mail gateways open every link to look for malware, chat programs to
draw a preview, and picture proxies fetch pictures for many readers. `domain.mail_reads` weighs it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from models.events import ReadSign

_SCANNER: Final = re.compile(
    r"bot\b|bot/|crawl|spider|scan|preview|proxy|headless|monitor|safelinks|proofpoint|barracuda|mimecast|symantec"
    r"|trendmicro|fireeye|curl|wget|python|aiohttp|httpx|okhttp|java/|libwww|go-http-client|node-fetch|axios",
    re.IGNORECASE,
)
_PICTURE_PROXY: Final = re.compile(r"GoogleImageProxy|YahooMailProxy", re.IGNORECASE)
"""They fetch a picture when its reader opens the mail."""
_PREFETCH: Final = "Mozilla/5.0"
"""All that Apple's privacy proxy says; it fetches every picture at a time of its own."""


def is_program(user_agent: str) -> bool:
    """Return whether a program names itself in this header, or leaves it empty."""
    return not user_agent.strip() or _SCANNER.search(user_agent) is not None


def read_signs(method: str, headers: Mapping[str, str], *, picture: bool = False) -> frozenset[ReadSign]:
    """Return what a request says of who made it. `headers`: by lower-case name; `picture`: it asks for the one that
    tells of an open."""
    user_agent = headers.get("user-agent", "").strip()
    signs = {ReadSign.HEAD} if method == "HEAD" else set[ReadSign]()
    if picture and _PICTURE_PROXY.search(user_agent):
        return frozenset(signs | {ReadSign.PROXY})
    if picture and user_agent == _PREFETCH:
        signs.add(ReadSign.PREFETCH)
    elif is_program(user_agent):
        signs.add(ReadSign.PROGRAM)
    elif headers.get("sec-fetch-mode") == "navigate" and headers.get("accept-language"):
        signs.add(ReadSign.BROWSER)
    elif not picture and not headers.get("accept-language"):
        signs.add(ReadSign.BARE)
    return frozenset(signs)
