"""The files of `selvedge fixes assemble`: requests, stock and scores in; boxes and shadow prices out."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from algorithms.assembly.model import Floats, Ints, Wave
from ingest import results
from ingest.fix_columns import Table, identifiers, money, numbers, read, texts, whole

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
    """The wave that three files describe, CSV or Parquet by their endings.

    Raises BadInput naming file, line (in Parquet: row) and field of the first thing wrong.
    """
    asked, shelf, rated = read(requests, REQUESTS), read(stock, STOCK), read(scores, SCORES)
    clients, skus = identifiers(asked, "client_id"), identifiers(shelf, "sku")
    _once(asked, clients, "client_id")
    _once(shelf, skus, "sku")
    limits = (
        whole(asked, "slots", optional=True),
        money(asked, "budget", optional=True),
        money(asked, "item_cap", optional=True),
        whole(asked, "category_cap", optional=True),
        whole(shelf, "on_hand"),
    )
    client = _places(rated, "client_id", clients, requests)
    sku = _places(rated, "sku", skus, stock)
    twice = _repeated(client * len(skus) + sku)
    if twice is not None:
        rated.refuse(twice, "sku", "is a candidate of this client already; name it once")
    category = texts(rated, "category").dictionary_encode()
    wave = Wave(
        *limits,
        client,
        sku,
        category.indices.to_numpy(zero_copy_only=False).astype(np.int64),
        money(rated, "price"),
        numbers(rated, "score"),
    )
    return Instance(wave, clients, skus)


def _once(table: Table, ids: pa.Array, name: str) -> None:
    twice = _repeated(ids.dictionary_encode().indices.to_numpy(zero_copy_only=False))
    if twice is not None:
        table.refuse(twice, name, f"{ids[twice].as_py()} is in the file already; name it once")


def _repeated(keys: Ints) -> int | None:
    """The place of the first key that was there before."""
    order = np.argsort(keys, kind="stable")
    again = order[1:][keys[order][1:] == keys[order][:-1]]
    return int(again.min()) if len(again) else None


def _places(table: Table, name: str, known: pa.Array, home: Path) -> Ints:
    """Where each id stands among the known ones."""
    ids = identifiers(table, name)
    found = pc.index_in(ids, value_set=known)
    if found.null_count:
        place = int(np.flatnonzero(found.is_null().to_numpy(zero_copy_only=False))[0])
        table.refuse(place, name, f"{ids[place].as_py()} is not in {home.name}; add it there or leave it out here")
    places: Ints = found.to_numpy(zero_copy_only=False).astype(np.int64)
    return places


def write_boxes(path: Path, instance: Instance, chosen: Ints) -> None:
    """`client_id,sku`, a row for each chosen candidate, in the order of the requests. Raises BadInput."""
    order = chosen[np.lexsort((chosen, instance.wave.client[chosen]))]
    wave = instance.wave
    clients, skus = (instance.clients.take(pa.array(wave.client[order])), instance.skus.take(pa.array(wave.sku[order])))
    results.write(path, {"client_id": clients, "sku": skus})


def write_prices(path: Path, instance: Instance, prices: Floats) -> None:
    """`sku,shadow_price`: the score that one more unit would bring, in the order of the stock. Raises BadInput."""
    results.write(path, {"sku": instance.skus, "shadow_price": np.round(prices, 9)}, "prices")
