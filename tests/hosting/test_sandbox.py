"""Workers run workflow code in the sandbox, and convert payloads without entering it."""

from __future__ import annotations

import pytest
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.worker import Replayer, WorkflowInstance, WorkflowInstanceDetails
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner

from hosting.sandbox import build_runner
from tests.histories.test_replay import RECORDED, history
from workflows.outreach import Outreach


def test_no_payload_needs_the_context_that_the_runner_leaves_out() -> None:
    assert pydantic_data_converter.payload_codec is None
    assert pydantic_data_converter.external_storage is None


async def test_the_sandbox_is_never_asked_for_a_context(monkeypatch: pytest.MonkeyPatch) -> None:
    create = SandboxedWorkflowRunner.create_instance
    asked: list[object] = []

    def watch(self: SandboxedWorkflowRunner, det: WorkflowInstanceDetails) -> WorkflowInstance:
        instance = create(self, det)
        monkeypatch.setattr(instance, "get_serialization_context", asked.append)
        monkeypatch.setattr(instance, "get_external_store_context", asked.append)
        return instance

    monkeypatch.setattr(SandboxedWorkflowRunner, "create_instance", watch)
    replayer = Replayer(workflows=[Outreach], workflow_runner=build_runner(), data_converter=pydantic_data_converter)
    recorded = next(path for path in RECORDED if path.name.startswith("outreach"))
    await replayer.replay_workflow(history(recorded))
    assert not asked
