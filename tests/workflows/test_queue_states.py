"""Temporal tells who asks a task queue for work, and what waits there."""

from __future__ import annotations

import asyncio
import uuid
from datetime import UTC, datetime, timedelta

from temporalio import activity
from temporalio.worker import Worker

from models.lifecycle import LifecycleState
from tests.support.temporal import DevServer
from workflows import handles
from workflows.lifecycle import ClientLifecycle
from workflows.queue_states import load_queue_states


@activity.defn
async def rest() -> None:
    """Do nothing."""


async def test_a_queue_has_workers_or_a_backlog(dev_server: DevServer) -> None:
    client = await handles.connect(dev_server.address, "default")
    worked, alone = f"worked-{uuid.uuid4().hex}", f"alone-{uuid.uuid4().hex}"
    name = uuid.uuid4().hex
    handle = await client.start_workflow(ClientLifecycle.run, LifecycleState(client_id=name), id=name, task_queue=alone)
    async with Worker(client, task_queue=worked, activities=[rest], identity="ann"):
        async with asyncio.timeout(60):
            while True:
                first, second = await load_queue_states(client, (worked, alone))
                if first.workers and second.backlog:
                    break
                await asyncio.sleep(0.1)
    await handle.terminate()
    assert (first.name, first.workers, first.backlog) == (worked, 1, 0)
    assert first.asked_at is not None
    assert abs(datetime.now(UTC) - first.asked_at) < timedelta(minutes=2)
    assert (second.workers, second.backlog, second.asked_at) == (0, 1, None)
