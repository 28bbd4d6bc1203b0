"""What is stored of mail to each receiving domain, under a keyed hash: some domains have one reader."""

from __future__ import annotations

from sqlalchemy import Connection, select, update

from domain.warm_up import DomainRecord
from store.mail.suppressions import hash_address
from store.sql.bulk import insert_into
from store.tables import mail_domains

d = mail_domains.c


def hash_domain(signing_key: str, email: str) -> str:
    """Compute the keyed hash of the domain of an address."""
    return hash_address(signing_key, f"@{email.rpartition('@')[2]}")


def load_domain(connection: Connection, domain_hash: str) -> DomainRecord | None:
    """Load the record of a domain and lock it; None where no mail went yet."""
    columns = select(d.since, d.day, d.sent, d.deferrals, d.rest_until)
    row = connection.execute(columns.where(d.domain_hash == domain_hash).with_for_update()).one_or_none()
    return None if row is None else DomainRecord.model_validate(row._mapping)


def save_domain(connection: Connection, domain_hash: str, record: DomainRecord) -> None:
    """Save the record of a domain."""
    values = record.model_dump()
    added = insert_into(connection, mail_domains).values(domain_hash=domain_hash, **values)
    connection.execute(added.on_conflict_do_update(index_elements=["domain_hash"], set_=values))


def end_deferrals(connection: Connection, domain_hash: str) -> None:
    """Note that a domain takes mail again."""
    settled = update(mail_domains).where(d.domain_hash == domain_hash, d.deferrals > 0)
    connection.execute(settled.values(deferrals=0, rest_until=None))
