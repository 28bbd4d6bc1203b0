"""The baseline of `bench.lifecycle`: the flow as plain Temporal code writes it, with nothing in its activities.

The mail is a child, whose start and end are a task each of its parent; the product's assessment starts it (decision 37)
and spares both. Everything else is alike: signal-with-start, local steps, a send on a queue of its own, a report.
`python -m bench.bare ADDRESS COUNT` hosts a worker, starts COUNT flows through it and prints flows a second.
"""

from __future__ import annotations

import asyncio
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from temporalio import activity, workflow
from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.worker import Worker
from temporalio.workflow import ParentClosePolicy

with workflow.unsafe.imports_passed_through():
    from cli import leave
    from hosting.queues import THREADS
    from hosting.sandbox import build_runner
    from workflows import attributes as show

BATCH = 50
SHORT = timedelta(seconds=30)


@activity.defn
def bare_step(name: str) -> str:
    """Do nothing."""
    return name


class MailReporter:
    """Sends the signal that the product's send activity sends."""

    def __init__(self, client: Client) -> None:
        self._client = client

    @activity.defn
    async def bare_send(self, name: str) -> str:
        """Send the report and nothing else."""
        await self._client.get_workflow_handle(f"bare:{name}").signal("finished")
        return name


@workflow.defn
class BareClient:
    """Signal-with-start, a step, a child, a signal, a step, a long sleep."""

    def __init__(self) -> None:
        self._called = self._begun = False

    @workflow.run
    async def run(self, name: str) -> None:
        """Run until it is ended by hand."""
        while True:
            self._called = False
            await workflow.execute_local_activity(bare_step, name, start_to_close_timeout=SHORT)
            if not self._begun:
                self._begun = True
                show.upsert({show.CLIENT_PHASE: "active"})
                await workflow.start_child_workflow(
                    BareMail.run, name, id=f"baremail:{name}", parent_close_policy=ParentClosePolicy.ABANDON
                )
            await workflow.wait_condition(lambda: self._called, timeout=timedelta(days=30))

    @workflow.signal
    def nudge(self) -> None:
        self._called = True

    @workflow.signal(name="finished")
    def finish(self) -> None:
        self._called = True


@workflow.defn
class BareMail:
    """A step, an activity on another queue."""

    @workflow.run
    async def run(self, name: str) -> str:
        """Run a step and an activity."""
        await workflow.execute_local_activity(bare_step, name, start_to_close_timeout=SHORT)
        show.upsert({show.OUTREACH_STATE: "scheduled"})
        return str(
            await workflow.execute_activity(
                "bare_send", name, task_queue="bare-mail", start_to_close_timeout=SHORT, result_type=str
            )
        )


async def main(address: str, count: int) -> float:
    """Measure flows a second, from the first start to the last mail's end."""
    client = await Client.connect(address, data_converter=pydantic_data_converter)
    with ThreadPoolExecutor(THREADS) as threads:
        flows = Worker(
            client,
            task_queue="bare",
            workflows=[BareClient, BareMail],
            workflow_runner=build_runner(),
            activities=[bare_step],
            activity_executor=threads,
            max_concurrent_activities=THREADS,
        )
        mails = Worker(client, task_queue="bare-mail", activities=[MailReporter(client).bare_send])
        async with flows, mails:
            begun = time.perf_counter()
            for first in range(0, count, BATCH):
                names = [f"{begun}.{k}" for k in range(first, min(first + BATCH, count))]
                await asyncio.gather(*(_start(client, name) for name in names))
            await asyncio.gather(*(_wait_for_mail(client, f"{begun}.{k}") for k in range(count)))
            return count / (time.perf_counter() - begun)


async def _start(client: Client, name: str) -> None:
    await client.start_workflow(
        BareClient.run, name, id=f"bare:{name}", task_queue="bare", start_signal="nudge", start_signal_args=[]
    )


async def _wait_for_mail(client: Client, name: str) -> None:
    """Wait for the mail; its workflow may not have begun yet."""
    from temporalio.service import RPCError  # noqa: PLC0415

    while True:
        try:
            await client.get_workflow_handle(f"baremail:{name}").result()
            return
        except RPCError:
            await asyncio.sleep(0.2)


if __name__ == "__main__":
    print(asyncio.run(main(sys.argv[1], int(sys.argv[2]))), flush=True)
    leave(0)
