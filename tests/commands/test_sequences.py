"""The lifecycle's sequences by command: read as a file, changed, cloned, ended, and refused what they cannot mean."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import cli
from tests.support.ports import free_port

Call = Callable[..., str]


@pytest.fixture
def call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Call:
    """What `selvedge ARGUMENTS` says on an empty shop whose Temporal is away; where it fails, what it says of that."""
    monkeypatch.setenv("SELVEDGE_HOME", str(tmp_path))
    monkeypatch.setenv("SELVEDGE_TEMPORAL_ADDRESS", f"127.0.0.1:{free_port()}")
    monkeypatch.delenv("SELVEDGE_DATABASE_URL", raising=False)

    def run_command(*arguments: str) -> str:
        monkeypatch.setattr(sys, "argv", ["selvedge", "campaign", *arguments])
        status = cli.run()
        said = capsys.readouterr()
        return said.err if status else said.out

    return run_command


def test_an_owner_reads_a_sequence_as_a_file_and_publishes_another_version(call: Call, tmp_path: Path) -> None:
    file = tmp_path / "at-risk.yaml"
    file.write_text(call("show", "lifecycle-at-risk"))
    assert call("diff", str(file)).strip() == "at-risk.yaml says what version 1 of lifecycle-at-risk says"
    file.write_text(file.read_text().replace("wait: 1w", "wait: 4d"))
    assert "version 2 is draft" in call("create", str(file))
    call("submit", "lifecycle-at-risk")
    call("approve", "lifecycle-at-risk", "--version", "2")
    assert "version 2 is live; the campaign is running" in call("start", "lifecycle-at-risk", "--in-it", "move")
    shown = json.loads(call("show", "lifecycle-at-risk", "--json"))
    assert [step.get("wait") for step in shown["definition"]["steps"]] == [None, "4d", None, "4d", None]


def test_a_phase_has_one_sequence_and_a_clone_takes_its_place_once_it_has_ended(call: Call) -> None:
    assert "version 1 is draft" in call("clone", "lifecycle-at-risk", "drift", "--name", "When they drift")
    assert "there is a campaign drift" in call("clone", "lifecycle-lapsed", "drift")
    call("submit", "drift")
    call("approve", "drift", "--version", "1")
    refused = call("start", "drift")
    assert "lifecycle-at-risk mails at_risk already" in refused
    assert "Traceback" not in refused
    assert "ended" in call("end", "lifecycle-at-risk")
    assert "the campaign is running" in call("start", "drift")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("audience: {tags: [vip]}\n", "audience: is not of a sequence"),
        ("holdout: 0.2\n", "holdout: is one for all sequences"),
        ("exits: {goal: order_placed}\n", "exits: is not of a sequence"),
    ],
)
def test_a_file_that_a_sequence_cannot_mean_is_refused_in_one_line(
    call: Call, tmp_path: Path, change: str, said: str
) -> None:
    file = tmp_path / "at-risk.yaml"
    file.write_text(call("show", "lifecycle-at-risk").replace("holdout: 0.0\n", "") + change)
    refused = call("validate", str(file))
    assert said in refused
    assert len(refused.strip().splitlines()) == 1


def test_what_is_not_a_sequence_s_own_is_not_adjusted(call: Call) -> None:
    assert "priority: is not of a sequence" in call("adjust", "lifecycle-at-risk", "--priority", "80")
    assert "expires_days: is not of a sequence" in call("adjust", "lifecycle-at-risk", "--expires-days", "9")
    assert "the throughput holds" in call("adjust", "lifecycle-at-risk", "--throughput", "30")


def test_the_entry_of_a_campaign_stays_of_its_kind(call: Call, tmp_path: Path) -> None:
    file = tmp_path / "lapsed.yaml"
    shown = call("show", "lifecycle-at-risk")
    file.write_text(shown.replace("phase: at_risk", "phase: lapsed"))
    assert "lifecycle-at-risk mails at_risk, in each version" in call("create", str(file))
