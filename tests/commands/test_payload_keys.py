"""The keys that encrypt what Temporal keeps: made, changed and removed by command; a lost one stops the start."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import cli
from errors import BadInput, ConfigError
from keys import PAYLOAD_KEYS, load_payload_keys
from services.schema import bring_up_to_date
from settings import load
from store.database import connect


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SELVEDGE_HOME", str(tmp_path))
    monkeypatch.delenv("SELVEDGE_DATABASE_URL", raising=False)
    return tmp_path


def call(*arguments: str) -> Result:
    return CliRunner().invoke(cli.selvedge, ["payload-keys", *arguments])


def list_ids() -> list[str]:
    ids: list[str] = json.loads(call("list", "--json").output)["keys"]
    return ids


def start() -> None:
    """What every process does that serves or works."""
    settings = load()
    engine = connect(settings.database)
    try:
        bring_up_to_date(engine, settings)
    finally:
        engine.dispose()


def test_until_there_is_a_key_nothing_is_encrypted(home: Path) -> None:
    assert load().payload_keys is None
    assert "not encrypted" in call("list").output
    assert call("add").exit_code == 0
    assert load().payload_keys == home / PAYLOAD_KEYS
    assert stat.S_IMODE((home / PAYLOAD_KEYS).stat().st_mode) == 0o600


def test_keys_are_changed_without_a_moment_in_which_somebody_cannot_read() -> None:
    call("add")
    (first,) = list_ids()
    assert "only reads until you use it" in call("add").output
    second = list_ids()[1]
    start()
    assert call("list").output.splitlines() == [f"{first}  writes", f"{second}  reads only"]
    assert call("use", second).exit_code == 0
    assert list_ids() == [second, first]
    assert isinstance(call("remove", second).exception, BadInput), "the key that writes"
    assert call("remove", first).exit_code == 0
    assert list_ids() == [second]
    start()


def test_a_lost_key_stops_the_start_until_it_is_removed_on_purpose(home: Path) -> None:
    call("add")
    start()
    (lost,) = list_ids()
    (home / PAYLOAD_KEYS).unlink()
    with pytest.raises(ConfigError, match=f"SELVEDGE_PAYLOAD_KEYS_FILE .* the key {lost} is gone") as stopped:
        start()
    assert "\n" not in str(stopped.value)
    call("add")
    with pytest.raises(ConfigError, match=f"the key {lost} is gone"):
        start()
    assert call("remove", lost).exit_code == 0
    start()


def test_an_id_that_nobody_knows_is_said_with_those_that_there_are() -> None:
    call("add")
    for verb in ("use", "remove"):
        refused = call(verb, "nothing").exception
        assert isinstance(refused, BadInput)
        assert f"no payload key nothing; there is {list_ids()[0]}" in str(refused)


@pytest.mark.parametrize(
    "text", ["", "{}", '{"keys": []}', '{"keys": [{"id": "a", "key": "YQ=="}]}', '{"keys": [{"id": "a", "key": "%"}]}']
)
def test_a_broken_file_is_no_file_of_keys(home: Path, text: str) -> None:
    (home / PAYLOAD_KEYS).write_text(text)
    with pytest.raises(ConfigError, match="put it back from a backup"):
        load_payload_keys(home / PAYLOAD_KEYS)
    with pytest.raises(ConfigError, match="put it back from a backup"):
        start()
