"""The figures of the alarms about backups: they stand still when nothing is backed up or registered any more."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from prometheus_client import REGISTRY
from pyrage import x25519

from errors import Unavailable
from services.backups.creation import create_backup
from services.backups.follow_up import RegisterKeeper
from services.context import ServiceContext
from services.schema import bring_up_to_date
from settings import Settings
from store.database import connect

REGISTER = "selvedge_register_timestamp_seconds"
BACKUP = "selvedge_last_backup_timestamp_seconds"
read = REGISTRY.get_sample_value


def test_backups_and_the_register_are_dated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings(
        home=tmp_path / "home",
        backup_folder=tmp_path / "backups",
        backup_recipients=str(x25519.Identity.generate().to_public()),
        _env_file=None,
    )
    engine = connect(settings.database)
    bring_up_to_date(engine, settings)
    now = datetime.now(UTC).replace(microsecond=0)
    try:
        RegisterKeeper(ServiceContext(settings, engine, wall=lambda: now)).keep()
        assert read(REGISTER) == now.timestamp()
        assert read(BACKUP) == 0, "there is none"
        create_backup(engine, settings, now - timedelta(days=2))
        later = now + timedelta(minutes=10)
        keeper = RegisterKeeper(ServiceContext(settings, engine, wall=lambda: later))
        keeper.keep()
        assert (read(REGISTER), read(BACKUP)) == (later.timestamp(), (now - timedelta(days=2)).timestamp())

        def refuse(*_: object) -> None:
            raise Unavailable("the folder is full")

        monkeypatch.setattr("services.backups.register.Register.write", refuse)
        with pytest.raises(Unavailable):
            RegisterKeeper(ServiceContext(settings, engine, wall=lambda: later + timedelta(hours=1))).keep()
        assert read(REGISTER) == later.timestamp(), "a look that failed is none"
    finally:
        engine.dispose()
