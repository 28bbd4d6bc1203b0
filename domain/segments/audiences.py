"""The filter of a campaign's audience."""

from __future__ import annotations

from functools import lru_cache

from models.campaign import Audience
from models.segments import Filter


def find_audience_filter(audience: Audience) -> Filter | None:
    """Find the filter that an audience states beside phases and tags; None: none. Raises BadInput for a wrong text."""
    return _parse_once(audience.filter) if isinstance(audience.filter, str) else audience.filter


@lru_cache(maxsize=256)
def _parse_once(text: str) -> Filter:
    from domain.segments.text import parse_text  # noqa: PLC0415 (the parser: few campaigns need it)

    return parse_text(text)
