"""Reads and writes the files of `selvedge predict ranking`: interactions, features and targets in; ranked lists out.

Files are CSV or Parquet by their endings. The first error stops the reading and is named with file, line (Parquet: row)
and field.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from algorithms.ranking.data import NONE, FeatureMatrix, Interactions, Targets
from domain.arrays import Flags, Floats, Ints
from errors import BadInput
from ingest import results
from ingest.columns import Table, read_ids, read_numbers, read_table
from ingest.feature_words import build_feature_words
from models.base import FIRST_YEAR, LAST_YEAR, ONE_LINE

INTERACTIONS: Final = (("client_id", "item_id", "occurred_at"), ("value", "context"))
TARGETS: Final = (("client_id",), ("context",))
ITEM_ID: Final = r"^[^\x00-\x1f\x7f]{1,200}$"
"""Shops name items freely ("BANK CHARGES"); clients have an id only, so that no address is accepted as one."""
EPOCH_SECONDS: Final = range(10**8, 10**10)


@dataclass(frozen=True)
class RankingInput:
    """What the files hold: the interactions, the targets to rank for, and whether the targets named contexts."""

    interactions: Interactions
    targets: Targets
    in_context: bool
    context_names: tuple[str, ...]
    """The context of each target as it was written, where targets named them."""
    repeated_targets: int = 0
    """Rows of the targets that were left out because they name an earlier one again."""


def read_ranking_input(
    interactions: Path,
    items: Path | None = None,
    clients: Path | None = None,
    targets: Path | None = None,
    min_value: float | None = None,
) -> RankingInput:
    """Read interactions, and the features and targets that are given.

    Args:
        targets: whom to rank for; without it, every client of the interactions.
        min_value: leave out interactions of a lower value.

    Raises:
        BadInput: names file, line and field.
    """
    rows = _read_interactions(interactions, min_value)
    item_table = read_table(items, ("item_id",), None) if items else None
    client_table = read_table(clients, ("client_id",), None) if clients else None
    target_table = read_table(targets, *TARGETS) if targets else None
    asked_ids = read_ids(target_table, "client_id") if target_table else pa.array([], pa.string())
    all_clients = _list_unique(rows.clients, asked_ids)
    all_items = _list_unique(
        rows.items, _read_names(item_table, "item_id") if item_table else pa.array([], pa.string())
    )
    contexts = _list_unique(rows.contexts.drop_null())
    log = Interactions(
        tuple(all_clients.to_pylist()),
        tuple(all_items.to_pylist()),
        tuple(contexts.to_pylist()),
        _find_indices(rows.clients, all_clients),
        _find_indices(rows.items, all_items),
        rows.at,
        _find_indices(rows.contexts, contexts),
        rows.value,
        _build_features(item_table, "item_id", all_items),
        _build_features(client_table, "client_id", all_clients),
    ).sort()
    if target_table is None:
        everybody = np.unique(log.client)
        return RankingInput(log, Targets(everybody, np.full(len(everybody), NONE)), False, ())
    names = _read_contexts(target_table)
    first = _find_first(asked_ids, names)
    asked = Targets(_find_indices(asked_ids, all_clients), _find_indices(names, contexts)).part(first)
    written = tuple(names.fill_null("").take(pa.array(first)).to_pylist())
    return RankingInput(log, asked, "context" in target_table.columns, written, len(asked_ids) - len(first))


@dataclass(frozen=True)
class _InteractionColumns:
    clients: pa.Array
    items: pa.Array
    contexts: pa.Array
    at: Floats
    value: Floats | None

    def filter_rows(self, rows: Flags) -> _InteractionColumns:
        keep = pa.array(rows)
        value = None if self.value is None else self.value[rows]
        clients, items, contexts = (column.filter(keep) for column in (self.clients, self.items, self.contexts))
        return _InteractionColumns(clients, items, contexts, self.at[rows], value)


def _read_interactions(path: Path, min_value: float | None) -> _InteractionColumns:
    table = read_table(path, *INTERACTIONS)
    value = read_numbers(table, "value") if "value" in table.columns else None
    rows = _InteractionColumns(
        read_ids(table, "client_id"),
        _read_names(table, "item_id"),
        _read_contexts(table),
        read_moments(table, "occurred_at"),
        value,
    )
    if min_value is not None:
        if value is None:
            raise BadInput(f"{path} has no column value to hold against it", "min_value")
        rows = rows.filter_rows((value >= min_value) | (value < 0))  # below 0 are returns
    if not len(rows.at):
        raise BadInput("holds no interaction", str(path))
    return rows


def _read_names(table: Table, name: str) -> pa.Array:
    column = _read_text(table, name)
    right = pc.match_substring_regex(column, ITEM_ID).fill_null(False).to_numpy(zero_copy_only=False)
    table.require(right, name, "must be 1 to 200 characters, none of them a control character")
    return column


def _read_contexts(table: Table) -> pa.Array:
    """Read the context of each row; null where there is none."""
    if "context" not in table.columns:
        rows = len(next(iter(table.columns.values())))
        return pa.nulls(rows, pa.string())
    column = _read_text(table, "context")
    right = pc.match_substring_regex(column, ONE_LINE).fill_null(True).to_numpy(zero_copy_only=False)
    table.require(right, "context", "holds a control character")
    return pc.if_else(pc.equal(column, ""), pa.scalar(None, pa.string()), column)


def _read_text(table: Table, name: str) -> pa.Array:
    column = table.columns[name]
    try:
        return column.cast(pa.string())
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        raise BadInput(f"{name} holds something else than text", str(table.path)) from None


def read_moments(table: Table, name: str) -> Floats:
    """Read epoch seconds from days, ISO 8601 moments (UTC without an offset) or whole epoch seconds.

    Raises:
        BadInput: names file, line and field.
    """
    column = table.columns[name]
    if pa.types.is_timestamp(column.type):
        column = column.cast(pa.timestamp("us", column.type.tz), safe=False)
    encoded = column.dictionary_encode()
    read_once = [_parse_moment(value) for value in encoded.dictionary.to_pylist()]
    known = np.array([np.nan if value is None else value for value in [*read_once, None]], np.float64)
    seconds = known[encoded.indices.fill_null(len(read_once)).to_numpy(zero_copy_only=False)]
    table.require(~np.isnan(seconds), name, "must be a day such as 2026-03-01 or a moment such as 2026-03-01T09:30:00Z")
    return np.asarray(seconds, np.float64)


def _parse_moment(value: Any) -> float | None:
    try:
        if str(value).isdigit() and int(value) in EPOCH_SECONDS:
            return float(value)
        moment = datetime.fromisoformat(value) if isinstance(value, str) and value[4:5] == "-" else value
        if isinstance(moment, date) and not isinstance(moment, datetime):
            moment = datetime(moment.year, moment.month, moment.day, tzinfo=UTC)
        if not isinstance(moment, datetime) or not FIRST_YEAR <= moment.year < LAST_YEAR:
            return None
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None


def _list_unique(*columns: pa.Array) -> pa.Array:
    """List every text once, in order."""
    texts = pc.unique(pa.concat_arrays([column.cast(pa.string()) for column in columns]))
    return texts.take(pc.sort_indices(texts))


def _find_indices(column: pa.Array, known: pa.Array) -> Ints:
    """Find the index of each text among the known ones; NONE for others."""
    indices = pc.index_in(column, value_set=known).fill_null(NONE)
    return np.asarray(indices.to_numpy(zero_copy_only=False), np.int64)


def _find_first(ids: pa.Array, contexts: pa.Array) -> Ints:
    """Find the rows that name a client and context for the first time, in order."""
    client, context = (
        column.fill_null("").dictionary_encode().indices.to_numpy(zero_copy_only=False) for column in (ids, contexts)
    )
    _, first = np.unique(np.stack([client, context]), axis=1, return_index=True)
    return np.sort(first)


def _build_features(table: Table | None, key: str, order: pa.Array) -> FeatureMatrix:
    """Build the features of each id in `order`; none for ids that the table lacks."""
    if table is None:
        return FeatureMatrix.none(len(order))
    ids = _read_names(table, key) if key == "item_id" else read_ids(table, key)
    index = _find_indices(ids, order)
    _require_unique(table, ids, key)
    words_of: list[Sequence[str]] = [()] * len(order)
    for row, words in zip(index.tolist(), build_feature_words(table, key), strict=True):
        if row != NONE:
            words_of[row] = words
    return FeatureMatrix.of(words_of)


def _require_unique(table: Table, ids: pa.Array, key: str) -> None:
    codes = ids.dictionary_encode().indices.to_numpy(zero_copy_only=False)
    _, first = np.unique(codes, return_index=True)
    fresh = np.zeros(len(codes), np.bool_)
    fresh[first] = True
    table.require(fresh, key, "is in the file already; name it once")


def write_lists(out: Path, question: RankingInput, lists: Ints, scores: Any) -> int:
    """Write `client_id[,context],rank,item_id,score` in the order of the targets, and return the number of rows.

    Raises:
        BadInput: the file cannot be written.
    """
    rows, ranks = np.nonzero(lists != NONE)
    log, clients = question.interactions, pa.array(question.interactions.clients, pa.string())
    columns = {"client_id": clients.take(pa.array(question.targets.client[rows]))}
    if question.in_context:
        columns["context"] = pa.array(question.context_names, pa.string()).take(pa.array(rows))
    columns["rank"] = pa.array(ranks + 1)
    columns["item_id"] = pa.array(log.items, pa.string()).take(pa.array(lists[rows, ranks]))
    columns["score"] = pa.array(np.round(scores[rows, ranks].astype(np.float64), 6))
    results.write_table(out, columns)
    return len(rows)
