"""Tells clicks of machines from those of people: mail gateways open every link to look for malware, and chat programs
to draw a preview."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Final

SOONEST: Final = timedelta(seconds=2)
"""Real time after sending within which nobody has opened a mail, read it and clicked."""

_SCANNER: Final = re.compile(
    r"bot\b|bot/|crawl|spider|scan|preview|proxy|headless|monitor|safelinks|proofpoint|barracuda|mimecast|symantec"
    r"|trendmicro|fireeye|curl|wget|python|aiohttp|httpx|okhttp|java/|libwww|go-http-client|node-fetch|axios",
    re.IGNORECASE,
)


def is_machine_click(method: str, user_agent: str, since_sent: timedelta | None) -> bool:
    """Return whether a click counts for nobody: a HEAD request, a program, or a click within `SOONEST` of sending.

    Args:
        user_agent: the header; a program names itself there or leaves it empty.
        since_sent: real time since sending; None when it is not known.
    """
    if method == "HEAD" or not user_agent.strip() or _SCANNER.search(user_agent):
        return True
    return since_sent is not None and since_sent < SOONEST
