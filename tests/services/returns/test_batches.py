"""Returns taken in together lead to the same states as one by one, and one that is refused costs only itself."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, func, select, text

from bench.opt_outs import build_settings
from bench.returns import PushedMail, build_mails, fill_ledger
from mail.links import Links
from mail.returns.reading import read_return
from models.returns import ReturnKind, ReturnOutcome
from services.returns.reading import ReturnedMail, ReturnReader
from settings import Settings
from store.database import connect, read_transaction, write_transaction
from store.tables import events, outreach_steps, outreaches, returns, suppressions, withdrawals

COUNT = 70


@pytest.fixture(params=["sqlite", "postgresql"])
def settings(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    url = request.getfixturevalue("postgres_tables_url") if request.param == "postgresql" else ""
    made = build_settings(tmp_path_factory.mktemp("batches"), url)
    fill_ledger(made, COUNT)
    return made


@pytest.fixture
def engine(settings: Settings) -> Iterator[Engine]:
    engine = connect(settings.database)
    yield engine
    engine.dispose()


def build_batch(settings: Settings) -> list[ReturnedMail]:
    mails: list[PushedMail] = build_mails(Links.from_settings(settings), COUNT)
    return [ReturnedMail(mail.raw, mail.recipient) for mail in mails]


def describe(engine: Engine) -> dict[str, object]:
    """What the database says of each client's mail, without moments."""
    with read_transaction(engine) as connection:
        mails = connection.execute(select(outreaches.c.client_id, outreaches.c.state, outreaches.c.code)).all()
        steps = connection.execute(select(outreach_steps.c.client_id, outreach_steps.c.state)).all()
        happened = connection.execute(select(events.c.client_id, events.c.type)).all()
        listed = connection.execute(select(suppressions.c.address_hash, suppressions.c.reason)).all()
        left = connection.scalars(select(withdrawals.c.mailbox)).all()
        taken = connection.execute(select(returns.c.id, returns.c.client_id, returns.c.kind, returns.c.raw)).all()
    rows = {"mails": mails, "steps": steps, "events": happened, "listed": listed, "left": left, "taken": taken}
    return {
        name: Counter(tuple(row) if not isinstance(row, str) else row for row in part) for name, part in rows.items()
    }


def test_together_is_like_one_by_one_and_twice_is_once(
    settings: Settings, engine: Engine, tmp_path_factory: pytest.TempPathFactory
) -> None:
    batch, reader = build_batch(settings), ReturnReader(engine, settings)
    taken = reader.take_all([*batch, *batch[:10]], "listener")
    assert all(one is not None for one in taken)
    assert {one.outcome for one in taken[COUNT:] if one is not None} == {ReturnOutcome.REPEATED}
    together = describe(engine)
    assert {one.outcome for one in reader.take_all(batch, "listener") if one} == {ReturnOutcome.REPEATED}
    assert describe(engine) == together
    if engine.dialect.name != "sqlite":
        return
    other = build_settings(tmp_path_factory.mktemp("single"))
    other = other.model_copy(update={"signing_key": settings.signing_key})
    (other.home).mkdir(exist_ok=True)
    for path in settings.home.glob("*"):
        if path.suffix not in (".db", ".db-wal", ".db-shm") and path.is_file():
            (other.home / path.name).write_bytes(path.read_bytes())
    fill_ledger(other, COUNT)
    apart = connect(other.database)
    single = ReturnReader(apart, other)
    for mail in batch:
        single.take_all([mail], "listener")
    assert describe(apart) == together
    apart.dispose()


def test_one_that_is_refused_costs_only_itself(
    settings: Settings, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = [mail for mail in build_batch(settings) if b"5.1.1" in mail.raw][:8]
    refused, unreadable = batch[2], batch[5]
    name = Links.from_settings(settings).parse_return_path(refused.recipient)
    with write_transaction(engine) as connection:
        client_id = connection.scalar(select(outreaches.c.client_id).where(outreaches.c.message_id == name))
        # The database itself refuses the row of one client.
        check = f"CHECK (client_id <> '{client_id}')"
        if engine.dialect.name == "postgresql":
            connection.execute(text(f"ALTER TABLE returns ADD CONSTRAINT unlucky {check}"))
        else:
            trigger = (
                f"BEFORE INSERT ON returns WHEN NEW.client_id = '{client_id}' BEGIN SELECT RAISE(ABORT, 'no'); END"
            )
            connection.execute(text(f"CREATE TRIGGER unlucky {trigger}"))

    def stumble(raw: bytes, recipient: str, links: Links) -> object:
        if raw == unreadable.raw:
            raise OverflowError("a fault of ours")
        return read_return(raw, recipient, links)

    monkeypatch.setattr("services.returns.reading.read_return", stumble)
    taken = ReturnReader(engine, settings).take_all(batch, "listener")
    assert [one is None for one in taken] == [mail in (refused, unreadable) for mail in batch]
    with read_transaction(engine) as connection:
        assert connection.scalar(select(func.count()).select_from(returns)) == len(batch) - 2
        moved = select(func.count()).where(outreaches.c.state == "bounced")
        failed = sum(one is not None and one.kind is ReturnKind.FAILED for one in taken)
        assert connection.scalar(moved) == failed
