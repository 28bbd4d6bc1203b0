"""Reads and writes the files of `selvedge fixes assemble`: requests, stock and scores; boxes and shadow prices."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from algorithms.assembly.model import Floats, Ints, Wave
from ingest import results
from ingest.columns import Table, read_cents, read_ids, read_numbers, read_table, read_texts, read_whole_numbers

REQUESTS: Final = ("client_id", "slots", "budget", "item_cap", "category_cap")
STOCK: Final = ("sku", "on_hand")
SCORES: Final = ("client_id", "sku", "category", "price", "score")


@dataclass(frozen=True)
class Instance:
    """A wave, with the ids of its clients (n) and skus (s)."""

    wave: Wave
    clients: pa.Array
    skus: pa.Array


def read_instance(requests: Path, stock: Path, scores: Path) -> Instance:
    """Read the wave that three files describe, CSV or Parquet by their endings.

    Raises:
        BadInput: names file, line (in Parquet: row) and field of the first error.
    """
    request_table, stock_table, score_table = (
        read_table(requests, REQUESTS),
        read_table(stock, STOCK),
        read_table(scores, SCORES),
    )
    clients, skus = read_ids(request_table, "client_id"), read_ids(stock_table, "sku")
    _require_unique(request_table, clients, "client_id")
    _require_unique(stock_table, skus, "sku")
    limits = (
        read_whole_numbers(request_table, "slots", optional=True),
        read_cents(request_table, "budget", optional=True),
        read_cents(request_table, "item_cap", optional=True),
        read_whole_numbers(request_table, "category_cap", optional=True),
        read_whole_numbers(stock_table, "on_hand"),
    )
    client = _find_indices(score_table, "client_id", clients, requests)
    sku = _find_indices(score_table, "sku", skus, stock)
    twice = _find_repeated(client * len(skus) + sku)
    if twice is not None:
        score_table.refuse(twice, "sku", "is a candidate of this client already; name it once")
    category = read_texts(score_table, "category").dictionary_encode()
    wave = Wave(
        *limits,
        client,
        sku,
        category.indices.to_numpy(zero_copy_only=False).astype(np.int64),
        read_cents(score_table, "price"),
        read_numbers(score_table, "score"),
    )
    return Instance(wave, clients, skus)


def _require_unique(table: Table, ids: pa.Array, name: str) -> None:
    twice = _find_repeated(ids.dictionary_encode().indices.to_numpy(zero_copy_only=False))
    if twice is not None:
        table.refuse(twice, name, f"{ids[twice].as_py()} is in the file already; name it once")


def _find_repeated(keys: Ints) -> int | None:
    """Find the index of the first key that occurred before; None when there is none."""
    order = np.argsort(keys, kind="stable")
    again = order[1:][keys[order][1:] == keys[order][:-1]]
    return int(again.min()) if len(again) else None


def _find_indices(table: Table, name: str, known: pa.Array, home: Path) -> Ints:
    """Find the index of each id among the known ones."""
    ids = read_ids(table, name)
    positions = pc.index_in(ids, value_set=known)
    if positions.null_count:
        first = int(np.flatnonzero(positions.is_null().to_numpy(zero_copy_only=False))[0])
        table.refuse(first, name, f"{ids[first].as_py()} is not in {home.name}; add it there or leave it out here")
    indices: Ints = positions.to_numpy(zero_copy_only=False).astype(np.int64)
    return indices


def write_boxes(path: Path, instance: Instance, chosen: Ints) -> None:
    """Write `client_id,sku`, a row for each chosen candidate, in the order of the requests. Raises BadInput."""
    order = chosen[np.lexsort((chosen, instance.wave.client[chosen]))]
    wave = instance.wave
    clients, skus = (instance.clients.take(pa.array(wave.client[order])), instance.skus.take(pa.array(wave.sku[order])))
    results.write_table(path, {"client_id": clients, "sku": skus})


def write_prices(path: Path, instance: Instance, prices: Floats) -> None:
    """Write `sku,shadow_price` in the order of the stock: how much score one more unit would add. Raises BadInput."""
    results.write_table(path, {"sku": instance.skus, "shadow_price": np.round(prices, 9)}, "prices")
