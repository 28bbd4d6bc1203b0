"""Read the failure of a step that failed for good: an activity's failure, or that of a local one, which comes bare."""

from __future__ import annotations

from typing import Final

from temporalio.exceptions import ActivityError, ApplicationError

STEP_FAILED: Final = (ActivityError, ApplicationError)


def code_of(failed: BaseException) -> str:
    """Return the code that `hosting.activity_interceptor` gave the failure."""
    cause = failed.cause if isinstance(failed, ActivityError) else failed
    return cause.type or "error" if isinstance(cause, ApplicationError) else type(cause).__name__
