"""What was kept and what came back, for the probability that the next item is kept."""

from __future__ import annotations

from typing import Final

import numpy as np
from sqlalchemy import Connection, select

from domain.fixes.keep import Keep, learn
from models.fixes import ItemState
from store.tables import fix_items

LATEST: Final = 20_000
"""Outcomes that are learnt from, the latest ones: two numbers need no more, and taste moves on."""


def learnt(connection: Connection) -> Keep:
    """The chance to be kept, learnt from the latest feedback on Fixes; the prior where there is none."""
    i = fix_items.c
    said = select(i.liking, i.p_fit, i.state).where(
        i.state.in_((ItemState.KEPT, ItemState.RETURNED)), i.feedback_at.is_not(None)
    )
    rows = connection.execute(said.order_by(i.feedback_at.desc(), i.fix_id, i.sku).limit(LATEST)).all()
    if not rows:
        return Keep()
    liking, p_fit, states = zip(*rows, strict=True)
    kept = np.array([state == ItemState.KEPT for state in states], np.float64)
    return learn(np.array(liking), np.array(p_fit), kept)
