"""What a client asks for and has to confirm by a letter: another address, their data, their erasure.

A mail may be forwarded, so its link alone gives nobody somebody's data, and moves nobody's mail.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Final, NamedTuple

from sqlalchemy import Connection

from domain import permissions
from domain.addresses import normalise_address
from domain.client_links import LETTER_DAYS, LETTERS_A_DAY
from domain.permissions import Action
from errors import BadInput
from mail.letters import LetterText, build_letter
from mail.links import LetterKind, LetterTarget, Links, OwnPage
from mail.message import EnvelopeBuilder
from mail.transport import Transport
from models.actors import Subject, SubjectKind
from models.client_pages import AddressChange
from models.clients import Client
from services.client_pages.preferences import OwnChange
from settings import Settings
from store.activity import count_activities, write_activity
from store.clients import pending_addresses
from store.database import write_transaction
from store.mail.suppressions import hash_mailbox, load_suppression

TAG: Final = 20
"""Characters of a mailbox's hash that a link holds."""


class Letter(NamedTuple):
    """A letter to be sent, and to which address."""

    address: str
    text: LetterText


_TEXTS: Final = {
    LetterKind.ADDRESS: (
        "Confirm your new address",
        "You asked us to write to this address from now on. Nothing changes before you confirm it.",
        "Confirm this address",
    ),
    LetterKind.DATA: (
        "Your data",
        "You asked for everything that we store about you. The link below gives it to you as one file.",
        "Get my data",
    ),
    LetterKind.ERASURE: (
        "Erase your data",
        "You asked us to erase everything that we store about you. Nothing is erased before you confirm it, "
        "and nobody can undo it afterwards.",
        "Go on to erase my data",
    ),
}
_END: Final = f"The link works for {LETTER_DAYS} days. If you did not ask for this, ignore this mail."


def ask_for_address(change: OwnChange, links: Links, wish: AddressChange) -> list[Letter]:
    """Note the new address, and return the letter to it that confirms it, and the one that tells the old address.

    Raises NotAllowed, BadInput (field `email`, or too many letters), and as `open_client_page`.
    """
    email = normalise_address(wish.email)
    with write_transaction(change.engine) as connection:
        client = _begin(connection, change, LetterKind.ADDRESS)
        if email == client.email:
            raise BadInput("We write to that address already", "email")
        mailbox = hash_mailbox(change.policy.signing_key, email, change.policy.fold_tags)
        held = load_suppression(connection, {mailbox})
        if held is not None and held.lifted_at is None:
            raise BadInput("We may not write to that address: mail to it came back, or its owner wants none", "email")
        pending_addresses.save_pending(connection, change.client_id, email, change.now)
    stop = links.build_page_url(OwnPage.PREFERENCES, change.client_id, change.n)
    told = (
        "Somebody asked us, by a link of our mail to you, to write to another address from now on.",
        "If that was you, there is nothing to do. If not, stop it on the page of your preferences.",
    )
    notice = LetterText("Your mail from us is to move", told, "See or stop it", stop)
    return [_write(change, links, LetterKind.ADDRESS, email), Letter(client.email, notice)]


def ask_for_letter(change: OwnChange, links: Links, kind: LetterKind) -> list[Letter]:
    """Return the letter to the client's address that confirms what they ask for: their data, or their erasure.

    Raises NotAllowed, BadInput for too many letters, and as `open_client_page`.
    """
    with write_transaction(change.engine) as connection:
        client = _begin(connection, change, kind)
    return [_write(change, links, kind, client.email)]


def call_off_address(change: OwnChange) -> None:
    """Forget the address that waits to be confirmed. Raises NotAllowed, and as `open_client_page`."""
    permissions.require(change.actor, Action.CALL_OFF_ADDRESS)
    with write_transaction(change.engine) as connection:
        change.open_in(connection)
        if pending_addresses.find_pending(connection, change.client_id) is not None:
            pending_addresses.save_pending(connection, change.client_id, None, None)
            _record(connection, change, Action.CALL_OFF_ADDRESS)


async def send_letters(settings: Settings, change: OwnChange, letters: Sequence[Letter]) -> None:
    """Send the letters. Raises ConfigError, or MailFault for the first that was not taken."""
    builder = EnvelopeBuilder.from_settings(settings)
    async with Transport.from_settings(settings, connections=1) as transport:
        for k, letter in enumerate(letters):
            number = int(change.real_now.timestamp()) * 2 % 4_000_000_000 + k
            envelope = build_letter(builder, change.client_id, letter.address, letter.text, number, change.now)
            await transport.deliver(envelope, _agree)


def tag_mailbox(change_policy_key: str, email: str, fold_tags: bool) -> str:
    """Compute what a letter's link holds of the mailbox to which it went."""
    return hash_mailbox(change_policy_key, email, fold_tags)[:TAG]


def _begin(connection: Connection, change: OwnChange, kind: LetterKind) -> Client:
    """Check that the client may ask for one more letter, and put it on record."""
    permissions.require(change.actor, Action.REQUEST_LETTER)
    client = change.open_in(connection)
    since = change.real_now - timedelta(days=1)
    if count_activities(connection, Action.REQUEST_LETTER, change.client_id, since) >= LETTERS_A_DAY:
        raise BadInput("We sent you several such mails today; please use the latest, or come back tomorrow", "email")
    _record(connection, change, Action.REQUEST_LETTER, about=kind.value)
    return client


def _record(connection: Connection, change: OwnChange, action: Action, **data: str) -> None:
    subject = Subject(kind=SubjectKind.CLIENT, id=change.client_id)
    write_activity(connection, change.actor, action, subject, change.now, change.real_now, data)


def _write(change: OwnChange, links: Links, kind: LetterKind, email: str) -> Letter:
    subject, words, button = _TEXTS[kind]
    tag = tag_mailbox(change.policy.signing_key, email, change.policy.fold_tags)
    target = LetterTarget(change.client_id, kind, int(change.now.timestamp()), tag)
    return Letter(email, LetterText(subject, (words, _END), button, links.build_confirm_url(target)))


async def _agree() -> bool:
    return True
