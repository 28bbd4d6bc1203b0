"""`selvedge activity list`: who changed what, as the owner of a shop reads it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cli import selvedge
from commands.shared.actor import read_account
from errors import BadInput


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SELVEDGE_HOME", str(tmp_path))
    monkeypatch.delenv("SELVEDGE_DATABASE_URL", raising=False)


def call(*arguments: str) -> Result:
    return CliRunner().invoke(selvedge, arguments)


def test_a_command_is_on_record_under_the_account_that_ran_it() -> None:
    assert call("activity", "list").output == "nothing was changed\n"
    assert call("campaign", "create", "spring", "--name", "Spring", "--even-if-empty").exit_code == 0
    assert call("campaign", "pause", "spring", "--reason", "stock").exit_code == 0
    paused, created = json.loads(call("activity", "list", "--subject", "campaign:spring", "--json").stdout)
    assert (created["action"], paused["action"]) == ("campaign.create", "campaign.pause")
    assert paused["actor"] == {"who": read_account(), "role": "owner", "channel": "command"}
    assert "stock" not in json.dumps(paused), "a reason is free text, and not in the log"
    shown = call("activity", "list").output
    assert f"{read_account()} (owner, command)" in shown
    assert "campaign:spring" in shown
    assert call("activity", "list", "--subject", "client:ann").output == "nothing was changed\n"


def test_a_kind_that_is_none_is_refused() -> None:
    refused = call("activity", "list", "--subject", "shop:1").exception
    assert isinstance(refused, BadInput)
    assert "must begin with client, campaign" in str(refused)
