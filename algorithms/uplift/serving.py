"""A learnt uplift policy in a file, and the algorithm that serves it in the slot `next_action`.

The algorithm reads `uplift.json` in the folder `algorithms` under the home, where packages for the slots are looked
for, too; `selvedge evaluate uplift --slot --out FILE` writes it, `selvedge algorithms promote uplift` lets it answer. A
replaced file is read with the next question.
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

from algorithms.uplift.columns import ClientColumns, UpliftFeature, build_matrix, serialise_feature
from algorithms.uplift.learners import RegressionTerm, UpliftPolicy
from domain import built_in_answers
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
class UpliftModel:
    """A learnt policy with its features. `action`: what the treatment was; it is taken where the uplift is more than
    `least`, in the unit of the outcome."""

    policy: UpliftPolicy
    features: tuple[UpliftFeature, ...]
    action: Action
    least: float = 0.0
    made_from: Mapping[str, Any] = field(default_factory=dict)

    def predict(self, columns: ClientColumns) -> Floats:
        """Predict the uplift of n clients, shape (n,)."""
        return self.policy.predict(build_matrix(self.features, columns))

    def answer(self, question: NextActionQuestion) -> NextActionAnswer:
        """Choose the action where it is allowed and worth it, else `nothing` where that is allowed, else the built-in's
        action."""
        uplift = float(self.predict({name: [value] for name, value in build_columns(question).items()})[0])
        if self.action in question.allowed and uplift > self.least:
            return NextActionAnswer(action=self.action, uplift=uplift)
        if "nothing" in question.allowed:
            return NextActionAnswer(action="nothing")
        return built_in_answers.answer_next_action(question)

    def save(self, file: Path) -> None:
        """Save the model to a file. Raises BadInput when it cannot be written."""
        parts = [{"sign": sign, "chance": chance, "weights": weights.tolist()}
                 for sign, chance, weights in self.policy.terms]  # fmt: skip
        features = [serialise_feature(feature) for feature in self.features]
        content = {"action": self.action, "least": self.least, "features": features,
                   "parts": parts, "made_from": dict(self.made_from)}  # fmt: skip
        unfinished = file.with_name(f".{file.name}.new")
        try:
            unfinished.write_text(json.dumps(content, indent=1) + "\n")
            unfinished.replace(file)
        except OSError as failed:
            raise BadInput(f"cannot write {file}: {failed.strerror}", "out") from None

    @classmethod
    def load(cls, file: Path) -> Self:
        """Load the model that `save` wrote. Raises BadInput."""
        try:
            content = json.loads(file.read_text())
            features = tuple(UpliftFeature(**feature) for feature in content["features"])
            parts = tuple(
                RegressionTerm(float(term["sign"]), bool(term["chance"]), np.array(term["weights"], np.float64))
                for term in content["parts"]
            )
            if any(len(part.weights) != 1 + len(features) for part in parts):
                raise ValueError
            return cls(UpliftPolicy(parts), features, content["action"], float(content["least"]), content["made_from"])
        except (OSError, ValueError, KeyError, TypeError) as broken:
            raise BadInput(f"holds no uplift policy: {type(broken).__name__}", str(file)) from None


def build_columns(question: NextActionQuestion) -> dict[str, float]:
    """Build SLOT_COLUMNS of the client in the question. Without an order: recency of a year, and no history."""
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
        files = (Path(folder) / FILE for folder in (sys.path if folders is None else folders))
        file = next((path for path in files if path.is_file()), None)
        if file is None:
            raise FileNotFoundError(
                f"no {FILE} in the folder algorithms under SELVEDGE_HOME; docs/outcomes.md says how"
            )
        self._file, self._stamp = file, -1
        self._reload()

    def answer(self, question: dict[str, Any]) -> dict[str, Any]:
        """Answer a question as JSON values."""
        self._reload()
        return self._model.answer(NextActionQuestion.model_validate(question)).model_dump(mode="json")

    def _reload(self) -> None:
        stamp = self._file.stat().st_mtime_ns
        if stamp != self._stamp:
            model = UpliftModel.load(self._file)
            if strange := {feature.column for feature in model.features} - set(SLOT_COLUMNS):
                raise BadInput(f"needs {', '.join(sorted(strange))}, which the slot does not know", str(self._file))
            self._model, self._stamp = model, stamp
            self.version = f"{model.made_from.get('policy', 'unnamed')}-{stamp:x}"
