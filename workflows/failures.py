"""How a step that failed for good shows in a workflow: an activity's failure, and that of a local one, which comes
bare."""

from __future__ import annotations

from typing import Final

from temporalio.exceptions import ActivityError, ApplicationError

STEP_FAILED: Final = (ActivityError, ApplicationError)


def code_of(failed: BaseException) -> str:
    """The stable word that `activities.failure_codes` gave it."""
    cause = failed.cause if isinstance(failed, ActivityError) else failed
    return cause.type or "error" if isinstance(cause, ApplicationError) else type(cause).__name__
