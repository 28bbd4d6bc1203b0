"""Ask Temporal how its task queues stand."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from errors import Unavailable
from models.system import QueueState
from workflows.options import QUEUES

if TYPE_CHECKING:
    from temporalio.client import Client

PATIENCE: Final = timedelta(seconds=2)


async def load_queue_states(client: Client, names: Sequence[str] = QUEUES) -> list[QueueState]:
    """Load how task queues stand, workflow and activity tasks together. Raises Unavailable while Temporal does not
    answer."""
    return list(await asyncio.gather(*(_load_queue_state(client, name) for name in names)))


async def _load_queue_state(client: Client, name: str) -> QueueState:
    from temporalio.api.enums.v1 import TaskQueueType  # noqa: PLC0415 - slow to import
    from temporalio.api.taskqueue.v1 import TaskQueue  # noqa: PLC0415
    from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest  # noqa: PLC0415
    from temporalio.service import RPCError  # noqa: PLC0415

    workers, asked_at, backlog, age_s = set[str](), list[datetime](), 0, 0.0
    for kind in (TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW, TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY):
        request = DescribeTaskQueueRequest(
            namespace=client.namespace, task_queue=TaskQueue(name=name), task_queue_type=kind, report_stats=True
        )
        try:
            found = await client.workflow_service.describe_task_queue(request, timeout=PATIENCE)
        except RPCError as failed:
            raise Unavailable(f"Temporal does not say how {name} stands: {failed.status.name.lower()}") from None
        workers |= {poller.identity for poller in found.pollers}
        asked_at += [poller.last_access_time.ToDatetime(UTC) for poller in found.pollers]
        backlog += found.stats.approximate_backlog_count
        age_s = max(age_s, found.stats.approximate_backlog_age.ToTimedelta().total_seconds())
    return QueueState(name, len(workers), max(asked_at, default=None), backlog, age_s)
