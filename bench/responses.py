"""What clients of a made-up shop keep: response models that p(keep) does not read.

Written apart from `domain/fixes/keep_model.py`, with other variables and other forms: each model sees a client's hidden
taste, body and purse, which the shop sees through a noisy ranking, a size model and past prices alone.

- `price`: a price over what the client is at ease with weighs heavily, more so for shoes and bags.
- `fit`: what does not fit comes back, whatever it is; bodies and cuts are hidden.
- `noise`: clients keep or send back mostly by chance, each with a leaning of their own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from domain.arrays import Floats, Ints
from models.box_roles import BoxRole

MODELS: Final = ("price", "fit", "noise")
ROLES: Final = tuple(role for role in BoxRole if role is not BoxRole.OTHER)
SIZED: Final = np.array([role not in (BoxRole.BAG, BoxRole.ACCESSORY) for role in ROLES])
_SENSITIVE: Final = np.array([1.4 if role in (BoxRole.SHOES, BoxRole.BAG) else 1.0 for role in ROLES])


@dataclass(frozen=True)
class SentPieces:
    """n pieces sent to clients. `role` indexes ROLES; `taste`: hidden liking; `off`: hidden distance of the cut from
    the body in sizes; `ease`: log of the price over what the client is at ease with; `leaning`: of the client."""

    role: Ints
    taste: Floats
    off: Floats
    ease: Floats
    leaning: Floats


def compute_chances(model: str, sent: SentPieces) -> Floats:
    """Compute the true chance that each piece is kept, shape (n,)."""
    sized = SIZED[sent.role]
    pinches = np.where(sized, np.minimum(1.0, np.abs(sent.off)), 0.1)
    if model == "price":
        shock = np.maximum(0.0, np.expm1(1.2 * sent.ease)) * _SENSITIVE[sent.role]
        return np.asarray(_squash(0.9 + 0.8 * sent.taste - 1.1 * shock) * (1 - 0.35 * pinches))
    if model == "fit":
        liked = _squash(0.8 + 0.9 * sent.taste - 0.2 * sent.ease)
        return np.asarray(liked * np.exp(-1.6 * pinches**2) * np.where(sized, 1.0, 0.8))
    if model == "noise":
        rate = np.array([0.5, 0.45, 0.35, 0.55, 0.4, 0.3, 0.45, 0.6])[sent.role]
        return np.asarray(np.clip(rate + 0.03 * sent.taste + 0.12 * sent.leaning, 0.02, 0.98))
    raise ValueError(f"no response model {model}; there are {', '.join(MODELS)}")


def _squash(z: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-z)))
