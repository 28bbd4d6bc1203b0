"""What a web process asks the process beside it, and what comes back; pickled, between the two alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from algorithms.blending.trend import Trend
from models.base import ClientId, ItemId
from models.flags import FlagSlug
from services.serving.client_lists import RankingChoice
from services.serving.list_origins import ListOrigin


class OrderKind(StrEnum):
    """The kinds of orders; none of them waits for one of another kind."""

    LISTS = "lists"
    DECISIONS = "decisions"
    TREND = "trend"


class RankOrder(NamedTuple):
    """Rank the lists of these clients at business `now`; `choice`: by the blend with other weights."""

    client_ids: tuple[ClientId, ...]
    now: datetime
    choice: RankingChoice | None = None


class SaveOrder(NamedTuple):
    """Save lines of the spool."""

    lines: tuple[bytes, ...]


class TrendOrder(NamedTuple):
    """Send the trend over the catalogue of the fingerprint `items`, unless `known` is its number."""

    items: str
    known: str
    now: datetime


class RankedList(NamedTuple):
    """A client's list: as `ClientList`, without what both processes have."""

    client_id: ClientId
    indices: Sequence[int]
    scores: Sequence[float]
    wears: tuple[str, ...]
    hidden: frozenset[ItemId]
    origin: ListOrigin
    kept: Mapping[FlagSlug, str] | None


class RankedLists(NamedTuple):
    """Lists over the catalogue of the fingerprint `items`, ranked by the model `version`; unknown ids are left out."""

    items: str
    version: str
    lists: tuple[RankedList, ...]


class TrendAnswer(NamedTuple):
    """The trend and its number; no trend where the number is known already, or the catalogue is another."""

    number: str
    trend: Trend | None
