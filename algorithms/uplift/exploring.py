"""Draws the next action by lot, so that what each action adds can be learnt: the experiment behind an uplift policy.

Even among what is allowed, or by the shares in `explore.json` in the folder `algorithms` under the home, such as
{"email": 0.8, "nothing": 0.2}; an action that it leaves out is never drawn. A file that is replaced is taken up when
the algorithm is next loaded.
"""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, get_args

from errors import BadInput
from models.slots import Action

FILE: Final = "explore.json"
ACTIONS: Final = frozenset(get_args(Action))


class Explore:
    """The entry point `explore` of the group `selvedge.algorithms`."""

    slot = "next_action"

    def __init__(self, folders: tuple[str, ...] | None = None) -> None:
        places = (Path(folder) / FILE for folder in (sys.path if folders is None else folders))
        file = next((place for place in places if place.is_file()), None)
        self.shares = dict.fromkeys(sorted(ACTIONS), 1.0) if file is None else _read(file)
        self.version = "-".join(["1", *(f"{name}={share:g}" for name, share in self.shares.items() if file)])[:64]

    def answer(self, question: Mapping[str, Any]) -> dict[str, Any]:
        """One of those allowed, and how likely it was. Where no share is for any of them, all are alike."""
        weights = {each: self.shares.get(each, 0.0) for each in question["allowed"]}
        if not any(weights.values()):
            weights = dict.fromkeys(weights, 1.0)
        drawn = random.Random(f"{question['client_id']}/{question['seed']}")
        action = drawn.choices(list(weights), list(weights.values()))[0]
        return {"action": action, "propensity": weights[action] / sum(weights.values())}


def _read(file: Path) -> dict[str, float]:
    """The shares. Raises BadInput."""
    try:
        told = json.loads(file.read_text())
        shares = {str(name): float(share) for name, share in told.items()}
    except (OSError, ValueError, AttributeError, TypeError):
        raise BadInput(f'{FILE} is not written like {{"email": 0.5, "nothing": 0.5}}', str(file)) from None
    if strange := set(shares) - ACTIONS:
        raise BadInput(f"knows no {', '.join(sorted(strange))}; there are {', '.join(sorted(ACTIONS))}", str(file))
    if not all(0 <= share <= 1 for share in shares.values()) or not any(shares.values()):
        raise BadInput("each share must lie between 0 and 1, and one above 0", str(file))
    return shares
