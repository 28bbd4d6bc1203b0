"""Workflow code still does what it did in every recorded run; a change of its commands needs `workflow.patched`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from temporalio.client import WorkflowHistory
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.worker import Replayer
from temporalio.workflow import NondeterminismError

from hosting.sandbox import build_runner
from workflows.campaign import Campaign
from workflows.erasure import Erasure
from workflows.fix import FixAssignment
from workflows.lifecycle import ClientLifecycle
from workflows.outreach import Outreach
from workflows.refresh import Refresh
from workflows.wave import FixWave

RECORDED = sorted(Path(__file__).parent.glob("*.json"))


def replayer() -> Replayer:
    return Replayer(
        workflows=[ClientLifecycle, Outreach, Campaign, Erasure, FixAssignment, FixWave, Refresh],
        workflow_runner=build_runner(),
        data_converter=pydantic_data_converter,
    )


def history(path: Path) -> WorkflowHistory:
    workflow_id = path.name.rsplit(".run", 1)[0].replace(".", ":")
    return WorkflowHistory.from_json(workflow_id, path.read_text())


@pytest.mark.parametrize("path", RECORDED, ids=lambda path: path.stem)
async def test_a_recorded_run_replays(path: Path) -> None:
    result = await replayer().replay_workflow(history(path), raise_on_replay_failure=False)
    assert result.replay_failure is None


def test_every_workflow_is_recorded() -> None:
    kinds = {path.name.split(".")[0] for path in RECORDED}
    assert kinds == {"client", "outreach", "campaign", "erasure", "fix", "fix-wave", "refresh"}


async def test_a_run_whose_commands_changed_is_noticed() -> None:
    path = next(path for path in RECORDED if path.name.startswith("outreach."))
    text = json.loads(path.read_text())
    scheduled = next(e for e in text["events"] if e["eventType"] == "EVENT_TYPE_ACTIVITY_TASK_SCHEDULED")
    scheduled["activityTaskScheduledEventAttributes"]["activityType"]["name"] = "another"
    changed = WorkflowHistory.from_json(history(path).workflow_id, json.dumps(text))
    result = await replayer().replay_workflow(changed, raise_on_replay_failure=False)
    assert isinstance(result.replay_failure, NondeterminismError)
