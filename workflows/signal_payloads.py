"""Parse signals as people send them: one small JSON object. A bad one is refused, with a reason, and never fails a
workflow."""

from __future__ import annotations

from typing import Any, Final, TypeVar

from pydantic import BaseModel, ValidationError
from temporalio import workflow

Order = TypeVar("Order", bound=BaseModel)

MOST_REFUSALS: Final = 10


class Refusals:
    """The last refused signals, shown by the query `status`: which signal, which field, what rule. Never the value."""

    def __init__(self, entries: tuple[str, ...] = ()) -> None:
        self.entries = entries

    def parse(self, signal: str, model: type[Order], payload: Any) -> Order | None:
        """Parse the order in `payload`; None when it is refused."""
        try:
            return model.model_validate({} if payload is None else payload)
        except ValidationError as wrong:
            first = wrong.errors(include_input=False, include_url=False)[0]
            self.add(f"{signal}: {_name_field(model, first['loc'])}: {first['type']}")
            return None

    def add(self, refusal: str) -> None:
        """Record one refusal."""
        workflow.logger.warning("refused signal %s", refusal)
        self.entries = (*self.entries, refusal)[-MOST_REFUSALS:]


def _name_field(model: type[BaseModel], where: tuple[int | str, ...]) -> str:
    """Name the field at fault. An unknown field's name is the sender's text, of any length: left out."""
    path = [str(part) for part in where if isinstance(part, int) or part in model.model_fields]
    return ".".join(path) or "input"
