"""The way back: a backup into an empty place, then what the register knows of the time since."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Engine

from domain import permissions
from domain.permissions import Action
from errors import BadInput, ConfigError
from keys import load_or_make_keys
from models.actors import Actor, Subject, SubjectKind
from models.erasures import ErasureStep
from services.backups.archive import HOME, STORE, BackupNote, compute_digest, unpack
from services.backups.creation import PARTS_OF_HOME
from services.backups.register import WRITTEN_AT, Register, load_seen
from services.backups.unfinished import begin_restore, end_restore
from services.context import ServiceContext
from services.key_fingerprints import SIGNING, hash_signing_key
from services.privacy import client_erasure
from services.private_folders import BACKUPS, open_private_folder
from services.schema import complete_schema
from settings import Settings
from store.activity import write_activity
from store.backups import copies, replays
from store.backups.register_rows import find_last_step
from store.database import read_transaction, write_transaction

KEYS: Final = "keys.json"
BEFORE_S: Final = 120.0
"""Real seconds before a backup of which the register is replayed as well."""
MOST_GAP_S: Final = 120.0
"""Real seconds for which the register may be silent before the store was lost."""


@dataclass(frozen=True)
class Restoration:
    """What came back. `replayed`: mails that went on after the backup; `doubtful`: those that may have gone in the last
    moments, which nobody can say; `erased`, `refused`: clients and mailboxes of the time since. `strangers`: clients
    who had mail since and are not in the backup; when they sign up again, what they had may go again."""

    note: BackupNote
    erased: int
    refused: int
    replayed: int
    doubtful: int
    strangers: int


def restore(
    engine: Engine,
    settings: Settings,
    actor: Actor,
    archive: Path,
    identity: Any,
    register: Register,
    lost_at: datetime,
    real_now: datetime,
    *,
    into: bool = False,
    accept_gap: bool = False,
) -> Restoration:
    """Restore a backup, then replay the register up to `lost_at`, when the store was lost. Nothing else may use the
    store meanwhile. Raises NotAllowed, BadInput and ConfigError before anything was changed.

    These are several steps. Between the first and the last a marker lies in SELVEDGE_HOME, by which web and workers
    refuse to start; after a kill the whole restore is run again, `into` what stands there."""
    permissions.require(actor, Action.RESTORE)
    if not accept_gap:
        _require_register(register, lost_at)
    if not into and copies.has_shop(engine):
        raise BadInput("the database holds a shop already; give --into to have it replaced", "into")
    with open_private_folder(settings.home / BACKUPS) as work:
        note = unpack(archive, identity, work)
        if note.database != engine.dialect.name:
            raise BadInput(f"{archive}: of {note.database}; SELVEDGE_DATABASE_URL names another kind", "file")
        copies.check_copy(work / STORE, note.database)
        _require_key(work / HOME / KEYS, settings, note)
        if not into:
            _require_same_home(work / HOME, settings.home)
        begin_restore(settings)
        _put_home(work / HOME, settings.home)
        copies.load_copy(engine, work / STORE, note.revision)
    complete_schema(engine, settings)
    return _replay(ServiceContext(settings, engine), actor, note, register, lost_at, real_now)


def _require_register(register: Register, lost_at: datetime) -> None:
    seen = load_seen(register.folder)
    if seen is None:
        raise BadInput(
            f"there is no register in {register.folder}: erasures, opt-outs and mails since the backup are not known; "
            "give --accept-gap to restore all the same",
            "register",
        )
    if (lost_at - seen[0]).total_seconds() > MOST_GAP_S:
        raise BadInput(
            f"the register in {register.folder} is complete until {seen[0]:%Y-%m-%dT%H:%M:%SZ} only; give --lost-at if "
            "the store was not used after that, else --accept-gap",
            "lost-at",
        )


def _require_same_home(source: Path, home: Path) -> None:
    """Require that no key or model would be replaced by another. Raises BadInput naming the first."""
    for name in PARTS_OF_HOME:
        there, coming = _list_digests(home / name), _list_digests(source / name)
        if there and coming and there != coming:
            raise BadInput(f"{home / name} differs from that of the backup; give --into to have it replaced", "into")


def _list_digests(part: Path) -> dict[str, str]:
    """List the digests of a file, or of all files of a folder that a backup takes along."""
    paths = [part] if part.is_file() else [path for path in part.rglob("*") if path.is_file()]
    names = {path.relative_to(part): path for path in paths}
    kept = {name: path for name, path in names.items() if not any(word.startswith(".") for word in name.parts)}
    return {str(name): compute_digest(path) for name, path in kept.items()}


def _put_home(source: Path, home: Path) -> None:
    """Put keys and models in their place."""
    for name in PARTS_OF_HOME:
        path, target = source / name, home / name
        if path.is_dir():
            shutil.rmtree(target, ignore_errors=True)
            shutil.copytree(path, target)
        elif path.is_file():
            shutil.copy2(path, target)
            target.chmod(0o600)


def _require_key(staged: Path, settings: Settings, note: BackupNote) -> None:
    """Require that the key which will be in force is that of the backup. Raises ConfigError."""
    given = settings.signing_key
    signing = given.get_secret_value() if given else load_or_make_keys(staged)["signing"]
    if hash_signing_key(signing) != note.keys[SIGNING]:
        raise ConfigError(
            "SELVEDGE_SIGNING_KEY: not the key of this backup; without it opt-outs and erased ids are not recognised. "
            "Set it as it was, or leave it out if keys.json held it"
        )


def _replay(
    context: ServiceContext, actor: Actor, note: BackupNote, register: Register, lost_at: datetime, real_now: datetime
) -> Restoration:
    key, since = context.settings.keys.signing, note.taken_at - timedelta(seconds=BEFORE_S)
    entries = [entry for entry in register.list_entries() if datetime.fromisoformat(entry[WRITTEN_AT]) >= since]
    mails = {(entry["key"], entry["n"]): entry for entry in entries if entry["kind"] == "mail"}
    gone = {entry["key"]: datetime.fromisoformat(entry["at"]) for entry in entries if entry["kind"] == "erased"}
    seen = load_seen(register.folder)
    complete = seen is not None and (lost_at - seen[0]).total_seconds() <= MOST_GAP_S
    with write_transaction(context.engine) as connection:
        clock, now = context.load_business_time(connection, real_now)
        known = replays.list_clients_by_hash(connection, key, gone.keys() | {hashed for hashed, _ in mails})
        refused = replays.replay_refusals(
            connection, (entry for entry in entries if entry["kind"] in ("withdrawn", "suppressed"))
        )
        followed = ((known[entry["key"]], entry) for entry in mails.values() if entry["key"] in known)
        replayed = replays.replay_mails(connection, followed, now)
        doubtful = replays.close_doubtful(connection, clock.business(lost_at), now, all_open=not complete)
        replays.refuse_erased(connection, {hashed: at for hashed, at in gone.items() if hashed not in known})
        replays.end_sign_ins(connection)
        strangers = len({hashed for hashed, _ in mails} - known.keys() - gone.keys())
        counts = {
            "erased": len(gone),
            "refused": refused,
            "replayed": replayed,
            "doubtful": doubtful,
            "strangers": strangers,
        }
        subject = Subject(kind=SubjectKind.DATA, id=note.name)
        write_activity(connection, actor, Action.RESTORE, subject, now, real_now, counts)
    for hashed in gone.keys() & known.keys():
        client_erasure.erase_client(context, ErasureStep(client_id=known[hashed], at=real_now))
    end_restore(context.settings)  # before the register is called complete, by which a second run would judge
    with read_transaction(context.engine) as connection:
        register.write((), real_now, find_last_step(connection))
    return Restoration(note, **counts)
