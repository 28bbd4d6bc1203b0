"""Make a backup, list those that there are, and check one."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from sqlalchemy import Engine

from errors import BadInput, ConfigError
from services.backups.archive import (
    HOME,
    STORE,
    SUFFIX,
    BackupNote,
    compute_digest,
    pack,
    parse_recipients,
    read_note,
    unpack,
)
from services.backups.register import Register
from services.key_fingerprints import build_fingerprints
from settings import Settings
from store.backups import copies

PARTS_OF_HOME: Final = ("keys.json", "dkim.pem", "algorithms.toml", "artefacts")
"""What of SELVEDGE_HOME goes along: keys, which algorithms serve, trained models."""


def require_folder(settings: Settings) -> Path:
    """Return the folder of the backups, made where it is missing. Raises ConfigError."""
    if settings.backup_folder is None:
        raise ConfigError("SELVEDGE_BACKUP_FOLDER: say where backups go; best on another machine's disk")
    try:
        settings.backup_folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as refused:
        raise ConfigError(f"SELVEDGE_BACKUP_FOLDER: {settings.backup_folder}: {refused.strerror}") from None
    return settings.backup_folder


def create_backup(engine: Engine, settings: Settings, real_now: datetime) -> BackupNote:
    """Make a backup of the store, the keys and the models, then delete those older than SELVEDGE_BACKUP_DAYS. The copy
    lies unencrypted in a private folder under SELVEDGE_HOME meanwhile."""
    folder, recipients = require_folder(settings), parse_recipients(settings.backup_recipients)
    name = f"selvedge-{real_now.astimezone(UTC):%Y%m%dT%H%M%SZ}"
    with make_private_folder(settings) as work:
        (work / STORE).mkdir()
        revision = copies.copy_store(engine, work / STORE)
        _copy_home(settings.home, work / HOME)
        prints = build_fingerprints(settings)
        note = BackupNote(name, real_now, engine.dialect.name, revision, prints, _list_elsewhere(settings))
        note = pack(work, note, folder / f"{name}{SUFFIX}", recipients)
    description = folder / f"{name}.json"
    description.write_bytes(note.dump())
    _prune(folder, real_now - timedelta(days=settings.backup_days))
    return note


@contextmanager
def make_private_folder(settings: Settings) -> Iterator[Path]:
    """Make a folder for plain copies that nobody else can read, and delete it with all that it holds."""
    settings.home.mkdir(mode=0o700, parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=".backup-", dir=settings.home) as work:
        yield Path(work)


def _copy_home(home: Path, into: Path) -> None:
    into.mkdir()
    for name in PARTS_OF_HOME:
        path = home / name
        if path.is_dir():
            shutil.copytree(path, into / name, ignore=shutil.ignore_patterns(".*"))
        elif path.is_file():
            shutil.copy2(path, into / name)


def _list_elsewhere(settings: Settings) -> list[str]:
    """List the settings by which a secret is given that no backup can hold."""
    given = {
        "SELVEDGE_SIGNING_KEY": settings.signing_key,
        "SELVEDGE_DKIM_KEY_FILE": settings.dkim_key_file,
        "SELVEDGE_DKIM_KEYS": settings.dkim_keys,
    }
    return [name for name, value in given.items() if value]


def list_backups(folder: Path) -> list[BackupNote]:
    """List the backups of a folder, the newest first. Raises BadInput for a description that cannot be read."""
    notes = [read_note(path.read_bytes(), path) for path in folder.glob("selvedge-*.json")]
    return sorted(notes, key=lambda note: note.taken_at, reverse=True)


def verify_backup(archive: Path, settings: Settings, identity: Any | None) -> BackupNote:
    """Check a backup: its digest; with the secret key everything that it holds. Raises BadInput."""
    note = _find_note(archive)
    if not archive.is_file() or compute_digest(archive) != note.sha256:
        raise BadInput(f"{archive}: missing, or not the file that was written", "file")
    if identity is None:
        return note
    with make_private_folder(settings) as work:
        unpack(archive, identity, work)
        copies.check_copy(work / STORE, note.database)
    return note


def _find_note(archive: Path) -> BackupNote:
    description = archive.with_name(archive.name.removesuffix(SUFFIX) + ".json")
    try:
        return read_note(description.read_bytes(), description)
    except OSError:
        raise BadInput(f"{archive}: there is no {description.name} beside it", "file") from None


def _prune(folder: Path, before: datetime) -> None:
    for note in list_backups(folder)[1:]:  # the newest stays, however old
        if note.taken_at < before:
            (folder / f"{note.name}{SUFFIX}").unlink(missing_ok=True)
            (folder / f"{note.name}.json").unlink(missing_ok=True)
    oldest = list_backups(folder)[-1].taken_at
    Register(folder).prune(min(oldest, before) - timedelta(days=1))
