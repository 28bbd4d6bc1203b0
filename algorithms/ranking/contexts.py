"""Where no context is asked for, a client's own contexts count, each by how often they took something in it."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from algorithms.ranking.data import NONE, Interactions, Targets

PRIOR: Final = 1.0
"""Interactions without a context, beside the client's own: who is new gets what everybody takes."""


def count_contexts(interactions: Interactions, contexts: int) -> Any:
    """Count how often each client took something in each context, sparse (c, contexts); those of clients whose
    contexts have other numbers are left out."""
    from scipy import sparse  # noqa: PLC0415

    known = interactions.context[interactions.context != NONE]
    if len(interactions.contexts) != contexts or not len(known):
        return sparse.csr_matrix((len(interactions.clients), contexts), dtype=np.float32)
    client = interactions.client[interactions.context != NONE]
    cells = (np.ones(len(known), np.float32), (client, known))
    return sparse.coo_matrix(cells, (len(interactions.clients), contexts)).tocsr()


def mix_contexts(targets: Targets, habits: Any) -> Any:
    """Compute the share of each context for each target, sparse (t, contexts + 1), rows sum to 1; the last column is
    that of no context. Where a context is asked for, it has all."""
    from scipy import sparse  # noqa: PLC0415

    asked = targets.context != NONE
    own = habits[targets.client].multiply(~asked[:, None]).tocsr()
    column = np.where(asked, targets.context, habits.shape[1])
    rest = sparse.coo_matrix(
        (np.full(len(targets), PRIOR, np.float32), (np.arange(len(targets)), column)),
        (len(targets), habits.shape[1] + 1),
    )
    mixed = (sparse.hstack([own, sparse.csr_matrix((len(targets), 1), dtype=np.float32)]) + rest).tocsr()
    total = np.asarray(mixed.sum(axis=1)).ravel()
    return (sparse.diags((1.0 / total).astype(np.float32)) @ mixed).tocsr()
