"""What a client asks of our mail on their own page: how much, about what, a break, their language, and purposes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Final, NamedTuple

from sqlalchemy import Connection, Engine

from domain import permissions
from domain.breaks import compute_break_end, list_bounds
from domain.client_links import is_letter_open
from domain.permissions import Action
from domain.timing import load_zone
from models.actors import Actor, Subject, SubjectKind
from models.base import ClientId
from models.client_pages import Break, LanguageChoice, MailWishes, PurposeChoice
from models.clients import Client, ClientPolicy
from models.consents import Purpose
from models.lifecycle import Command
from models.states import HoldSource
from services.client_pages.access import open_client_page
from services.client_pages.consent import PurposeQuestion, build_consent_events, list_purposes
from services.clients.steering import steer_client
from services.ingestion.intake import accept_events
from store.activity import write_activity
from store.clients import clients, holds, pending_addresses
from store.database import read_transaction, write_transaction
from store.mail.mail_facts import load_mail_facts
from store.mail.policy import ShopPolicy

SOURCE: Final = "preferences"


class PreferencesPage(NamedTuple):
    """What the page of preferences shows. `subscribed`: whether the client may be mailed at all."""

    client: Client
    subscribed: bool
    break_until: date | None
    first_day: date
    last_day: date
    purposes: list[PurposeQuestion]
    pending: str
    """An address that waits to be confirmed."""


def load_preferences_page(
    engine: Engine, policy: ShopPolicy, client_id: ClientId, n: int, now: datetime
) -> PreferencesPage:
    """Load the preferences of a client, as a link of mail `n` opens them. Raises as `open_client_page`."""
    with read_transaction(engine) as connection:
        client = open_client_page(connection, policy.signing_key, client_id, n, now)
        facts = load_mail_facts(connection, client, policy.signing_key, ())
        ends = holds.find_break_end(connection, client_id, now)
        pending = pending_addresses.find_pending(connection, client_id)
    return PreferencesPage(
        client,
        facts.consent and not facts.withdrawn and not facts.suppressed,
        None if ends is None else ends.astimezone(load_zone(client.time_zone)).date(),
        *list_bounds(client.time_zone, now),
        list_purposes(client),
        pending.email if pending is not None and is_letter_open(pending.since, now) else "",
    )


class OwnChange(NamedTuple):
    """Whose change it is: by a link of mail `n`, now (business and real time)."""

    engine: Engine
    actor: Actor
    policy: ShopPolicy
    client_id: ClientId
    n: int
    now: datetime
    real_now: datetime

    def open(self) -> Client:
        """Return the client. Raises as `open_client_page`."""
        with read_transaction(self.engine) as connection:
            return self.open_in(connection)

    def open_in(self, connection: Connection) -> Client:
        """Return the client, within a transaction. Raises as `open_client_page`."""
        return open_client_page(connection, self.policy.signing_key, self.client_id, self.n, self.now)

    def steer(self, command: Command) -> None:
        """Carry out a command about the client's mail."""
        steer_client(self.engine, self.actor, self.policy.signing_key, self.client_id, command)


def save_wishes(change: OwnChange, wishes: MailWishes) -> None:
    """Save how much mail the client wants, and about what. Raises NotAllowed, and as `open_client_page`."""
    change.open()
    policy = ClientPolicy(max_mails_per_week=wishes.max_mails_per_week, topics=wishes.topics)
    change.steer(Command(kind="adjust", policy=policy, at=change.real_now))


def save_break(change: OwnChange, wish: Break) -> None:
    """Hold the client's mail until the day that they ask for, or end the break.

    Raises NotAllowed, BadInput for a day that is over or too far away, and as `open_client_page`.
    """
    client = change.open()
    if wish.until is None:
        change.steer(Command(kind="resume", source=HoldSource.CLIENT, at=change.real_now))
        return
    ends = compute_break_end(wish.until, client.time_zone, change.now)
    change.steer(Command(kind="pause", source=HoldSource.CLIENT, until=ends, at=change.real_now))


def save_language(change: OwnChange, choice: LanguageChoice) -> None:
    """Save the language in which the client likes to read. Raises NotAllowed, and as `open_client_page`."""
    permissions.require(change.actor, Action.SET_LANGUAGE)

    def save(connection: Connection, client: Client) -> bool:
        return clients.save_locale(connection, client.client_id, choice.locale)

    _record(change, Action.SET_LANGUAGE, save)


def save_purposes(change: OwnChange, choice: PurposeChoice) -> None:
    """Save what the client says about the purposes of consent. Raises NotAllowed, and as `open_client_page`."""
    permissions.require(change.actor, Action.CHANGE_CONSENT)
    wanted = {Purpose.PERSONALISATION: choice.personalisation, Purpose.MEASUREMENT: choice.measurement}

    def save(connection: Connection, client: Client) -> bool:
        batch = list(build_consent_events(client, wanted, SOURCE, change.now))
        return bool(accept_events(connection, batch, change.policy, change.now, change.real_now).accepted)

    _record(change, Action.CHANGE_CONSENT, save)


def _record(change: OwnChange, action: Action, save: Callable[[Connection, Client], bool]) -> None:
    """Make the change, and put it on record where it changed anything."""
    with write_transaction(change.engine) as connection:
        if save(connection, change.open_in(connection)):
            subject = Subject(kind=SubjectKind.CLIENT, id=change.client_id)
            write_activity(connection, change.actor, action, subject, change.now, change.real_now)
