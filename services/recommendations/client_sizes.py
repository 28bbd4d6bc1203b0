"""Read a client's sizes as the shop's own; where nothing fits, the fallback has a code."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from algorithms.blending.catalogue import Catalogue
from domain.histories import ClientSignals
from domain.size_table import SizeTable, translate_size, translate_sizes
from models.base import ClientId
from store.clients import interactions

UNKNOWN = "sizes_unknown"
"""The shop makes none of the client's sizes."""
NONE_IN_SIZE = "none_in_size"
"""Nothing is in stock in one of them."""


def fit_sizes(signals: ClientSignals, goods: Catalogue, table: SizeTable) -> tuple[ClientSignals, str]:
    """Return the signals with the sizes that the shop makes, and the code of a fallback: without any of theirs, or
    without one in stock, clients are shown what comes in other sizes, and the code says so."""
    if not signals.wears:
        return signals, ""
    made = translate_sizes(signals.wears, goods.sizes.keys() - {""}, table)
    if made and (goods.count_in_sizes(made) > 0).any():
        return replace(signals, sizes=made), ""
    without = replace(signals, sizes=(), quiz=replace(signals.quiz, sizes=()))
    return without, NONE_IN_SIZE if made else UNKNOWN


def find_fallback(
    connection: Connection, client_id: ClientId, now: datetime, goods: Catalogue, table: SizeTable
) -> str:
    """Find the code of the fallback for a client's sizes; empty where none is needed. Raises NotFound."""
    return fit_sizes(interactions.load_signals(connection, client_id, now), goods, table)[1]


def name_sizes(signals: ClientSignals, made_sizes: AbstractSet[str], table: SizeTable) -> ClientSignals:
    """Return the signals with each size under the shop's name for it; the others as they are, for boxes, in which
    nothing goes that does not fit. `made_sizes`: folded."""
    named = (translate_size(size, made_sizes, table) or size for size in signals.wears)
    return replace(signals, sizes=tuple(dict.fromkeys(named))) if signals.wears else signals
