"""An algorithm that draws the next action at random, so that the effect of each action can be learnt: the experiment
behind an uplift policy.

Allowed actions are equally likely, or follow the shares in `explore.json` in the folder `algorithms` under the home,
such as {"email": 0.8, "nothing": 0.2}; an action without a share is never drawn. A replaced file is read when the
algorithm is next loaded.
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
        files = (Path(folder) / FILE for folder in (sys.path if folders is None else folders))
        file = next((path for path in files if path.is_file()), None)
        self.shares = dict.fromkeys(sorted(ACTIONS), 1.0) if file is None else _read_shares(file)
        self.version = "-".join(["1", *(f"{name}={share:g}" for name, share in self.shares.items() if file)])[:64]

    def answer(self, question: Mapping[str, Any]) -> dict[str, Any]:
        """Draw one of the allowed actions and state its propensity. Where none of them has a share, all are equally
        likely."""
        weights = {action: self.shares.get(action, 0.0) for action in question["allowed"]}
        if not any(weights.values()):
            weights = dict.fromkeys(weights, 1.0)
        rng = random.Random(f"{question['client_id']}/{question['seed']}")
        action = rng.choices(list(weights), list(weights.values()))[0]
        return {"action": action, "propensity": weights[action] / sum(weights.values())}


def _read_shares(file: Path) -> dict[str, float]:
    """Read the shares from the file. Raises BadInput."""
    try:
        content = json.loads(file.read_text())
        shares = {str(name): float(share) for name, share in content.items()}
    except (OSError, ValueError, AttributeError, TypeError):
        raise BadInput(f'{FILE} is not written like {{"email": 0.5, "nothing": 0.5}}', str(file)) from None
    if strange := set(shares) - ACTIONS:
        raise BadInput(f"knows no {', '.join(sorted(strange))}; there are {', '.join(sorted(ACTIONS))}", str(file))
    if not all(0 <= share <= 1 for share in shares.values()) or not any(shares.values()):
        raise BadInput("each share must lie between 0 and 1, and one above 0", str(file))
    return shares
