"""Parse signals as people send them: one small JSON object. A bad one is refused, with a reason, and never fails a
workflow.

Without the interceptor, a signal with two inputs (`--input 1 --input 2`) would fail the workflow's task again at every
try, and the workflow would stand still for ever; an update with `null`, which no type keeps out, for as long as it is
asked.
"""

from __future__ import annotations

from typing import Any, Final, TypeVar

from pydantic import BaseModel, ValidationError
from temporalio import workflow
from temporalio.worker import (
    HandleSignalInput,
    HandleUpdateInput,
    Interceptor,
    WorkflowInboundInterceptor,
    WorkflowInterceptorClassInput,
)

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


MOST_INPUTS: Final = 1


class SingleInputInterceptor(Interceptor):
    """Interceptor for a Worker that refuses signals and updates with more or less than one input."""

    def workflow_interceptor_class(self, input: WorkflowInterceptorClassInput) -> type[WorkflowInboundInterceptor]:
        return _SingleInput


class _SingleInput(WorkflowInboundInterceptor):
    def handle_update_validator(self, input: HandleUpdateInput) -> None:
        if len(input.args) != MOST_INPUTS or input.args[0] is None:
            raise ValueError("give one JSON object")
        super().handle_update_validator(input)

    async def handle_signal(self, input: HandleSignalInput) -> None:
        if len(input.args) <= MOST_INPUTS:
            await super().handle_signal(input)
            return
        refusals = getattr(workflow.instance(), "refusals", None)
        if isinstance(refusals, Refusals):
            refusals.add(f"{input.signal}: input: more than one")
