"""At which hour of their own day a client reads mail: their own reading, smoothed by their cohort's, and that by
everybody's. It proposes inside the allowed windows; `domain.timing` disposes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple
from zlib import crc32
from zoneinfo import ZoneInfo

import numpy as np

from domain.arrays import Floats
from domain.timing import SPREAD, next_full_hour
from models.base import ClientId
from models.slots import Window

HOURS: Final = 24
WAIT: Final = timedelta(days=1)
"""A mail waits no longer than this for a better hour."""
OWN_WORTH: Final = 8.0
"""So many opens and clicks of a client's own weigh as much as the habit of their cohort."""
COHORT_WORTH: Final = 100.0
"""So many of a cohort weigh as much as everybody's."""
FEWEST: Final = 3
FEWEST_OF_ALL: Final = 500
"""Opens and clicks of the client, or of everybody, from which on there is a habit to go by."""
NEARLY: Final = 0.8
"""An hour with so much of the best one's share is as good: the mail does not wait."""


class Span(NamedTuple):
    """Part of one hour of the client's own day in which a mail may leave."""

    hour: int
    start: datetime
    until: datetime


def counted(read_at: Iterable[datetime], zone: ZoneInfo) -> Floats:
    """How often the client read in each hour of their own day, shape (24,)."""
    return np.bincount([at.astimezone(zone).hour for at in read_at], minlength=HOURS).astype(np.float64)


def habit(own: Floats, cohort: Floats, everybody: Floats) -> Floats | None:
    """The share of a client's reading that falls into each hour, shape (24,); None where there is nothing to go by.

    Each argument counts opens and clicks by hour, shape (24,): Dirichlet smoothing, level by level. An hour's
    neighbours have part in it, since nobody reads by the clock.
    """
    if own.sum() < FEWEST and everybody.sum() < FEWEST_OF_ALL:
        return None
    usual = np.full(HOURS, 1 / HOURS) if everybody.sum() < FEWEST_OF_ALL else _blurred(everybody) / everybody.sum()
    nearer = (_blurred(cohort) + COHORT_WORTH * usual) / (cohort.sum() + COHORT_WORTH)
    return np.asarray((_blurred(own) + OWN_WORTH * nearer) / (own.sum() + OWN_WORTH))


def proposed(shares: Floats, zone: ZoneInfo, windows: Sequence[Window], client_id: ClientId) -> datetime | None:
    """A moment in the best hour of the next open day, or in the half hour before it, since a mail that has just come
    still lies on top; None: the first open moment is nearly as good. Each client has a place of their own in these 90
    minutes, so that those of one habit are not mailed at once."""
    spans = _spans(zone, windows)
    if not spans:
        return None
    best = max(spans, key=lambda each: shares[each.hour])
    if shares[spans[0].hour] >= NEARLY * shares[best.hour]:
        return None
    opens = next(window.start for window in windows if window.start <= best.start < window.until)
    start = max(opens, best.start - (SPREAD - timedelta(hours=1)))
    return start + (best.until - start) * (crc32(client_id.encode()) / 2**32)


def _blurred(counts: Floats) -> Floats:
    return np.asarray(0.5 * counts + 0.25 * (np.roll(counts, 1) + np.roll(counts, -1)))


def _spans(zone: ZoneInfo, windows: Sequence[Window]) -> list[Span]:
    """The open hours of a day from the first open moment, in order."""
    found: list[Span] = []
    for window in windows:
        start = window.start
        until = min(window.until, windows[0].start + WAIT)
        while start < until:
            end = min(next_full_hour(zone, start), until)
            found.append(Span(start.astimezone(zone).hour, start, end))
            start = end
    return found
