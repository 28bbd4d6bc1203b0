"""Workers run workflow code in the sandbox, and convert payloads without entering it."""

from __future__ import annotations

from pathlib import Path

import pytest
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.converter import WithSerializationContext
from temporalio.worker import Replayer, WorkflowInstance, WorkflowInstanceDetails
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner

from hosting.sandbox import build_runner
from keys import make_payload_key, save_payload_keys
from tests.histories.test_replay import RECORDED, history
from workflows.encryption import build_converter
from workflows.outreach import Outreach


def test_no_payload_needs_the_context_that_the_runner_leaves_out(tmp_path: Path) -> None:
    save_payload_keys(tmp_path / "keys.json", [make_payload_key()])
    for converter in (build_converter(None), build_converter(tmp_path / "keys.json")):
        assert not isinstance(converter.payload_codec, WithSerializationContext)
        assert converter.external_storage is None


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
