"""Signals as people send them: one small JSON object, checked here. A bad one is refused, with a reason, and never
fails a workflow."""

from __future__ import annotations

from typing import Any, Final, TypeVar

from pydantic import BaseModel, ValidationError
from temporalio import workflow

Order = TypeVar("Order", bound=BaseModel)

KEPT_REFUSALS: Final = 10


class Refusals:
    """The last refused signals, shown by the query `status`: which signal, which field, what rule. Never the value."""

    def __init__(self, kept: tuple[str, ...] = ()) -> None:
        self.kept = kept

    def read(self, signal: str, model: type[Order], payload: Any) -> Order | None:
        """The order in `payload`, or None when it was refused."""
        try:
            return model.model_validate({} if payload is None else payload)
        except ValidationError as wrong:
            first = wrong.errors(include_input=False, include_url=False)[0]
            self.note(f"{signal}: {_field(model, first['loc'])}: {first['type']}")
            return None

    def note(self, refusal: str) -> None:
        """Record one refusal."""
        workflow.logger.warning("refused signal %s", refusal)
        self.kept = (*self.kept, refusal)[-KEPT_REFUSALS:]


def _field(model: type[BaseModel], where: tuple[int | str, ...]) -> str:
    """The field at fault. The name of a field that we do not have is the sender's text, of any length: left out."""
    known = [str(part) for part in where if isinstance(part, int) or part in model.model_fields]
    return ".".join(known) or "input"
