"""Write the mails of a part and claim those that may leave now."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final, NamedTuple

from sqlalchemy import Connection

from domain.grounding import compute_digest
from errors import SelvedgeError
from mail.message import EnvelopeBuilder
from models.base import ItemId
from models.catalogue import Item
from models.clients import Client
from models.outreach import OutreachStep
from models.states import OutreachState
from services.context import ServiceContext
from services.mailing.composition import ChosenMail, ComposedMail, MailComposer, write_mail
from services.mailing.gate import list_item_ids
from services.mailing.sending import Claim, build_claim
from services.mailing.sending_in_bulk import SendAttempt
from store.catalogue import catalogue
from store.clients import clients
from store.database import read_transaction, write_transaction
from store.mail import ledger_in_bulk
from store.mail.ledger import LedgerRow
from store.mail.ledger_in_bulk import MailKey, MailMove

log = logging.getLogger("selvedge.broadcasts")


class _ReadyMail(NamedTuple):
    """A written mail; `claim`: None where it leaves later."""

    written: ComposedMail
    claim: Claim | None


class BroadcastWriter:
    """Writes parts. One for a process; safe from many threads."""

    def __init__(self, context: ServiceContext, composer: MailComposer, post: EnvelopeBuilder) -> None:
        self._context, self._composer, self._post = context, composer, post

    def write(self, keys: Sequence[MailKey], at: datetime) -> list[SendAttempt]:
        """Write these mails as a single one is written, and claim those whose time has come. One that cannot be written
        is left as it is: its client's own workflow tries it, and settles it."""
        with read_transaction(self._context.engine) as connection:
            _, now = self._context.load_business_time(connection, at)
            rows = ledger_in_bulk.load_mails(connection, keys)
            unwritten = [row for row in rows if row.state is OutreachState.BRIEFED]
            chosen = self._composer.choose_many(connection, unwritten, now)
            again = [row for row in rows if row.state in _WRITTEN]
            people = clients.load_clients(connection, [row.client_id for row in rows])
            shown = {pick.item_id for one in chosen for pick in one.items.brief.items}
            items = catalogue.load_items(connection, shown.union(*map(list_item_ids, again)))
        ready = [mail for one in chosen if (mail := self._write(one, people, items, now)) is not None]
        taken_up = [claim for row in again if (claim := self._build(row, people, items, now)) is not None]
        with write_transaction(self._context.engine) as connection:
            claims = self._save(connection, ready, taken_up, items, now)
        return [
            SendAttempt(OutreachStep(client_id=claim.row.client_id, n=claim.row.n, at=at), claim) for claim in claims
        ]

    def _write(
        self, chosen: ChosenMail, people: Mapping[str, Client], items: Mapping[ItemId, Item], now: datetime
    ) -> _ReadyMail | None:
        """Write one mail, and build it as it leaves where that is now; None where it cannot be written."""
        try:
            written = write_mail(chosen)
        except SelvedgeError as fault:
            log.warning("a mail of a broadcast is left to its client's workflow: %s", fault.code)
            return None
        if chosen.send_at > now:
            return _ReadyMail(written, None)
        row = replace(chosen.row, state=OutreachState.SCHEDULED, **written.build_values())
        claim = self._build(row, people, items, now)
        return None if claim is None else _ReadyMail(written, claim)

    def _build(
        self, row: LedgerRow, people: Mapping[str, Client], items: Mapping[ItemId, Item], now: datetime
    ) -> Claim | None:
        """Build a written mail as it leaves; None where it cannot be built, or its text is not the one that was
        checked."""
        client = people.get(row.client_id)
        if client is None or row.digest != compute_digest(row.draft or {}, row.brief or {}):
            return None
        try:
            return build_claim(self._context, self._post, row, client, items, now)
        except SelvedgeError as fault:
            log.warning("a mail of a broadcast is left to its client's workflow: %s", fault.code)
            return None

    def _save(
        self,
        connection: Connection,
        ready: Sequence[_ReadyMail],
        taken_up: Sequence[Claim],
        items: Mapping[ItemId, Item],
        now: datetime,
    ) -> list[Claim]:
        """Save what was written, unless somebody moved the mail meanwhile, and claim what leaves now."""
        moves = []
        for written, _ in ready:
            row = written.chosen.row
            moves.append(MailMove(row.client_id, row.n, values=written.build_values()))
        scheduled = ledger_in_bulk.move_mails(
            connection, moves, OutreachState.SCHEDULED, now, source=OutreachState.BRIEFED
        )
        claims = list(taken_up)
        for written, claim in ready:
            row = written.chosen.row
            if (row.client_id, row.n) in scheduled:
                self._composer.save_decisions(connection, written.chosen, now)
                claims += [claim] if claim is not None else []
        claiming = [MailMove(claim.row.client_id, claim.row.n, values=claim.build_values(items)) for claim in claims]
        claimed = ledger_in_bulk.move_mails(connection, claiming, OutreachState.CLAIMED, now)
        return [claim for claim in claims if (claim.row.client_id, claim.row.n) in claimed]


_WRITTEN: Final = frozenset({OutreachState.SCHEDULED, OutreachState.CLAIMED})
"""Mails of a part whose worker died before they left: they are claimed again."""
