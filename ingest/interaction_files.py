"""The files of `selvedge predict ranking`: interactions, features of items and clients, targets in; lists out. CSV or
Parquet by their endings. The first thing wrong stops it, with file, line (Parquet: row) and field."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from algorithms.ranking.data import NONE, Asked, FeatureMatrix, Log
from domain.arrays import Flags, Floats, Ints
from errors import BadInput
from ingest import results
from ingest.feature_words import described
from ingest.fix_columns import Table, identifiers, numbers, read
from models.base import FIRST_YEAR, LAST_YEAR, ONE_LINE

INTERACTIONS: Final = (("client_id", "item_id", "occurred_at"), ("value", "context"))
TARGETS: Final = (("client_id",), ("context",))
ITEM_ID: Final = r"^[^\x00-\x1f\x7f]{1,200}$"
"""Shops name goods freely ("BANK CHARGES"); clients by an id alone, so that no address is taken for one."""
EPOCH_SECONDS: Final = range(10**8, 10**10)


@dataclass(frozen=True)
class Question:
    """What the files say: the log, whom to ask about, and whether the targets named contexts."""

    log: Log
    asked: Asked
    in_context: bool
    context_names: tuple[str, ...]
    """The context of each target as it was written, where targets named them."""


def read_question(
    interactions: Path,
    items: Path | None = None,
    clients: Path | None = None,
    targets: Path | None = None,
    min_value: float | None = None,
) -> Question:
    """Without `targets`, every client of the interactions is asked about. `min_value`: interactions of a lower value
    are passed over. Raises BadInput."""
    touches = _interactions(interactions, min_value)
    of_items = read(items, ("item_id",), None) if items else None
    of_clients = read(clients, ("client_id",), None) if clients else None
    wanted = read(targets, *TARGETS) if targets else None
    asked_ids = identifiers(wanted, "client_id") if wanted else pa.array([], pa.string())
    all_clients = _sorted(touches.clients, asked_ids)
    all_items = _sorted(touches.items, _names(of_items, "item_id") if of_items else pa.array([], pa.string()))
    contexts = _sorted(touches.contexts.drop_null())
    log = Log(
        tuple(all_clients.to_pylist()),
        tuple(all_items.to_pylist()),
        tuple(contexts.to_pylist()),
        _places(touches.clients, all_clients),
        _places(touches.items, all_items),
        touches.at,
        _places(touches.contexts, contexts),
        touches.value,
        _words(of_items, "item_id", all_items),
        _words(of_clients, "client_id", all_clients),
    )
    if wanted is None:
        everybody = np.unique(log.client)
        return Question(log, Asked(everybody, np.full(len(everybody), NONE)), False, ())
    names = _contexts(wanted)
    asked = Asked(_places(asked_ids, all_clients), _places(names, contexts))
    return Question(log, asked, "context" in wanted.columns, tuple(names.fill_null("").to_pylist()))


@dataclass(frozen=True)
class _Touches:
    clients: pa.Array
    items: pa.Array
    contexts: pa.Array
    at: Floats
    value: Floats | None

    def part(self, rows: Flags) -> _Touches:
        keep = pa.array(rows)
        value = None if self.value is None else self.value[rows]
        clients, items, contexts = (each.filter(keep) for each in (self.clients, self.items, self.contexts))
        return _Touches(clients, items, contexts, self.at[rows], value)


def _interactions(path: Path, min_value: float | None) -> _Touches:
    table = read(path, *INTERACTIONS)
    value = numbers(table, "value") if "value" in table.columns else None
    found = _Touches(
        identifiers(table, "client_id"),
        _names(table, "item_id"),
        _contexts(table),
        moments(table, "occurred_at"),
        value,
    )
    if min_value is not None:
        if value is None:
            raise BadInput(f"{path} has no column value to hold against it", "min_value")
        found = found.part(value >= min_value)
    if not len(found.at):
        raise BadInput("holds no interaction", str(path))
    return found


def _names(table: Table, name: str) -> pa.Array:
    column = _text(table, name)
    right = pc.match_substring_regex(column, ITEM_ID).fill_null(False).to_numpy(zero_copy_only=False)
    table.demand(right, name, "must be 1 to 200 characters, none of them a control character")
    return column


def _contexts(table: Table) -> pa.Array:
    """Null where there is none."""
    if "context" not in table.columns:
        rows = len(next(iter(table.columns.values())))
        return pa.nulls(rows, pa.string())
    column = _text(table, "context")
    right = pc.match_substring_regex(column, ONE_LINE).fill_null(True).to_numpy(zero_copy_only=False)
    table.demand(right, "context", "holds a control character")
    return pc.if_else(pc.equal(column, ""), pa.scalar(None, pa.string()), column)


def _text(table: Table, name: str) -> pa.Array:
    column = table.columns[name]
    try:
        return column.cast(pa.string())
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        raise BadInput(f"{name} holds something else than text", str(table.path)) from None


def moments(table: Table, name: str) -> Floats:
    """Epoch seconds from days, moments in ISO 8601 (UTC where no offset stands) or whole epoch seconds. Raises
    BadInput."""
    column = table.columns[name]
    if pa.types.is_timestamp(column.type):
        column = column.cast(pa.timestamp("us", column.type.tz), safe=False)
    each = column.dictionary_encode()
    read_once = [_moment(value) for value in each.dictionary.to_pylist()]
    known = np.array([np.nan if value is None else value for value in [*read_once, None]], np.float64)
    found = known[each.indices.fill_null(len(read_once)).to_numpy(zero_copy_only=False)]
    table.demand(~np.isnan(found), name, "must be a day such as 2026-03-01 or a moment such as 2026-03-01T09:30:00Z")
    return np.asarray(found, np.float64)


def _moment(value: Any) -> float | None:
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


def _sorted(*columns: pa.Array) -> pa.Array:
    """Every text once, in order."""
    found = pc.unique(pa.concat_arrays([column.cast(pa.string()) for column in columns]))
    return found.take(pc.sort_indices(found))


def _places(column: pa.Array, known: pa.Array) -> Ints:
    """NONE for what is not known."""
    found = pc.index_in(column, value_set=known).fill_null(NONE)
    return np.asarray(found.to_numpy(zero_copy_only=False), np.int64)


def _words(table: Table | None, key: str, order: pa.Array) -> FeatureMatrix:
    """The words of each id in `order`; none for ids that the table does not know."""
    if table is None:
        return FeatureMatrix.none(len(order))
    ids = _names(table, key) if key == "item_id" else identifiers(table, key)
    place = _places(ids, order)
    _once(table, ids, key)
    found: list[Sequence[str]] = [()] * len(order)
    for row, words in zip(place.tolist(), described(table, key), strict=True):
        if row != NONE:
            found[row] = words
    return FeatureMatrix.of(found)


def _once(table: Table, ids: pa.Array, key: str) -> None:
    place = ids.dictionary_encode().indices.to_numpy(zero_copy_only=False)
    _, first = np.unique(place, return_index=True)
    fresh = np.zeros(len(place), np.bool_)
    fresh[first] = True
    table.demand(fresh, key, "is in the file already; name it once")


def write_lists(out: Path, question: Question, lists: Ints, scores: Any) -> int:
    """`client_id[,context],rank,item_id,score`, a row for each place of each list, in the order of the targets; how
    many rows. Raises BadInput when it cannot be written."""
    rows, ranks = np.nonzero(lists != NONE)
    log, clients = question.log, pa.array(question.log.clients, pa.string())
    columns = {"client_id": clients.take(pa.array(question.asked.client[rows]))}
    if question.in_context:
        columns["context"] = pa.array(question.context_names, pa.string()).take(pa.array(rows))
    columns["rank"] = pa.array(ranks + 1)
    columns["item_id"] = pa.array(log.items, pa.string()).take(pa.array(lists[rows, ranks]))
    columns["score"] = pa.array(np.round(scores[rows, ranks].astype(np.float64), 6))
    results.write(out, columns)
    return len(rows)
