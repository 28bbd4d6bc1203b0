"""Type every error of an activity as a failure with a code and no text, and count the steps of mails and Fixes by the
states that they led to: what all activities pass, in one place.

Messages of models, validators and databases can hold what a client or a model wrote; histories must not.
"""

from __future__ import annotations

import logging
import traceback
from datetime import timedelta
from typing import Any

from temporalio.exceptions import ApplicationError, ApplicationErrorCategory, CancelledError
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput, Interceptor

from errors import MailFault, SelvedgeError, Unavailable
from models.fixes import FixDone
from models.outreach import StepDone
from services import metrics

log = logging.getLogger("selvedge.activities")


class ActivityInterceptor(Interceptor):
    """Interceptor for a Worker that types the failures of all activities and counts their steps."""

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:
        return _ActivityInbound(next)


class _ActivityInbound(ActivityInboundInterceptor):
    async def execute_activity(self, input: ExecuteActivityInput) -> Any:
        try:
            answer = await self.next.execute_activity(input)
        except SelvedgeError as error:
            raise build_failure(error) from None
        except (ApplicationError, CancelledError):
            raise
        except Exception as bug:
            log.error("activity %s: %s at %s", input.fn.__name__, type(bug).__name__, describe_location(bug))
            raise ApplicationError(type(bug).__name__, type=type(bug).__name__) from None
        if isinstance(answer, StepDone):
            metrics.outreaches.labels(state=answer.state).inc()
        elif isinstance(answer, FixDone):
            metrics.fixes.labels(state=answer.state).inc()
        return answer


def build_failure(error: SelvedgeError) -> ApplicationError:
    """Build the failure that stands for `error` in a history.

    What the world outside did (a mail server or database that is away) is benign: the SDK logs no traceback of it. Who
    met it has logged one line already.
    """
    wait = error.retry_after if isinstance(error, Unavailable) else None
    outside = isinstance(error, MailFault | Unavailable)
    return ApplicationError(
        error.code,
        type=error.code,
        non_retryable=error.permanent,
        next_retry_delay=timedelta(seconds=wait) if wait else None,
        category=ApplicationErrorCategory.BENIGN if outside else ApplicationErrorCategory.UNSPECIFIED,
    )


def describe_location(error: BaseException) -> str:
    """Name the last lines of code that an error came through; code, never values."""
    frames = traceback.extract_tb(error.__traceback__)[-3:]
    return " < ".join(f"{frame.filename.rpartition('/')[2]}:{frame.lineno}" for frame in reversed(frames))
