"""docs/returns.md states what follows from each returned mail; here each is read and taken in."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine, insert

from mail.links import Links
from mail.returns.reading import read_return
from models.actors import SYSTEM
from models.clients import ClientRow
from models.returns import ReturnOutcome, TakenReturn
from services.clients import registration
from services.returns.intake import ReturnArrival, take_returns
from store.database import connect, read_transaction, write_transaction
from store.mail import ledger, messages, suppressions, withdrawals
from store.mail.policy import ShopPolicy
from store.tables import outreaches
from tests.support.tables import create_tables

NOW = datetime(2026, 11, 29, 15, tzinfo=UTC)
TESTS = Path(__file__).parents[2]
FILES = sorted([*TESTS.glob("mail/returns/cases/*.eml"), *TESTS.glob("mail/returns/forms/*.eml")])
TABLE = (TESTS.parent / "docs/returns.md").read_text()
STATED = dict(re.findall(r"^\| `([^`|]+\.eml)` \| ([^|]+?) \|", TABLE, re.MULTILINE))
POLICY = ShopPolicy(currency="USD", time_zone="UTC", signing_key="a key for tests")
LINKS = Links(
    "a key for tests", "https://shop.example", "https://shop.example", "selvedge.example", "bounce.selvedge.example"
)
OLD = re.compile(rb"[a-z2-7]{26}\.1(?=@(bounce\.)?selvedge\.example)")


@dataclass(frozen=True)
class Post:
    """A database with one delivered mail for each file."""

    engine: Engine

    def sign(self, client_id: str, raw: bytes) -> tuple[bytes, str]:
        """The file as it would come back for this client's mail, and the address it would come to."""
        path, message_id = LINKS.build_return_path(client_id, 1), LINKS.build_message_id(client_id, 1)
        for token, value in ((b"@@RP@@", path), (b"@@MID@@", message_id), (b"@@TO@@", f"{client_id}@example.com")):
            raw = raw.replace(token, value.encode())
        raw = OLD.sub(path.partition("@")[0].removeprefix("b+").encode(), raw)
        to = re.search(rb"^(?:Delivered-To|To): (?:[^<\n]*<)?([^>\s]+)", raw, re.MULTILINE)
        assert to is not None
        return raw, to[1].decode()

    def take(self, client_id: str, raw: bytes, recipient: str) -> TakenReturn:
        reading = read_return(raw, recipient, LINKS)
        return take_returns(self.engine, SYSTEM, POLICY, [ReturnArrival(reading, raw)], "file", NOW, NOW)[0]

    def describe(self, client_id: str, taken: TakenReturn) -> str:
        """In the words of the table."""
        mailbox = suppressions.hash_mailbox(POLICY.signing_key, f"{client_id}@example.com", True)
        with read_transaction(self.engine) as connection:
            row = ledger.load_mail(connection, client_id, 1)
            suppressed = suppressions.load_suppression(connection, [mailbox])
            withdrawn = withdrawals.find_withdrawal(connection, mailbox)
        assert row is not None
        if taken.outcome is ReturnOutcome.KEPT:
            assert (row.state, suppressed, withdrawn) == ("sent", None, None)
            return "kept"
        if row.state == "bounced":
            hard = row.code.startswith("hard")
            assert (suppressed.reason if suppressed else None) == ("hard_bounce" if hard else None)
            return f"bounced, {'hard' if hard else 'soft'}"
        if row.state == "complained":
            assert suppressed is not None
            assert suppressed.reason == "complaint"
            assert withdrawn
            return "complained"
        assert (row.state, suppressed) == ("sent", None)
        return "withdrawn" if withdrawn else "no change"


@pytest.fixture(scope="module")
def post(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Post]:
    engine = connect(f"sqlite:///{tmp_path_factory.mktemp('returns')}/returns.db")
    create_tables(engine)
    ids = [name_client(file) for file in FILES]
    rows = [ClientRow(client_id=name, email=f"{name}@example.com", consent=True, time_zone="UTC") for name in ids]
    with write_transaction(engine) as connection:
        registration.upsert_clients(connection, rows, POLICY, NOW, NOW)
        connection.execute(insert(outreaches), [build_mail(name) for name in ids])
    yield Post(engine)
    engine.dispose()


def name_client(file: Path) -> str:
    return f"c{file.name[:2]}"


def build_mail(client_id: str) -> dict[str, object]:
    box = suppressions.hash_mailbox(POLICY.signing_key, f"{client_id}@example.com", True)
    row = {
        "client_id": client_id,
        "n": 1,
        "reason_key": "welcome",
        "kind": "welcome",
        "assessment_id": "a",
        "score": 1.0,
    }
    moments = {"created_at": NOW, "updated_at": NOW, "sent_at": NOW}
    message_id = LINKS.build_message_id(client_id, 1)
    return row | moments | {"phase": "onboarding", "state": "sent", "message_id": message_id, "mailbox": box}


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_a_returned_mail_leads_to_the_stated_state_and_counts_once(post: Post, file: Path) -> None:
    client_id = name_client(file)
    raw, recipient = post.sign(client_id, file.read_bytes())
    taken = post.take(client_id, raw, recipient)
    assert post.describe(client_id, taken) == STATED[file.name]
    again = post.take(client_id, raw, recipient)
    assert again.outcome is ReturnOutcome.REPEATED
    with read_transaction(post.engine) as connection:
        assert messages.find_by_message_id(connection, [LINKS.build_message_id(client_id, 1)])


def test_the_table_states_every_file_and_no_other() -> None:
    assert set(STATED) == {file.name for file in FILES}
    assert len(FILES) >= 74


def test_a_forged_return_path_changes_nothing(post: Post) -> None:
    raw = (TESTS / "mail/returns/cases/02-postfix-failed-5.1.1-smtp.eml").read_bytes()  # signed with another key
    reading = read_return(raw, "b+slj6vblyorfwpmdngpckd3lrfv.1@bounce.selvedge.example", LINKS)
    (taken,) = take_returns(post.engine, SYSTEM, POLICY, [ReturnArrival(reading, raw)], "file", NOW, NOW)
    assert (taken.outcome, taken.client_id) == (ReturnOutcome.KEPT, None)
