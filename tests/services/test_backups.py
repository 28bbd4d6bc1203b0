"""A lost store comes back from a backup, and with it everything that happened since and must not be undone: the erased
stay erased, who left gets no mail, and no mail goes twice."""

from __future__ import annotations

import asyncio
import os
import resource
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyrage
import pytest
from pyrage import x25519
from sqlalchemy import Engine, MetaData, func, select, update

import cli
import commands.web
import worker
from domain.planning import MailStart
from errors import BadInput, ConfigError, NotAllowed, Unavailable
from keys import PAYLOAD_KEYS, make_payload_key, save_payload_keys
from mail.dkim_key import load_shop_keys
from models.actors import Actor, Channel, Role
from models.clients import ClientRow
from models.states import OutreachState, Phase, TouchKind
from services.backups.archive import SUFFIX, BackupNote
from services.backups.creation import create_backup, list_backups, verify_backup
from services.backups.follow_up import RegisterKeeper
from services.backups.register import Register, load_seen, prune
from services.backups.restoration import Restoration, restore
from services.clients import registration
from services.context import ServiceContext
from services.privacy import client_erasure, requests
from services.private_folders import BACKUPS, delete_leftovers
from services.schema import bring_up_to_date
from settings import Settings
from store.database import connect, read_transaction, write_transaction
from store.mail import ledger
from store.mail.policy import ShopPolicy
from store.mail.suppressions import find_erased, hash_client_id
from store.mail.withdrawals import find_withdrawals, withdraw_mailboxes
from store.privacy import erasure
from store.privacy.personal import PERSONAL_TABLES
from store.tables import activity, clients, outreaches, sign_ins
from tests.support.ports import free_ports
from tests.support.private_data import CANARIES, save_everything_about

NOW = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=1)
OWNER = Actor(who="root", role=Role.OWNER, channel=Channel.COMMAND)


@dataclass
class Backed:
    """A shop of ann, of whom everything is stored, bob and cat, with its backups."""

    settings: Settings
    engine: Engine
    secret: x25519.Identity

    @property
    def context(self) -> ServiceContext:
        return ServiceContext(self.settings, self.engine)

    @property
    def archive(self) -> Path:
        return self.folder / f"{list_backups(self.folder)[0].name}{SUFFIX}"

    @property
    def folder(self) -> Path:
        assert self.settings.backup_folder
        return self.settings.backup_folder

    def sign_up(self, client_id: str) -> None:
        row = ClientRow.model_validate({"client_id": client_id, "email": f"{client_id}@example.com", "consent": True})
        terms = ShopPolicy.from_settings(self.settings)
        with write_transaction(self.engine) as connection:
            registration.upsert_clients(connection, [row], terms, NOW, NOW)

    def begin_mail(self, client_id: str, n: int, *states: OutreachState) -> None:
        start = MailStart(kind=TouchKind.MISSED, key=f"missed.{n}", priority=70)
        with write_transaction(self.engine) as connection:
            ledger.begin_mail(
                connection, client_id, n, start, assessment_id="a1", score=0.5, phase=Phase.ACTIVE, now=NOW
            )
            for state in states:
                assert ledger.move_mail(connection, client_id, n, state, NOW)

    def erase(self, client_id: str) -> None:
        key = self.settings.keys.signing
        requests.request_erasure(self.engine, OWNER, key, client_id, NOW, NOW)
        with write_transaction(self.engine) as connection:
            erasure.replace_with_tombstone(connection, key, client_id, NOW)
        while client_erasure.erase_batch(self.engine, client_id):
            pass
        with write_transaction(self.engine) as connection:
            erasure.mark_erased(connection, key, client_id, NOW)

    def lose(self) -> None:
        """The database and the home are gone; the backups and the secret key are elsewhere."""
        if self.engine.dialect.name == "postgresql":
            with write_transaction(self.engine) as connection:
                found = MetaData()
                found.reflect(connection)
                found.drop_all(connection)
        self.engine.dispose()
        shutil.rmtree(self.settings.home)
        self.settings = self.settings.model_copy()
        self.settings.__dict__.pop("keys", None)
        self.engine = connect(self.settings.database)

    def restore(self, actor: Actor = OWNER, lost_after: timedelta = timedelta(), **how: bool) -> Restoration:
        now = datetime.now(UTC)
        register = Register(self.folder)
        return restore(
            self.engine, self.settings, actor, self.archive, self.secret, register, now + lost_after, now, **how
        )

    def load_state(self, client_id: str, n: int) -> tuple[str, str] | None:
        with read_transaction(self.engine) as connection:
            row = ledger.load_mail(connection, client_id, n)
        return (row.state, row.code) if row else None

    def count(self, table: object) -> int:
        with read_transaction(self.engine) as connection:
            return int(connection.scalar(select(func.count()).select_from(table)) or 0)  # type: ignore[arg-type]


def _open(tmp_path: Path, database_url: str, **more: object) -> Backed:
    secret = x25519.Identity.generate()
    settings = Settings(
        home=tmp_path / "home",
        database_url=database_url,
        backup_folder=tmp_path / "backups",
        backup_recipients=str(secret.to_public()),
        _env_file=None,
        **more,  # type: ignore[arg-type]
    )
    engine = connect(settings.database)
    bring_up_to_date(engine, settings)
    backed = Backed(settings, engine, secret)
    with write_transaction(engine) as connection:
        save_everything_about(connection, ShopPolicy.from_settings(settings), "ann", NOW)
    for client_id in ("bob", "cat"):
        backed.sign_up(client_id)
    return backed


@pytest.fixture
def backed(tmp_path: Path) -> Iterator[Backed]:
    shop = _open(tmp_path, "")
    yield shop
    shop.engine.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def on_each(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Backed]:
    url = request.getfixturevalue("postgres_tables_url") if request.param == "postgresql" else ""
    shop = _open(tmp_path, url)
    yield shop
    shop.engine.dispose()


def _live_on(backed: Backed) -> str:
    """What happens between the backup and the loss; return cat's mailbox."""
    (backed.settings.home / "artefacts").mkdir()
    (backed.settings.home / "artefacts" / "model.json").write_text('{"clients": ["ann", "bob"]}')
    backed.begin_mail("bob", 1, OutreachState.SCHEDULED)
    keeper = RegisterKeeper(backed.context)
    create_backup(backed.engine, backed.settings, datetime.now(UTC))
    with write_transaction(backed.engine) as connection:
        for state in (OutreachState.CLAIMED, OutreachState.DATA, OutreachState.SENT):
            values = {"sent_at": NOW} if state is OutreachState.SENT else {}
            assert ledger.move_mail(connection, "bob", 1, state, NOW, values=values)
        mailbox = str(connection.scalar(select(clients.c.mailbox).where(clients.c.client_id == "cat")))
        withdraw_mailboxes(connection, {mailbox: NOW})
    backed.begin_mail("bob", 2, OutreachState.SCHEDULED, OutreachState.CLAIMED)
    backed.sign_up("dan")
    backed.erase("ann")
    backed.erase("dan")
    assert keeper.keep() > 0
    return mailbox


def test_what_happened_since_the_backup_is_not_undone(on_each: Backed) -> None:
    mailbox = _live_on(on_each)
    key = on_each.settings.keys.signing
    on_each.lose()
    done = on_each.restore()
    assert on_each.settings.keys.signing == key
    assert (done.erased, done.refused) == (2, 1)
    for personal in PERSONAL_TABLES:
        with read_transaction(on_each.engine) as connection:
            left = select(func.count()).select_from(personal.table).where(personal.which("ann"))
            assert connection.scalar(left) == 0, personal.part
    with read_transaction(on_each.engine) as connection:
        assert find_erased(connection, key, ["ann", "bob", "dan"]) == {"ann", "dan"}
        assert set(find_withdrawals(connection, [mailbox])) == {mailbox}
        sent_at = connection.scalar(select(outreaches.c.sent_at).where(outreaches.c.n == 1))
    assert on_each.load_state("bob", 1) == ("sent", "")
    assert sent_at == NOW
    assert on_each.load_state("bob", 2) == ("unknown", "restored"), "it may have gone"
    assert (on_each.settings.home / "artefacts" / "model.json").read_bytes() == b'{"clients":["","bob"]}'
    assert on_each.count(sign_ins) == 0
    assert on_each.count(activity) > 0
    on_each.sign_up("eve")  # numbers of new rows do not meet those that came back
    on_each.begin_mail("bob", 3)
    assert RegisterKeeper(on_each.context).keep() > 0, "the register goes on after a restore"


def test_a_mail_that_may_have_gone_in_the_last_moments_is_not_sent_again(backed: Backed) -> None:
    backed.begin_mail("bob", 1, OutreachState.SCHEDULED)
    backed.begin_mail("cat", 1, OutreachState.SCHEDULED)
    with write_transaction(backed.engine) as connection:
        late = update(outreaches).where(outreaches.c.client_id == "cat")
        connection.execute(late.values(send_at=datetime.now(UTC) + timedelta(days=1)))
    backed.begin_mail("ann", 7, OutreachState.AWAITING_PERSON)
    RegisterKeeper(backed.context).keep()
    create_backup(backed.engine, backed.settings, datetime.now(UTC))
    backed.lose()
    assert backed.restore().doubtful >= 1
    assert backed.load_state("bob", 1) == ("unknown", "restored")
    assert backed.load_state("cat", 1) == ("scheduled", ""), "it was not due"
    assert backed.load_state("ann", 7) == ("awaiting_person", ""), "nobody had let it out"


def test_nothing_is_read_from_the_folder_without_the_key(backed: Backed) -> None:
    _live_on(backed)
    content = b"".join(path.read_bytes() for path in backed.folder.iterdir())
    for word in (*CANARIES, backed.settings.keys.signing, "bob@example.com", '"bob"', "cat"):
        assert word.encode() not in content, word
    assert {path.stat().st_mode & 0o077 for path in backed.folder.iterdir() if path.name.endswith("age")} == {0}
    assert not list((backed.settings.home / BACKUPS).glob("*")), "the plain copy is gone"


def _make(backed: Backed) -> BackupNote:
    RegisterKeeper(backed.context).keep()
    return create_backup(backed.engine, backed.settings, datetime.now(UTC))


def test_a_shop_is_replaced_only_when_that_is_said(backed: Backed) -> None:
    _make(backed)
    backed.sign_up("dan")
    with pytest.raises(BadInput, match="--into"):
        backed.restore()
    assert backed.count(clients) == 4
    backed.restore(into=True)
    assert backed.count(clients) == 3


def test_only_an_owner_restores(backed: Backed) -> None:
    _make(backed)
    with pytest.raises(NotAllowed):
        backed.restore(Actor(who="op", role=Role.OPERATOR, channel=Channel.COMMAND), into=True)


def test_a_register_that_ends_too_early_is_not_passed_over_in_silence(backed: Backed) -> None:
    _make(backed)
    backed.begin_mail("ann", 7, OutreachState.AWAITING_PERSON)
    create_backup(backed.engine, backed.settings, datetime.now(UTC) + timedelta(seconds=1))
    backed.lose()
    with pytest.raises(BadInput, match="--accept-gap"):
        backed.restore(lost_after=timedelta(hours=1))
    backed.restore(lost_after=timedelta(hours=1), accept_gap=True)
    assert backed.load_state("ann", 7) == ("unknown", "restored"), "somebody may have let it out in that hour"


def test_another_signing_key_is_refused_before_anything_changes(backed: Backed) -> None:
    _make(backed)
    backed.lose()
    backed.settings = backed.settings.model_copy(update={"signing_key": Settings(signing_key="x" * 40).signing_key})
    with pytest.raises(ConfigError, match="SELVEDGE_SIGNING_KEY"):
        backed.restore()
    assert not (backed.settings.home / "keys.json").exists()


def test_a_damaged_backup_is_named(backed: Backed) -> None:
    _make(backed)
    assert verify_backup(backed.archive, backed.settings, backed.secret).files == {}
    with pytest.raises(BadInput, match="not encrypted to this key"):
        verify_backup(backed.archive, backed.settings, x25519.Identity.generate())
    content = bytearray(backed.archive.read_bytes())
    content[len(content) // 2] ^= 1
    backed.archive.write_bytes(bytes(content))
    with pytest.raises(BadInput, match="not the file that was written"):
        verify_backup(backed.archive, backed.settings, None)
    with pytest.raises(BadInput, match="damaged"):
        backed.restore(into=True)
    assert backed.count(clients) == 3


def test_a_restore_that_was_cut_short_keeps_the_shop_closed(backed: Backed, monkeypatch: pytest.MonkeyPatch) -> None:
    _live_on(backed)
    backed.lose()
    with monkeypatch.context() as killed:
        killed.setattr("store.backups.replays.replay_mails", _die)
        with pytest.raises(RuntimeError):
            backed.restore()
    assert backed.load_state("bob", 1) == ("scheduled", ""), "it would go a second time"
    for behind in ("hosting.http_server.build_server", "workflows.handles.connect"):
        monkeypatch.setattr(behind, _die)
    for start in (_start_web, _start_worker, _back_up):
        with pytest.raises(ConfigError, match="a restore was cut short: run it again with --into") as refused:
            start(backed)
        assert "\n" not in str(refused.value)
    assert backed.restore(into=True).erased == 2
    assert backed.load_state("bob", 1) == ("sent", "")
    bring_up_to_date(backed.engine, backed.settings)


def _die(*_: object) -> int:
    raise RuntimeError("killed")


def _start_web(backed: Backed) -> None:
    web_port, mailbox_port = free_ports(2)
    commands.web.serve(backed.settings.model_copy(update={"web_port": web_port, "mailbox_port": mailbox_port}))


def _start_worker(backed: Backed) -> None:
    asyncio.run(worker.serve(backed.settings, ["lifecycle"]))


def _back_up(backed: Backed) -> None:
    create_backup(backed.engine, backed.settings, datetime.now(UTC))


def test_a_restore_that_is_refused_closes_nothing(backed: Backed) -> None:
    _make(backed)
    backed.lose()
    backed.settings.home.mkdir(exist_ok=True)
    (backed.settings.home / "keys.json").write_text('{"api": "another", "signing": "another"}')
    with pytest.raises(BadInput, match="--into"):
        backed.restore()
    assert [path.name for path in backed.settings.home.glob("restor*")] == []


def test_mail_to_those_who_signed_up_since_is_counted(backed: Backed) -> None:
    keeper = RegisterKeeper(backed.context)
    _back_up(backed)
    for client_id in ("dan", "eve"):
        backed.sign_up(client_id)
        backed.begin_mail(client_id, 1, OutreachState.SCHEDULED)
    backed.erase("eve")
    keeper.keep()
    backed.lose()
    assert backed.restore().strangers == 1


@pytest.mark.parametrize(
    "name", ["keys.json", PAYLOAD_KEYS, "dkim.pem", "algorithms.toml", "artefacts/risk/model.json"]
)
def test_each_part_of_the_home_is_replaced_only_when_that_is_said(backed: Backed, name: str) -> None:
    home = backed.settings.home
    for path in (home / "algorithms.toml", home / "artefacts" / "risk" / "model.json"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("as it was")
    load_shop_keys(backed.settings)
    save_payload_keys(home / PAYLOAD_KEYS, [make_payload_key()])
    _make(backed)
    was = (home / name).read_text()
    backed.lose()
    (home / name).parent.mkdir(parents=True, exist_ok=True)
    (home / name).write_text("another")
    with pytest.raises(BadInput, match=name.partition("/")[0]):
        backed.restore()
    assert (home / name).read_text() == "another"
    backed.restore(into=True)
    assert (home / name).read_text() == was


def test_a_backup_without_a_file_of_keys_comes_back_by_the_key_that_is_given(tmp_path: Path) -> None:
    backed = _open(tmp_path, "", signing_key="s" * 40, api_key="a" * 40)
    try:
        (backed.settings.home / "keys.json").unlink()
        _make(backed)
        backed.lose()
        backed.settings.home.mkdir(exist_ok=True)
        (backed.settings.home / "keys.json").write_text('{"api": "another", "signing": "another"}')
        backed.restore()
        assert backed.count(clients) == 3
    finally:
        backed.engine.dispose()


def test_a_plain_copy_outlives_no_kill_for_long(backed: Backed) -> None:
    home = backed.settings.home
    with _hold_folder(home) as alive, _hold_folder(home) as killed:
        killed.kill()
        killed.wait()
        assert len(list((home / BACKUPS).glob("*"))) == 2
        delete_leftovers(home / BACKUPS)
        assert len(list((home / BACKUPS).glob("*"))) == 1, "the other one is in use"
        alive.terminate()
        assert alive.wait() == 143
    assert not list((home / BACKUPS).glob("*"))


@contextmanager
def _hold_folder(home: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A process with a plain copy, that leaves at SIGTERM as the commands do."""
    script = f"""
import signal
from commands.shared.ending import clean_up_at_signals
from pathlib import Path
from services.private_folders import BACKUPS, open_private_folder
with clean_up_at_signals(), open_private_folder(Path({str(home)!r}) / BACKUPS) as work:
    (work / "store.db").write_text("plain")
    print("here", flush=True)
    signal.pause()
"""
    command = [sys.executable, "-c", script]
    with subprocess.Popen(command, cwd=Path(__file__).parents[2], stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout
            assert process.stdout.readline() == b"here\n"
            yield process
        finally:
            process.kill()


@pytest.mark.parametrize("words", [["backup", "create"], ["backup", "verify"], ["restore"]])
def test_a_command_that_is_stopped_leaves_no_plain_copy(
    backed: Backed, words: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """SIGTERM comes in the middle, where the library of the encryption makes another error of what Python raises."""
    _make(backed)
    key = tmp_path / "key"
    key.write_text(str(backed.secret))
    for name, value in (("HOME", backed.settings.home), ("BACKUP_FOLDER", backed.folder)):
        monkeypatch.setenv(f"SELVEDGE_{name}", str(value))
    monkeypatch.setenv("SELVEDGE_BACKUP_RECIPIENTS", backed.settings.backup_recipients)
    seen: list[Path] = []

    def stop(*_: object) -> None:
        seen.extend((backed.settings.home / BACKUPS).glob("*"))
        try:
            signal.raise_signal(signal.SIGTERM)
        except SystemExit as left:
            raise pyrage.EncryptError(str(left)) from None

    monkeypatch.setattr("services.backups.archive.pyrage.encrypt_io", stop)
    monkeypatch.setattr("services.backups.archive._read_tar", stop)
    file = [] if "create" in words else [str(backed.archive), "--identity", str(key)]
    with pytest.raises(SystemExit) as left:
        cli.selvedge.main([*words, *file, *(["--into"] if "restore" in words else [])], standalone_mode=False)
    assert left.value.code == 143
    assert seen
    assert not [*(backed.settings.home / BACKUPS).glob("*"), *backed.folder.glob("*.part")]


def test_what_a_kill_left_of_old_backups_goes(backed: Backed, caplog: pytest.LogCaptureFixture) -> None:
    old, young = "selvedge-20250101T000000Z", f"selvedge-{datetime.now(UTC) - timedelta(days=1):%Y%m%dT%H%M%SZ}"
    backed.folder.mkdir()
    for name in (old, young):
        for ending in (SUFFIX, f"{SUFFIX}.part", ".json.part"):
            (backed.folder / f"{name}{ending}").touch()
    (backed.folder / "selvedge-20250102T000000Z.json").write_text("{")
    (backed.folder / f"selvedge-20250102T000000Z{SUFFIX}").touch()
    note = create_backup(backed.engine, backed.settings, datetime.now(UTC))
    assert not list(backed.folder.glob(f"{old}*"))
    assert len(list(backed.folder.glob(f"{young}*"))) == 3
    assert list_backups(backed.folder) == [list_backups(backed.folder)[0]]
    assert list_backups(backed.folder)[0].name == note.name
    assert (backed.folder / f"selvedge-20250102T000000Z{SUFFIX}").exists(), "what it is, a person must see"
    assert caplog.text.count("selvedge-20250102T000000Z.json: not a description of a backup") == 1


def test_a_description_is_there_whole_or_not_at_all(backed: Backed, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as killed:
        killed.setattr("pathlib.Path.replace", lambda path, to: _die() if ".json" in path.name else os.rename(path, to))
        with pytest.raises(RuntimeError):
            _back_up(backed)
    assert list_backups(backed.folder) == []
    assert not list(backed.folder.glob("*.json"))


def test_old_backups_go_and_the_newest_stays(backed: Backed) -> None:
    now = datetime.now(UTC)
    for days in (50, 40, 0):
        create_backup(backed.engine, backed.settings, now - timedelta(days=days))
    assert len(list_backups(backed.folder)) == 1
    assert len(list(backed.folder.glob(f"*{SUFFIX}"))) == 1


def _build_mail(n: int, state: str = "sent") -> dict[str, object]:
    return {"kind": "mail", "key": "k", "n": n, "state": state}


def test_a_register_is_read_when_the_first_entry_is_written(tmp_path: Path) -> None:
    now = datetime.now(UTC)
    Register(tmp_path).write([_build_mail(1)], now, 1)
    file = next(tmp_path.glob("*.jsonl"))
    file.write_bytes(b"{broken}\n")
    register = Register(tmp_path)
    register.write((), now, 1)
    assert load_seen(tmp_path) == (now, 1)
    prune(tmp_path, now - timedelta(days=1))
    with pytest.raises(ConfigError, match="broken register"):
        register.write([_build_mail(1)], now, 1)


@pytest.mark.parametrize("anew", [False, True])
def test_a_register_forgets_old_mails_and_no_refusal(tmp_path: Path, anew: bool) -> None:
    register, now = Register(tmp_path, timedelta(days=10)), datetime.now(UTC)
    withdrawn = {"kind": "withdrawn", "key": "m", "at": NOW.isoformat()}
    assert register.write([_build_mail(1), withdrawn], now, 1) == 2
    for days, written in ((9, 0), (11, 1)):  # of both, the mail alone is new again
        again = Register(tmp_path, timedelta(days=10)) if anew else register
        assert again.write([_build_mail(1), withdrawn], now + timedelta(days=days), 1) == written


def test_a_disk_that_takes_half_a_line_is_no_success(tmp_path: Path) -> None:
    register, now = Register(tmp_path), datetime.now(UTC)
    register.write([_build_mail(1)], now, 1)
    size = next(tmp_path.glob("*.jsonl")).stat().st_size
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size + 10, hard))  # the first write is short, the next refused
    try:
        with pytest.raises(Unavailable, match="the register cannot be written"):
            register.write([_build_mail(2)], now, 2)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert load_seen(tmp_path) == (now, 1)
    assert register.write([_build_mail(2)], now, 2) == 1
    assert [line["n"] for line in Register(tmp_path).list_entries()] == [1, 2]
    assert not list(tmp_path.glob(".register*"))


def test_writers_of_the_same_number_share_no_temporary_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two workers in two containers have the same process id."""
    names = []

    def replace(path: Path, to: Path) -> None:
        names.append(path.name)
        os.replace(path, to)

    monkeypatch.setattr(Path, "replace", replace)
    for _ in range(2):
        Register(tmp_path).write((), datetime.now(UTC), 0)
    assert len(set(names)) == 2


def test_a_register_of_hashes_knows_the_last_state(tmp_path: Path) -> None:
    register, now = Register(tmp_path), datetime.now(UTC)
    entry = {"kind": "suppressed", "key": hash_client_id("k", "a"), "reason": "complaint", "at": NOW.isoformat()}
    for lifted in (None, None, NOW.isoformat(), None):
        register.write([entry | {"lifted_at": lifted}], now, 0)
    with next(tmp_path.glob("*.jsonl")).open("ab") as file:
        file.write(b'{"kind": "erased", "ke')  # a kill in the middle
    Register(tmp_path).write([entry | {"lifted_at": "later"}], now, 0)
    assert [line["lifted_at"] for line in Register(tmp_path).list_entries()] == [None, NOW.isoformat(), None, "later"]
