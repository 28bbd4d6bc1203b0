"""A lost store comes back from a backup, and with it everything that happened since and must not be undone: the erased
stay erased, who left gets no mail, and no mail goes twice."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pyrage import x25519
from sqlalchemy import Engine, MetaData, func, select, update

from domain.planning import MailStart
from errors import BadInput, ConfigError, NotAllowed
from models.actors import Actor, Channel, Role
from models.clients import ClientRow
from models.states import OutreachState, Phase, TouchKind
from services.backups.archive import SUFFIX, BackupNote
from services.backups.creation import create_backup, list_backups, verify_backup
from services.backups.follow_up import RegisterKeeper
from services.backups.register import Register
from services.backups.restoration import Restoration, restore
from services.clients import registration
from services.context import ServiceContext
from services.privacy import client_erasure, requests
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


def _open(tmp_path: Path, database_url: str) -> Backed:
    secret = x25519.Identity.generate()
    settings = Settings(
        home=tmp_path / "home",
        database_url=database_url,
        backup_folder=tmp_path / "backups",
        backup_recipients=str(secret.to_public()),
        _env_file=None,
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
    assert not list(backed.settings.home.glob(".backup-*")), "the plain copy is gone"


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


def test_old_backups_go_and_the_newest_stays(backed: Backed) -> None:
    now = datetime.now(UTC)
    for days in (50, 40, 0):
        create_backup(backed.engine, backed.settings, now - timedelta(days=days))
    assert len(list_backups(backed.folder)) == 1
    assert len(list(backed.folder.glob(f"*{SUFFIX}"))) == 1


def test_a_register_of_hashes_knows_the_last_state(tmp_path: Path) -> None:
    register, now = Register(tmp_path), datetime.now(UTC)
    entry = {"kind": "suppressed", "key": hash_client_id("k", "a"), "reason": "complaint", "at": NOW.isoformat()}
    for lifted in (None, None, NOW.isoformat(), None):
        register.write([entry | {"lifted_at": lifted}], now, 0)
    with next(tmp_path.glob("*.jsonl")).open("ab") as file:
        file.write(b'{"kind": "erased", "ke')  # a kill in the middle
    Register(tmp_path).write([entry | {"lifted_at": "later"}], now, 0)
    assert [line["lifted_at"] for line in Register(tmp_path).list_entries()] == [None, NOW.isoformat(), None, "later"]
