"""Count the steps of mails and Fixes by the states that they led to, in the one place that all answers pass."""

from __future__ import annotations

from typing import Any

from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput, Interceptor

from models.fixes import FixDone
from models.outreach import StepDone
from services import metrics


class StepCounter(Interceptor):
    """Interceptor for a Worker that counts the steps of mails and Fixes."""

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:
        return _StepCounterInbound(next)


class _StepCounterInbound(ActivityInboundInterceptor):
    async def execute_activity(self, input: ExecuteActivityInput) -> Any:
        answer = await super().execute_activity(input)
        if isinstance(answer, StepDone):
            metrics.outreaches.labels(state=answer.state).inc()
        if isinstance(answer, FixDone):
            metrics.fixes.labels(state=answer.state).inc()
        return answer
