"""Training examples from answers of the slot `session`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from algorithms.sessions.features import NAMES, build_features, build_position_rows
from domain.arrays import Floats
from domain.sessions import VISIBLE_ITEMS, SessionAction, SessionImpression, compute_rewards, is_machine


def build_training_examples(
    answers: Sequence[SessionImpression], credit: Mapping[str, Sequence[SessionAction]]
) -> tuple[Floats, Floats]:
    """Build features, (m, len(NAMES)), and rewards, (m,), of the items that these answers showed. `credit`: the touches
    that count for each answer, from `domain.sessions`. Answers that a program touched are left out."""
    rows, reward_parts = [np.zeros((0, len(NAMES)))], [np.zeros(0)]
    for answer in answers:
        touches = credit.get(answer.id, [])
        if answer.question is None or is_machine(touches):
            continue
        index_by_item = {item.item_id: index_by_item for index_by_item, item in enumerate(answer.question.items)}
        visible_items = [item for item in answer.items[:VISIBLE_ITEMS] if item in index_by_item]
        reward_by_item = compute_rewards(answer, touches)
        rows.append(
            build_position_rows(build_features(answer.question), [index_by_item[item] for item in visible_items])
        )
        reward_parts.append(np.array([reward_by_item.get(item, 0.0) for item in visible_items]))
    return np.concatenate(rows), np.concatenate(reward_parts)
