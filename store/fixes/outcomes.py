"""Items kept and returned, to fit the model of the keep rate."""

from __future__ import annotations

from typing import Final

import numpy as np
from sqlalchemy import Connection, select

from domain.fixes.keep_model import KeepModel, fit_keep_parameters
from models.fixes import ItemState
from store.tables import fix_items

LATEST: Final = 20_000
"""Latest outcomes that the model is fitted to: two parameters need no more, and preferences change."""


def fit_keep_model(connection: Connection) -> KeepModel:
    """Fit the keep model to the latest feedback on Fixes; the prior where there is none."""
    i = fix_items.c
    query = select(i.liking, i.p_fit, i.state).where(
        i.state.in_((ItemState.KEPT, ItemState.RETURNED)), i.feedback_at.is_not(None)
    )
    rows = connection.execute(query.order_by(i.feedback_at.desc(), i.fix_id, i.sku).limit(LATEST)).all()
    if not rows:
        return KeepModel()
    liking, p_fit, states = zip(*rows, strict=True)
    is_kept = np.array([state == ItemState.KEPT for state in states], np.float64)
    return fit_keep_parameters(np.array(liking), np.array(p_fit), is_kept)
