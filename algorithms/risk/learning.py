"""What the windows say of clients' rhythms, believed as far as each window bears out what the others say.

Windows of one shop differ by season and by whom it had won of late; what holds in all of them is likelier to hold in
the next. Shops differ much in how much that is (docs/decisions, 15).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from algorithms.risk import ridge
from algorithms.risk.bgnbd import LEAST
from algorithms.risk.calibration import moved_to
from algorithms.risk.ridge import Ridge
from algorithms.risk.windows import Window
from domain.arrays import Floats

SHARES: Final = np.linspace(0.0, 1.0, 9)
UNTRIED: Final = 2 / 3
"""How far one window alone is believed: about as far as several were on average."""


def learnt(known: Sequence[Window], about: Sequence[Floats]) -> Ridge:
    """How far each client's log odds move; `about` holds the features of each window's clients, shape (n, k)."""
    return fitted(known, about).times(believed(known, about))


def believed(known: Sequence[Window], about: Sequence[Floats]) -> float:
    """The share of their moves that windows bear out of each other, 0 to 1.

    The mean over SHARES, each by how likely it makes every window, moved by what all others say; the level is given.
    As windows overlap, all of them count as one.
    """
    if len(known) < 2:
        return UNTRIED
    likely = np.mean([_borne_out(known, about, place) for place in range(len(known))], axis=0)
    weight = np.exp(likely - likely.max())
    return float(weight @ SHARES / weight.sum())


def _borne_out(known: Sequence[Window], about: Sequence[Floats], place: int) -> Floats:
    """Log-likelihood of one window, moved by what the others say, for each of SHARES."""
    window = known[place]
    others = fitted([*known[:place], *known[place + 1 :]], [*about[:place], *about[place + 1 :]])
    moves, came = others.moves(about[place]), window.came > 0
    chances = (moved_to(window.at.log_odds + share * moves, float(came.mean())) for share in SHARES)
    return np.array([np.log(np.clip(np.where(came, chance, 1 - chance), LEAST, 1)).sum() for chance in chances])


def fitted(known: Sequence[Window], about: Sequence[Floats]) -> Ridge:
    """The ridge over all windows, wholly believed."""
    came = np.concatenate([window.came > 0 for window in known])
    log_odds = np.concatenate([window.at.log_odds for window in known])
    return ridge.fit(np.concatenate(about), came, log_odds, 1 / len(known))
