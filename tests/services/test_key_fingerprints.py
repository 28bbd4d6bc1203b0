"""A shop does not start with keys other than those by which its database was written."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import Engine

import cli
from errors import ConfigError
from mail.dkim_key import load_shop_keys
from services.key_fingerprints import accept_keys, require_known_keys
from services.schema import bring_up_to_date
from settings import Settings
from store.database import connect


def load(home: Path, **more: object) -> Settings:
    return Settings(home=home, _env_file=None, **more)  # type: ignore[arg-type]


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    settings = load(tmp_path)
    new_engine = connect(settings.database)
    bring_up_to_date(new_engine, settings)
    yield new_engine
    new_engine.dispose()


def test_the_same_keys_start_again_and_another_signing_key_does_not(engine: Engine, tmp_path: Path) -> None:
    require_known_keys(engine, load(tmp_path))
    (tmp_path / "keys.json").unlink()
    with pytest.raises(ConfigError, match="not the key by which this database was written") as stopped:
        bring_up_to_date(engine, load(tmp_path))
    assert "\n" not in str(stopped.value)
    accept_keys(engine, load(tmp_path))
    require_known_keys(engine, load(tmp_path))


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"api": "a"}', '{"api": "", "signing": "s"}', '{"api": 1, "signing": "s"}']
)
def test_broken_keys_stop_the_start_and_are_not_to_be_deleted(engine: Engine, tmp_path: Path, text: str) -> None:
    (tmp_path / "keys.json").write_text(text)
    with pytest.raises(ConfigError, match="put it back from a backup"):
        require_known_keys(engine, load(tmp_path))


def test_a_dkim_key_that_is_gone_or_another_is_not_replaced_in_silence(engine: Engine, tmp_path: Path) -> None:
    load_shop_keys(load(tmp_path))  # made at the first mail
    require_known_keys(engine, load(tmp_path))
    kept = (tmp_path / "dkim.pem").read_bytes()
    (tmp_path / "dkim.pem").unlink()
    with pytest.raises(ConfigError, match=r"the key selvedge@selvedge\.example is gone or another"):
        require_known_keys(engine, load(tmp_path))
    load_shop_keys(load(tmp_path))
    with pytest.raises(ConfigError, match="SELVEDGE_DKIM_SELECTOR"):
        require_known_keys(engine, load(tmp_path))
    require_known_keys(engine, load(tmp_path, dkim_selector="second"))
    (tmp_path / "dkim.pem").write_bytes(kept)
    require_known_keys(engine, load(tmp_path))


def test_the_operator_may_accept_new_keys(engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "keys.json").write_text(json.dumps({"api": "a" * 20, "signing": "b" * 20}))
    monkeypatch.setenv("SELVEDGE_HOME", str(tmp_path))
    refused = CliRunner().invoke(cli.selvedge, ["migrate"])
    assert isinstance(refused.exception, ConfigError)
    assert CliRunner().invoke(cli.selvedge, ["migrate", "--accept-keys"]).exit_code == 0
    assert CliRunner().invoke(cli.selvedge, ["migrate"]).exit_code == 0
