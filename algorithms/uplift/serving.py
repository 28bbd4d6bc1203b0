"""A learnt uplift policy in a file, and how it answers the slot `next_action`.

The house finds `uplift.json` in the folder `algorithms` under its home, where packages for the slots are looked for,
too; `selvedge evaluate uplift --slot --out FILE` writes it, `selvedge algorithms promote uplift` lets it answer. A file
that is replaced is taken up with the next question.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, Final, Self

import numpy as np

from algorithms.uplift.columns import Feature, Known, kept, matrix
from algorithms.uplift.learners import Part, Policy
from domain import slot_defaults
from domain.arrays import Floats
from errors import BadInput
from models.slots import Action, NextActionAnswer, NextActionQuestion

FILE: Final = "uplift.json"
ORDER: Final = "order_placed"
YEAR: Final = timedelta(days=365)
MONTH: Final = timedelta(days=365 / 12)
SLOT_COLUMNS: Final = ("recency", "history", "newbie", "orders", "engagement", "p_alive")
"""What the slot knows of a client: months since the last order, money ordered in the last year, whether the first order
is less than a year ago, orders ever, and the two scores of the question."""


@dataclass(frozen=True)
class Learnt:
    """`action`: what the treatment was; taken where the uplift is more than `least`, in the unit of the outcome."""

    policy: Policy
    features: tuple[Feature, ...]
    action: Action
    least: float = 0.0
    made_from: Mapping[str, Any] = field(default_factory=dict)

    def uplift(self, known: Known) -> Floats:
        """Of n clients, shape (n,)."""
        return self.policy.uplift(matrix(self.features, known))

    def answer(self, question: NextActionQuestion) -> NextActionAnswer:
        """The action where it is allowed and worth it; else nothing where that is allowed; else what the house does."""
        uplift = float(self.uplift({name: [value] for name, value in columns_of(question).items()})[0])
        if self.action in question.allowed and uplift > self.least:
            return NextActionAnswer(action=self.action, uplift=uplift)
        if "nothing" in question.allowed:
            return NextActionAnswer(action="nothing")
        return slot_defaults.next_action(question)

    def save(self, file: Path) -> None:
        """Raises BadInput when it cannot be written."""
        parts = [{"sign": sign, "chance": chance, "weights": weights.tolist()}
                 for sign, chance, weights in self.policy.parts]  # fmt: skip
        told = {"action": self.action, "least": self.least, "features": [kept(feature) for feature in self.features],
                "parts": parts, "made_from": dict(self.made_from)}  # fmt: skip
        unfinished = file.with_name(f".{file.name}.new")
        try:
            unfinished.write_text(json.dumps(told, indent=1) + "\n")
            unfinished.replace(file)
        except OSError as failed:
            raise BadInput(f"cannot write {file}: {failed.strerror}", "out") from None

    @classmethod
    def load(cls, file: Path) -> Self:
        """What `save` wrote. Raises BadInput."""
        try:
            told = json.loads(file.read_text())
            features = tuple(Feature(**each) for each in told["features"])
            parts = tuple(
                Part(float(each["sign"]), bool(each["chance"]), np.array(each["weights"], np.float64))
                for each in told["parts"]
            )
            if any(len(part.weights) != 1 + len(features) for part in parts):
                raise ValueError
            return cls(Policy(parts), features, told["action"], float(told["least"]), told["made_from"])
        except (OSError, ValueError, KeyError, TypeError) as broken:
            raise BadInput(f"holds no uplift policy: {type(broken).__name__}", str(file)) from None


def columns_of(question: NextActionQuestion) -> dict[str, float]:
    """SLOT_COLUMNS of the client who is asked about. Without any order: recency of a year and more, and no history."""
    orders = [event for event in question.events if event.kind == ORDER and event.at <= question.now]
    first, last = (pick((order.at for order in orders), default=question.now - YEAR) for pick in (min, max))
    spent = sum(order.value_cents for order in orders if order.at > question.now - YEAR)
    return {
        "recency": (question.now - last) / MONTH,
        "history": spent / 100,
        "newbie": float(first > question.now - YEAR),
        "orders": float(len(orders)),
        "engagement": question.engagement,
        "p_alive": question.p_alive,
    }


class Uplift:
    """The entry point `uplift` of the group `selvedge.algorithms`."""

    slot = "next_action"

    def __init__(self, folders: tuple[str, ...] | None = None) -> None:
        places = (Path(folder) / FILE for folder in (sys.path if folders is None else folders))
        found = next((place for place in places if place.is_file()), None)
        if found is None:
            raise FileNotFoundError(
                f"no {FILE} in the folder algorithms under SELVEDGE_HOME; docs/outcomes.md says how"
            )
        self._file, self._stamp = found, -1
        self._renew()

    def answer(self, question: dict[str, Any]) -> dict[str, Any]:
        """As the slot asks and takes it."""
        self._renew()
        return self._learnt.answer(NextActionQuestion.model_validate(question)).model_dump(mode="json")

    def _renew(self) -> None:
        stamp = self._file.stat().st_mtime_ns
        if stamp != self._stamp:
            learnt = Learnt.load(self._file)
            if strange := {feature.column for feature in learnt.features} - set(SLOT_COLUMNS):
                raise BadInput(f"needs {', '.join(sorted(strange))}, which the slot does not know", str(self._file))
            self._learnt, self._stamp = learnt, stamp
            self.version = f"{learnt.made_from.get('policy', 'unnamed')}-{stamp:x}"
