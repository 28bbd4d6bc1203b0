"""Answers of the slot `session` as rows to learn from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from algorithms.sessions.features import NAMES, features, shown
from domain.arrays import Floats
from domain.sessions import SEEN, Shown, Taken, by_machine, rewards


def taught(answers: Sequence[Shown], credit: Mapping[str, Sequence[Taken]]) -> tuple[Floats, Floats]:
    """What these answers showed, (m, len(NAMES)), and what each item brought, (m,). `credit`: what counts for each, as
    `domain.sessions.credited` says. Those to which a program reacted teach nothing."""
    rows, worth = [np.zeros((0, len(NAMES)))], [np.zeros(0)]
    for answer in answers:
        touches = credit.get(answer.id, [])
        if answer.question is None or by_machine(touches):
            continue
        place = {each.item_id: place for place, each in enumerate(answer.question.items)}
        seen = [item for item in answer.items[:SEEN] if item in place]
        brought = rewards(answer, touches)
        rows.append(shown(features(answer.question), [place[each] for each in seen]))
        worth.append(np.array([brought.get(each, 0.0) for each in seen]))
    return np.concatenate(rows), np.concatenate(worth)
