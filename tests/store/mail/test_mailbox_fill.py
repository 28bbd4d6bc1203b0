"""Clients from before mailboxes were kept, or from before the setting of tags changed, get their mailbox."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import Engine, select, update

from store.database import read_transaction, write_transaction
from store.mail import mailbox_fill
from store.mail.policy import ShopPolicy
from store.mail.suppressions import hash_mailbox
from store.tables import clients
from tests.store.seeds import seed_clients

IDS = ("ann", "bob", "cleo", "dan", "eve")


@pytest.fixture
def old(engine: Engine, policy: ShopPolicy, monkeypatch: pytest.MonkeyPatch) -> Engine:
    """Five clients without a mailbox, one with a tag; batches of two."""
    monkeypatch.setattr(mailbox_fill, "BATCH", 2)
    with write_transaction(engine) as connection:
        seed_clients(connection, policy, *IDS)
        connection.execute(update(clients).values(mailbox=""))
        tagged = update(clients).where(clients.c.client_id == "bob")
        connection.execute(tagged.values(email="Bob+shop@Shop.example"))
    return engine


def load_mailboxes(engine: Engine) -> dict[str, str]:
    with read_transaction(engine) as connection:
        return {row.client_id: row.mailbox for row in connection.execute(select(clients))}


def expect(policy: ShopPolicy) -> dict[str, str]:
    emails = {name: f"{name}@shop.example" for name in IDS} | {"bob": "Bob+shop@Shop.example"}
    return {name: hash_mailbox(policy.signing_key, email, policy.fold_tags) for name, email in emails.items()}


def test_everybody_without_one_gets_theirs_once(old: Engine, policy: ShopPolicy) -> None:
    assert mailbox_fill.fill_mailboxes(old, policy) == 5
    assert load_mailboxes(old) == expect(policy)
    assert mailbox_fill.fill_mailboxes(old, policy) == 0


def test_another_setting_of_tags_changes_those_with_tags_alone(old: Engine, policy: ShopPolicy) -> None:
    mailbox_fill.fill_mailboxes(old, policy)
    other = replace(policy, fold_tags=not policy.fold_tags)
    assert mailbox_fill.fill_mailboxes(old, other) == 1
    assert load_mailboxes(old) == expect(other)
    assert load_mailboxes(old)["bob"] != expect(policy)["bob"]
    assert mailbox_fill.fill_mailboxes(old, other) == 0


def test_those_who_are_named_are_filled_at_once(old: Engine, policy: ShopPolicy) -> None:
    with write_transaction(old) as connection:
        mailbox_fill.fill_missing(connection, policy, ["ann", "nobody"])
    assert load_mailboxes(old) == dict.fromkeys(IDS, "") | {"ann": expect(policy)["ann"]}
