"""Make a backup, list those that there are, and check one."""

from __future__ import annotations

import logging
import os
import shutil
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Engine

from errors import BadInput, ConfigError
from keys import PAYLOAD_KEYS
from services.backups.archive import (
    HOME,
    PART,
    STORE,
    SUFFIX,
    BackupNote,
    compute_digest,
    pack,
    parse_recipients,
    read_note,
    unpack,
)
from services.backups.register import prune
from services.backups.unfinished import refuse_unfinished
from services.key_fingerprints import build_fingerprints
from services.private_folders import BACKUPS, open_private_folder
from settings import Settings
from store.backups import copies

PARTS_OF_HOME: Final = ("keys.json", PAYLOAD_KEYS, "dkim.pem", "algorithms.toml", "artefacts")
"""What of SELVEDGE_HOME goes along: keys, which algorithms serve, trained models."""
NAME: Final = "selvedge-%Y%m%dT%H%M%SZ"
DESCRIPTION: Final = ".json"

log = logging.getLogger("selvedge.backups")


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
    lies unencrypted in a private folder under SELVEDGE_HOME meanwhile. Raises ConfigError where a restore was cut
    short."""
    refuse_unfinished(settings)
    folder, recipients = require_folder(settings), parse_recipients(settings.backup_recipients)
    name = real_now.astimezone(UTC).strftime(NAME)
    with open_private_folder(settings.home / BACKUPS) as work:
        (work / STORE).mkdir()
        revision = copies.copy_store(engine, work / STORE)
        _copy_home(settings.home, work / HOME)
        prints = build_fingerprints(settings)
        note = BackupNote(name, real_now, engine.dialect.name, revision, prints, _list_elsewhere(settings))
        note = pack(work, note, folder / f"{name}{SUFFIX}", recipients)
    _describe(note, folder / f"{name}{DESCRIPTION}")
    _prune(folder, real_now - timedelta(days=settings.backup_days))
    return note


def _describe(note: BackupNote, description: Path) -> None:
    part = description.with_name(f"{description.name}{PART}")
    with part.open("wb") as file:
        file.write(note.dump())
        file.flush()
        os.fsync(file.fileno())
    part.replace(description)


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
        "SELVEDGE_PAYLOAD_KEYS_FILE": settings.payload_keys_file,
    }
    return [name for name, value in given.items() if value]


def list_backups(folder: Path) -> list[BackupNote]:
    """List the backups of a folder, the newest first. What cannot be read is left out and named in the log."""
    notes = []
    for path in folder.glob(f"selvedge-*{DESCRIPTION}"):
        try:
            notes.append(read_note(path.read_bytes(), path))
        except FileNotFoundError:  # deleted meanwhile
            continue
        except OSError as refused:
            _warn_once(f"{path}: {refused.strerror}")
        except BadInput as fault:
            _warn_once(fault.reason)
    return sorted(notes, key=lambda note: note.taken_at, reverse=True)


@cache  # workers look every few seconds
def _warn_once(fault: str) -> None:
    log.warning("a backup is left out: %s", fault)


def verify_backup(archive: Path, settings: Settings, identity: Any | None) -> BackupNote:
    """Check a backup: its digest; with the secret key everything that it holds. Raises BadInput."""
    note = _find_note(archive)
    if not archive.is_file() or compute_digest(archive) != note.sha256:
        raise BadInput(f"{archive}: missing, or not the file that was written", "file")
    if identity is None:
        return note
    with open_private_folder(settings.home / BACKUPS) as work:
        unpack(archive, identity, work)
        copies.check_copy(work / STORE, note.database)
    return note


def _find_note(archive: Path) -> BackupNote:
    description = archive.with_name(archive.name.removesuffix(SUFFIX) + DESCRIPTION)
    try:
        return read_note(description.read_bytes(), description)
    except OSError:
        raise BadInput(f"{archive}: there is no {description.name} beside it", "file") from None


def _prune(folder: Path, before: datetime) -> None:
    for note in list_backups(folder)[1:]:  # the newest stays, however old
        if note.taken_at < before:
            (folder / f"{note.name}{SUFFIX}").unlink(missing_ok=True)
            (folder / f"{note.name}{DESCRIPTION}").unlink(missing_ok=True)
    for path in folder.glob("selvedge-*"):
        if _is_unfinished(path) and (made := _read_time(path)) and made < before:
            path.unlink(missing_ok=True)
    oldest = min((note.taken_at for note in list_backups(folder)), default=before)
    prune(folder, min(oldest, before) - timedelta(days=1))


def _is_unfinished(path: Path) -> bool:
    """Return whether a kill left this: a half file, or an archive without its description."""
    if path.name.endswith(PART):
        return True
    name = path.name.removesuffix(SUFFIX)
    return name != path.name and not path.with_name(name + DESCRIPTION).exists()


def _read_time(path: Path) -> datetime | None:
    try:
        return datetime.strptime(path.name.partition(".")[0], NAME).replace(tzinfo=UTC)
    except ValueError:
        return None
