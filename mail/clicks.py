"""Tells clicks of machines from those of people. Mail gateways open every link to look for malware, and chat programs
to draw a preview; none of them says anything about the client."""

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


def by_machine(method: str, user_agent: str, since_sent: timedelta | None) -> bool:
    """Whether a click counts for nobody: a HEAD request, a program that names itself or names nothing, or one that
    comes within `SOONEST` of sending. `since_sent` is real time; None when it is not known."""
    if method == "HEAD" or not user_agent.strip() or _SCANNER.search(user_agent):
        return True
    return since_sent is not None and since_sent < SOONEST
