"""Items kept and returned, to fit the model of the keep rate."""

from __future__ import annotations

from typing import Final

import numpy as np
from sqlalchemy import Connection, select

from domain.fixes.keep_model import USUAL_FIT, KeepFacts, KeepModel, fit_keep_model
from domain.histories import normalise_word
from models.box_roles import BoxRole
from models.fixes import ItemState
from store.tables import fix_items

LATEST: Final = 20_000
"""Latest outcomes that the model is fitted to: its few weights need no more, and preferences change."""


def learn_keep_model(connection: Connection) -> KeepModel:
    """Fit the keep model to the latest feedback on Fixes; the prior where there is none."""
    i = fix_items.c
    columns = (i.role, i.category, i.size, i.liking, i.p_fit, i.price_ratio, i.reach, i.answered, i.state)
    query = select(*columns).where(i.state.in_((ItemState.KEPT, ItemState.RETURNED)), i.feedback_at.is_not(None))
    rows = connection.execute(query.order_by(i.feedback_at.desc(), i.fix_id, i.sku).limit(LATEST)).all()
    if not rows:
        return KeepModel()
    numbers = [
        (row.liking, row.p_fit if row.size else USUAL_FIT, row.price_ratio, row.reach, row.answered) for row in rows
    ]
    facts = KeepFacts(
        [BoxRole(row.role) for row in rows],
        [normalise_word(row.category) for row in rows],
        *np.array(numbers, np.float64).T,
    )
    return fit_keep_model(facts, np.array([row.state == ItemState.KEPT for row in rows], np.float64))
