"""Estimate at which hour a client reads mail, and propose a time to send. `domain.timing` decides.

The client's own opens and clicks are smoothed by those of their cohort, and these by everybody's.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple
from zlib import crc32
from zoneinfo import ZoneInfo

import numpy as np

from domain.arrays import Floats
from domain.timing import OPENING_SPREAD, find_next_full_hour
from models.base import ClientId
from models.slots import SendWindow

HOURS: Final = 24
LONGEST_WAIT: Final = timedelta(days=1)
"""A mail waits no longer than this for a better hour."""
COHORT_PRIOR_WEIGHT: Final = 8.0
"""The habit of the cohort weighs as much as this many opens and clicks of the client."""
OVERALL_PRIOR_WEIGHT: Final = 100.0
"""Everybody's habit weighs as much as this many opens and clicks of the cohort."""
MIN_OWN_READS: Final = 3
MIN_READS_OF_ALL: Final = 500
"""Opens and clicks needed, of the client or of everybody, before there is a habit to go by."""
GOOD_ENOUGH_SHARE: Final = 0.8
"""An hour with this share of the best hour's reading is good enough: the mail does not wait."""


class Span(NamedTuple):
    """A part of one hour of the client's own day in which a mail may leave."""

    hour: int
    start: datetime
    until: datetime


def count_by_hour(read_at: Iterable[datetime], zone: ZoneInfo) -> Floats:
    """Count how often the client read in each hour of their own day, shape (24,)."""
    return np.bincount([at.astimezone(zone).hour for at in read_at], minlength=HOURS).astype(np.float64)


def estimate_habit(own: Floats, cohort: Floats, everybody: Floats) -> Floats | None:
    """Estimate the share of a client's reading in each hour, shape (24,); None where there is too little to go by.

    Each argument counts opens and clicks by hour, shape (24,). Dirichlet smoothing, level by level; an hour shares its
    counts with its neighbours, since nobody reads by the clock.
    """
    if own.sum() < MIN_OWN_READS and everybody.sum() < MIN_READS_OF_ALL:
        return None
    usual = (
        np.full(HOURS, 1 / HOURS) if everybody.sum() < MIN_READS_OF_ALL else _smooth_hours(everybody) / everybody.sum()
    )
    nearer = (_smooth_hours(cohort) + OVERALL_PRIOR_WEIGHT * usual) / (cohort.sum() + OVERALL_PRIOR_WEIGHT)
    return np.asarray((_smooth_hours(own) + COHORT_PRIOR_WEIGHT * nearer) / (own.sum() + COHORT_PRIOR_WEIGHT))


def propose_send_time(
    shares: Floats, zone: ZoneInfo, windows: Sequence[SendWindow], client_id: ClientId
) -> datetime | None:
    """Propose a moment in the best hour of the next open day, or in the half hour before it, when a mail is still on
    top.

    None: the first open moment is nearly as good. Each client has their own offset within these 90 minutes, so that
    clients of one habit are not all mailed at once.
    """
    spans = _list_spans(zone, windows)
    if not spans:
        return None
    best = max(spans, key=lambda span: shares[span.hour])
    if shares[spans[0].hour] >= GOOD_ENOUGH_SHARE * shares[best.hour]:
        return None
    opens = next(window.start for window in windows if window.start <= best.start < window.until)
    start = max(opens, best.start - (OPENING_SPREAD - timedelta(hours=1)))
    return start + (best.until - start) * (crc32(client_id.encode()) / 2**32)


def _smooth_hours(counts: Floats) -> Floats:
    return np.asarray(0.5 * counts + 0.25 * (np.roll(counts, 1) + np.roll(counts, -1)))


def _list_spans(zone: ZoneInfo, windows: Sequence[SendWindow]) -> list[Span]:
    """List the open hours of one day from the first open moment, in order."""
    spans: list[Span] = []
    for window in windows:
        start = window.start
        until = min(window.until, windows[0].start + LONGEST_WAIT)
        while start < until:
            end = min(find_next_full_hour(zone, start), until)
            spans.append(Span(start.astimezone(zone).hour, start, end))
            start = end
    return spans
