"""Check signals and updates before their handlers run, and refuse those of an impossible shape.

Without this, a signal with two inputs (`--input 1 --input 2`) would fail the workflow's task again at every try, and
the workflow would stand still for ever; an update with `null`, which no type keeps out, for as long as it is asked.
"""

from __future__ import annotations

from typing import Final

from temporalio import workflow
from temporalio.worker import (
    HandleSignalInput,
    HandleUpdateInput,
    Interceptor,
    WorkflowInboundInterceptor,
    WorkflowInterceptorClassInput,
)

from workflows.signal_payloads import Refusals

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
