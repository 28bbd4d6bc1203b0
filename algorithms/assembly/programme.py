"""A wave as one programme over single items: a column for each candidate, a row for each limit that may bind."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from algorithms.assembly.model import Block, Bools, Floats, Ints, Wave


@dataclass(frozen=True)
class Programme:
    """Candidates (c) of the columns; the table (r, c) and the limits (r) of its rows, the last ones of `skus`."""

    candidate: Ints
    table: sparse.csr_matrix
    limits: Floats
    skus: Ints


def build_programme(wave: Wave, blocks: list[Block], cells: list[Bools], share: float = 1.0) -> Programme:
    """Build the programme over some `cells` of the blocks against a `share` of the stock, without must-haves."""
    candidate = np.concatenate([block.candidate[cell] for block, cell in zip(blocks, cells, strict=True)])
    tables, limits = [], []
    for codes, cap, weight in _list_rules(blocks, cells):
        table, limit = _build_rows(codes, cap, weight)
        tables.append(table)
        limits.append(limit)
    skus, sku = np.unique(wave.sku[candidate], return_inverse=True)
    columns = np.arange(len(candidate))
    tables.append(sparse.csr_matrix((np.ones(len(columns)), (sku, columns)), shape=(len(skus), len(columns))))
    limits.append(share * wave.on_hand[skus])
    return Programme(candidate, sparse.vstack(tables, format="csr"), np.concatenate(limits), skus)


def _list_rules(blocks: list[Block], cells: list[Bools]) -> list[tuple[Ints, Floats, Floats]]:
    """List the limits of boxes: for each a code (c) of its row for every column, below 0 for none, the limit and the
    weight (c) of each."""
    pairs = list(zip(blocks, cells, strict=True))
    row = np.concatenate([np.broadcast_to(block.clients[:, None], cell.shape)[cell] for block, cell in pairs])

    def spread(values: list[Ints]) -> Floats:
        wide = [np.broadcast_to(own[:, None], cell.shape)[cell] for own, cell in zip(values, cells, strict=True)]
        return np.concatenate(wide).astype(np.float64)

    price = np.concatenate([block.price[cell] for block, cell in pairs]).astype(np.float64)
    ones = np.ones(len(row))
    rules = [(row, spread([block.slots for block in blocks]), ones)]
    rules.append((row, spread([block.budget for block in blocks]) / 100, price / 100))
    groups = [block.list_groups() for block in blocks]
    for index in range(len(groups[0])):
        codes = np.concatenate([own[index][0][cell] for own, cell in zip(groups, cells, strict=True)])
        most = int(codes.max(initial=0)) + 1
        rules.append((np.where(codes >= 0, row * most + codes, -1), spread([own[index][1] for own in groups]), ones))
    return rules


def _build_rows(codes: Ints, cap: Floats, weight: Floats) -> tuple[sparse.csr_matrix, Floats]:
    """Build the rows of one rule, without those that cannot bind."""
    columns = np.flatnonzero(codes >= 0)
    known, first, row = np.unique(codes[columns], return_index=True, return_inverse=True)
    limit = cap[columns][first]
    binds = np.bincount(row, weight[columns], minlength=len(known)) > limit
    columns, row = columns[binds[row]], row[binds[row]]
    place = np.cumsum(binds) - 1
    shape = (int(binds.sum()), len(codes))
    return sparse.csr_matrix((weight[columns], (place[row], columns)), shape=shape), limit[binds]
