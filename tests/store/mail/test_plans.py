"""On SQLite, which keeps no statistics here, mails of given clients and mailboxes are looked up by these, never by
their state or campaign: in a shop that has sent fifty thousand mails that would be most of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, event

from store.database import connect, read_transaction
from store.mail import facts_in_bulk, mail_facts, mailboxes
from store.offers import grants
from tests.store.conftest import NOW
from tests.support.tables import create_tables

READS: dict[str, Callable[[Connection], Any]] = {
    "facts": lambda c: facts_in_bulk.load_bulk_facts(c, ["ann"], "key", NOW),
    "sent": lambda c: mail_facts.list_sent_times(c, ["ann"], NOW),
    "shown": lambda c: mail_facts.load_shown(c, [("ann", 1)], NOW),
    "mailed": lambda c: mailboxes.find_campaign_mails(c, ["box"], "winter"),
    "mailed elsewhere": lambda c: mailboxes.has_campaign_mail(c, "box", "winter", "ann"),
    "bounced": lambda c: mailboxes.load_mailbox_mails(c, ["box"], NOW),
    "offers": lambda c: grants.list_bounced(c, [("ann", 1)]),
}


@pytest.mark.parametrize("read", READS)
def test_mails_are_looked_up_by_who_got_them(tmp_path: Path, read: str) -> None:
    engine = connect(f"sqlite:///{tmp_path / 'shop.db'}")
    create_tables(engine)
    ran = list[tuple[str, Any]]()
    event.listen(engine, "before_cursor_execute", lambda _c, _cursor, sql, values, *_: ran.append((sql, values)))
    with read_transaction(engine) as connection:
        READS[read](connection)
        asked = [(sql, values) for sql, values in ran if "outreaches" in sql]
        explained = [connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", values).all() for sql, values in asked]
    engine.dispose()
    steps = [str(row[3]) for rows in explained for row in rows if "outreaches" in str(row[3])]
    assert steps
    assert [step for step in steps if "state" in step or "SCAN outreaches" in step] == []
