"""Start, signal and query workflows, for the web, the commands and the dispatcher.

Importing this costs nothing: temporalio is imported inside the functions, so that a command which calls no Temporal
starts at once.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from errors import BadInput, ConfigError, ErasedClient, NotFound, Unavailable
from models.base import CampaignSlug, ClientId
from models.campaign import CampaignInput
from models.lifecycle import Assessment, LifecycleState, LifecycleStatus, Nudge, OutreachFinished
from models.outreach import OutreachInput
from workflows import ids

if TYPE_CHECKING:
    from temporalio.client import Client, WorkflowHandle

log = logging.getLogger("selvedge.handles")

CONNECT_S: Final = 5.0
ANSWER_S: Final = 20.0
"""Real seconds that a caller waits for a workflow's answer; without a worker there is none."""


async def connect(address: str, namespace: str, payload_keys: Path | None = None) -> Client:
    """Connect to the configured Temporal server. `payload_keys`: the file of the keys that encrypt what it keeps.

    Raises ConfigError naming SELVEDGE_TEMPORAL_ADDRESS, or SELVEDGE_TEMPORAL_NAMESPACE when the server lacks it.
    """
    from temporalio.client import Client  # noqa: PLC0415
    from temporalio.service import RPCError  # noqa: PLC0415

    from workflows.encryption import build_converter  # noqa: PLC0415

    if "://" in address:  # the SDK would pass it on, with a warning
        raise ConfigError(f"SELVEDGE_TEMPORAL_ADDRESS: give host:port, such as 127.0.0.1:7233, not {address}")
    try:
        client = await asyncio.wait_for(
            Client.connect(
                address,
                namespace=namespace,
                data_converter=build_converter(payload_keys),
            ),
            CONNECT_S,
        )
    except (RuntimeError, RPCError, TimeoutError, ValueError):
        raise ConfigError(f"SELVEDGE_TEMPORAL_ADDRESS: no Temporal server answers at {address}") from None
    await _require_namespace(client, namespace)
    return client


async def _require_namespace(client: Client, namespace: str) -> None:
    """Require the namespace: without this check, a wrong one looks like a client without a workflow. Raises
    ConfigError."""
    from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest  # noqa: PLC0415
    from temporalio.service import RPCError, RPCStatusCode  # noqa: PLC0415

    try:
        await client.workflow_service.describe_namespace(DescribeNamespaceRequest(namespace=namespace))
    except RPCError as failed:
        if failed.status is RPCStatusCode.NOT_FOUND:
            raise ConfigError(f"SELVEDGE_TEMPORAL_NAMESPACE: the Temporal server has no {namespace!r}") from None


async def nudge_client(client: Client, client_id: ClientId) -> None:
    """Signal the client's workflow that something changed; start it when there is none."""
    from workflows.lifecycle import ClientLifecycle  # noqa: PLC0415
    from workflows.options import LIFECYCLE_QUEUE  # noqa: PLC0415

    await client.start_workflow(
        ClientLifecycle.run,
        LifecycleState(client_id=client_id),
        id=ids.client(client_id),
        task_queue=LIFECYCLE_QUEUE,
        start_signal="nudge",
        start_signal_args=[Nudge()],
        static_summary="A client's lifecycle",
    )


async def nudge_mail(client: Client, mail: str) -> None:
    """Signal a mail's workflow (`ann:3`) that a person has decided; do nothing when it has ended."""
    client_id, _, n = mail.rpartition(":")
    with suppress(NotFound):
        await signal(client, ids.outreach(client_id, int(n)), "nudge", Nudge())


async def start_outreach(client: Client, client_id: ClientId, assessment: Assessment) -> bool:
    """Start the workflow of the mail that is due, unless it runs; False when Temporal does not answer as it should."""
    from temporalio.exceptions import WorkflowAlreadyStartedError  # noqa: PLC0415
    from temporalio.service import RPCError  # noqa: PLC0415

    from workflows import attributes  # noqa: PLC0415
    from workflows.options import LIFECYCLE_QUEUE  # noqa: PLC0415
    from workflows.outreach import Outreach  # noqa: PLC0415

    if (due := assessment.start) is None:
        return False
    try:
        await client.start_workflow(
            Outreach.run,
            OutreachInput(client_id=client_id, clock=assessment.clock, **due.model_dump()),
            id=ids.outreach(client_id, due.n),
            task_queue=LIFECYCLE_QUEUE,
            search_attributes=attributes.build_start_attributes(campaign=due.campaign, state="briefed"),
            static_summary=ids.summarise_outreach(due.kind, due.n),
        )
    except WorkflowAlreadyStartedError:
        return True
    except RPCError as failed:
        log.warning("a mail is started by its client's workflow: %s", failed.status.name.lower())
        return False
    return True


async def report_finished(client: Client, client_id: ClientId, news: OutreachFinished) -> bool:
    """Signal the client's workflow that a mail gave up the turn; False when there is no such workflow."""
    try:
        await signal(client, ids.client(client_id), "finished", news)
    except NotFound:
        return False
    return True


async def nudge_campaign(client: Client, slug: CampaignSlug) -> None:
    """Signal the campaign's workflow that something changed; start it when there is none."""
    from workflows.campaign import Campaign  # noqa: PLC0415
    from workflows.options import LIFECYCLE_QUEUE  # noqa: PLC0415

    await client.start_workflow(
        Campaign.run,
        CampaignInput(slug=slug),
        id=ids.campaign(slug),
        task_queue=LIFECYCLE_QUEUE,
        start_signal="nudge",
        start_signal_args=[Nudge()],
        static_summary="A campaign",
    )


async def query_client_status(client: Client, client_id: ClientId) -> LifecycleStatus:
    """Query the status of a client."""
    answer: LifecycleStatus = await query(client, ids.client(client_id), "status", LifecycleStatus)
    return answer


async def start(client: Client, run: Any, argument: Any, workflow_id: str, summary: str, *, again: bool = True) -> None:
    """Start a workflow; do nothing when it runs. One that has ended well starts `again`, or raises
    WorkflowAlreadyStartedError."""
    from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy  # noqa: PLC0415

    from workflows.options import LIFECYCLE_QUEUE  # noqa: PLC0415

    reuse = WorkflowIDReusePolicy.ALLOW_DUPLICATE if again else WorkflowIDReusePolicy.ALLOW_DUPLICATE_FAILED_ONLY
    await client.start_workflow(
        run,
        argument,
        id=workflow_id,
        task_queue=LIFECYCLE_QUEUE,
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        id_reuse_policy=reuse,
        static_summary=summary,
    )


async def start_once(client: Client, run: Any, argument: Any, workflow_id: str, field: str, summary: str) -> None:
    """Start a workflow that runs once under its id. Raises BadInput, naming `field`, when it has ended."""
    from temporalio.exceptions import WorkflowAlreadyStartedError  # noqa: PLC0415

    try:
        await start(client, run, argument, workflow_id, summary, again=False)
    except WorkflowAlreadyStartedError:
        name = workflow_id.partition(":")[2]
        raise BadInput(f"{field} {name} has been made; give another name", field) from None


async def await_result(client: Client, workflow_id: str, kind: type[Any]) -> Any:
    """Await the result of a workflow. Raises NotFound, or Unavailable when it failed."""
    from temporalio.client import WorkflowFailureError  # noqa: PLC0415

    with translate_errors(workflow_id):
        handle: WorkflowHandle[Any, Any] = client.get_workflow_handle(workflow_id, result_type=kind)
        try:
            return await handle.result()
        except WorkflowFailureError:
            raise Unavailable(f"{workflow_id} failed; started again, it goes on where it was") from None


async def signal(client: Client, workflow_id: str, name: str, order: Any) -> None:
    """Send a signal. Raises NotFound, or Unavailable."""
    with translate_errors(workflow_id):
        await client.get_workflow_handle(workflow_id).signal(name, order)


async def query(client: Client, workflow_id: str, name: str, kind: type[Any]) -> Any:
    """Query a workflow. Raises NotFound, or Unavailable without a worker."""
    with translate_errors(workflow_id):
        handle: WorkflowHandle[Any, Any] = client.get_workflow_handle(workflow_id)
        return await handle.query(name, result_type=kind)


async def update(client: Client, workflow_id: str, name: str, order: Any, kind: type[Any]) -> Any:
    """Update a workflow and return its answer. Raises NotFound, BadInput when it refuses, or Unavailable."""
    with translate_errors(workflow_id):
        handle: WorkflowHandle[Any, Any] = client.get_workflow_handle(workflow_id)
        return await asyncio.wait_for(handle.execute_update(name, order, result_type=kind), ANSWER_S)


_REFUSALS: Final = {error.code: error for error in (NotFound, ErasedClient)}


@contextmanager
def translate_errors(workflow_id: str) -> Iterator[None]:
    """Translate Temporal's errors into ours: NotFound, BadInput (an update was refused) or Unavailable."""
    from temporalio.client import RPCTimeoutOrCancelledError, WorkflowUpdateFailedError  # noqa: PLC0415
    from temporalio.service import RPCError, RPCStatusCode  # noqa: PLC0415

    try:
        yield
    except WorkflowUpdateFailedError as refused:
        kind = _REFUSALS.get(getattr(refused.cause, "type", None) or "", BadInput)
        raise kind(getattr(refused.cause, "message", str(refused.cause))) from None
    except (TimeoutError, RPCTimeoutOrCancelledError):
        raise Unavailable("the workflow does not answer; does a worker run?") from None
    except RPCError as failed:
        if failed.status is RPCStatusCode.NOT_FOUND:
            raise NotFound(
                f"no workflow {workflow_id} is running: the id is unknown, or it has not begun yet or has ended", "id"
            ) from None
        raise Unavailable(f"Temporal does not answer as it should ({failed.status.name.lower()})") from None
