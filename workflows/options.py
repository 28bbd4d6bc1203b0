"""Timeouts and retries of activities, named once."""

from __future__ import annotations

from datetime import timedelta
from typing import Final, TypedDict

from temporalio.common import RetryPolicy

LIFECYCLE_QUEUE: Final = "lifecycle"
AGENTS_QUEUE: Final = "agents"
MAIL_QUEUE: Final = "mail"
SCIENCE_QUEUE: Final = "science"
QUEUES: Final = (LIFECYCLE_QUEUE, SCIENCE_QUEUE, AGENTS_QUEUE, MAIL_QUEUE)


class LocalOptions(TypedDict):
    """Options of a short database step, run inside the workflow task's own worker."""

    start_to_close_timeout: timedelta
    retry_policy: RetryPolicy


class ActivityOptions(TypedDict):
    """Options of an activity on a queue of its own."""

    task_queue: str
    start_to_close_timeout: timedelta
    heartbeat_timeout: timedelta | None
    retry_policy: RetryPolicy


DATABASE: Final[LocalOptions] = {
    "start_to_close_timeout": timedelta(seconds=30),
    "retry_policy": RetryPolicy(initial_interval=timedelta(milliseconds=500), maximum_interval=timedelta(minutes=1)),
}
"""Tried until the database answers: a client's workflow never fails because a database was away."""

SCIENCE: Final[ActivityOptions] = {
    "task_queue": SCIENCE_QUEUE,
    "start_to_close_timeout": timedelta(seconds=30),
    "heartbeat_timeout": None,
    "retry_policy": RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(minutes=1)),
}

WAVE: Final[ActivityOptions] = {
    "task_queue": SCIENCE_QUEUE,
    "start_to_close_timeout": timedelta(hours=2),
    "heartbeat_timeout": timedelta(seconds=10),
    "retry_policy": RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(minutes=1)),
}
"""Minutes of ranking or computing; a worker that dies is noticed by its missing heartbeat."""

REFRESH: Final[ActivityOptions] = {
    "task_queue": SCIENCE_QUEUE,
    "start_to_close_timeout": timedelta(hours=6),
    "heartbeat_timeout": timedelta(seconds=10),
    "retry_policy": RetryPolicy(
        initial_interval=timedelta(seconds=1), maximum_interval=timedelta(minutes=5), maximum_attempts=10
    ),
}
"""Ten attempts take half an hour of faults or deaths; then that part is given up, and the rest of the night goes on."""

ERASE: Final[ActivityOptions] = {
    "task_queue": LIFECYCLE_QUEUE,
    "start_to_close_timeout": timedelta(hours=2),
    "heartbeat_timeout": timedelta(seconds=10),
    "retry_policy": RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(minutes=5)),
}
"""Tried until all is gone: each attempt goes on with what is left."""

LLM: Final[ActivityOptions] = {
    "task_queue": AGENTS_QUEUE,
    "start_to_close_timeout": timedelta(seconds=150),
    "heartbeat_timeout": None,
    "retry_policy": RetryPolicy(
        initial_interval=timedelta(seconds=2), maximum_interval=timedelta(minutes=2), maximum_attempts=6
    ),
}
"""Three answers of thirty seconds each fit into an attempt; after six attempts the template writer takes over."""

MAIL: Final[ActivityOptions] = {
    "task_queue": MAIL_QUEUE,
    "start_to_close_timeout": timedelta(minutes=3),
    "heartbeat_timeout": timedelta(seconds=10),
    "retry_policy": RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(minutes=5)),
}
"""A worker that dies is noticed by its missing heartbeat; a server that is away is tried until the mail expires."""

BROADCAST: Final[ActivityOptions] = {
    "task_queue": MAIL_QUEUE,
    "start_to_close_timeout": timedelta(minutes=30),
    "heartbeat_timeout": timedelta(seconds=10),
    "retry_policy": RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(minutes=5)),
}
"""A hundred mails at the pace of a slow server. A worker that dies is noticed by its missing heartbeat; what it had
begun is released when its lease is over, and the next try goes on with others."""
