"""The sandbox in which workflow code runs, without the detours of the SDK that this product has no use for."""

from __future__ import annotations

from typing import Any

from temporalio.converter import SerializationContext, StorageDriverStoreContext
from temporalio.worker import WorkflowInstance, WorkflowInstanceDetails
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions
from temporalio.workflow import Info

PASSED_THROUGH = ("models", "domain", "workflows", "pydantic", "pydantic_core", "annotated_types", "typing_extensions")
"""Rooms and packages that do no I/O: importing them afresh for each workflow costs time."""


class PlainRunner(SandboxedWorkflowRunner):
    """Runs workflows in the SDK's sandbox; payloads are converted without asking the sandbox.

    The SDK enters the sandbox three times for each payload of an activation to ask which context its codec has. Ours
    (`workflows/encryption.py`) takes none and there is no external storage, so the answer is never used; asking took a
    fifth of a worker's CPU.
    """

    def create_instance(self, det: WorkflowInstanceDetails) -> WorkflowInstance:
        """Create an instance in the sandbox."""
        return _ContextFree(super().create_instance(det), det.info)


class _ContextFree(WorkflowInstance):
    def __init__(self, sandboxed: WorkflowInstance, info: Info) -> None:
        self._sandboxed, self._info = sandboxed, info

    def activate(self, act: Any) -> Any:
        return self._sandboxed.activate(act)

    def get_serialization_context(self, command_info: Any) -> SerializationContext | None:
        return None

    def get_external_store_context(self, command_info: Any) -> StorageDriverStoreContext:
        return StorageDriverStoreContext(target=None)

    def get_info(self) -> Info:
        return self._info

    def get_thread_id(self) -> int | None:
        return self._sandboxed.get_thread_id()


def build_runner() -> PlainRunner:
    """Build the runner that all workers and the replayer use."""
    return PlainRunner(restrictions=SandboxRestrictions.default.with_passthrough_modules(*PASSED_THROUGH))
