"""Tell a fault, and its end, once on each channel that is set."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

import orjson

from errors import BadInput, ConfigError, MailFault, Unavailable
from mail.letters import LetterText, build_letter
from mail.message import EnvelopeBuilder
from mail.transport import Transport
from models.notices import Fault, NoticeChannel
from services.context import ServiceContext
from services.webhooks.delivery import WebhookSender
from store.database import read_transaction, write_transaction
from store.notices import claim_notice, find_begin, settle_notice

LEASE: Final = timedelta(minutes=2)
"""Real time for which a fault must stand before it is told, and after which telling that failed is tried again."""
TITLES: Final[Mapping[Fault, str]] = {
    Fault.MAIL_SERVER: "No mail can be handed over",
    Fault.WORKFLOWS: "Workflows are missing",
    Fault.OUTBOX: "The outbox does not drain",
    Fault.BACKUP: "Backups are late",
    Fault.REFRESH: "The nightly training is late",
    Fault.DRIFT: "What models read has drifted",
    Fault.CLICKS: "Mails are clicked less",
    Fault.CERTIFICATE: "A certificate ends soon",
    Fault.KEY: "An API key expires soon",
    Fault.STOCK: "The stock is stale",
}
OPERATOR: Final = "selvedge-operator"
"""Stands in the return path, where the id of a client does in other mails."""

log = logging.getLogger("selvedge.notices")


class NoticeTeller:
    """Tells by the channels of the settings. Close it."""

    def __init__(self, context: ServiceContext) -> None:
        self._context, settings = context, context.settings
        self._hook = settings.notice_webhook.get_secret_value() if settings.notice_webhook else ""
        self._sender = WebhookSender.from_settings(settings)
        self._senders = {NoticeChannel.MAIL: self._mail, NoticeChannel.WEBHOOK: self._post}
        self._channels: list[NoticeChannel] = []
        if settings.notice_address:
            self._channels.append(NoticeChannel.MAIL)
        if self._hook:
            self._channels.append(NoticeChannel.WEBHOOK)

    async def close(self) -> None:
        """Close what is open."""
        await self._sender.close()

    async def tell(self, faults: Mapping[Fault, str], real_now: datetime) -> int:
        """Tell what began and what ended, and return how many notices went. One that fails is tried again later."""
        told = 0
        for channel in self._channels:
            for fault in Fault:
                told += await self._tell_one(channel, fault, faults.get(fault, ""), real_now)
        return told

    async def _tell_one(self, channel: NoticeChannel, fault: Fault, sentence: str, real_now: datetime) -> bool:
        since = await asyncio.to_thread(self._claim, fault, channel, bool(sentence), real_now)
        if since is None:
            return False
        try:
            await self._senders[channel](fault, sentence, since)
        except (BadInput, ConfigError, MailFault, Unavailable) as refused:
            log.warning("the notice %s cannot be sent by %s: %s", fault, channel, refused)
            return False
        await asyncio.to_thread(self._settle, fault, channel, bool(sentence))
        return True

    def _claim(self, fault: Fault, channel: NoticeChannel, stands: bool, real_now: datetime) -> datetime | None:
        with read_transaction(self._context.engine) as connection:
            since = find_begin(connection, fault, channel)
        if since is None and not stands:
            return None  # as nearly always: nothing is written
        with write_transaction(self._context.engine) as connection:
            return since if claim_notice(connection, fault, channel, stands, real_now, LEASE) else None

    def _settle(self, fault: Fault, channel: NoticeChannel, stands: bool) -> None:
        with write_transaction(self._context.engine) as connection:
            settle_notice(connection, fault, channel, stands)

    async def _mail(self, fault: Fault, sentence: str, since: datetime) -> None:
        settings, real_now = self._context.settings, self._context.wall()
        builder = EnvelopeBuilder.from_settings(settings)
        text = LetterText(_build_title(fault, sentence), _build_paragraphs(sentence, since), "Open", settings.base_url)
        number = int(real_now.timestamp()) % 4_000_000_000
        envelope = build_letter(builder, OPERATOR, settings.notice_address, text, number, real_now)
        async with Transport.from_settings(settings, connections=1) as transport:
            await transport.deliver(envelope, _agree)

    async def _post(self, fault: Fault, sentence: str, since: datetime) -> None:
        title, real_now = _build_title(fault, sentence), self._context.wall()
        body = {
            "type": "fault.began" if sentence else "fault.ended",
            "fault": fault,
            "text": " ".join((f"{title}.", *_build_paragraphs(sentence, since))),
            "since": since.isoformat(),
        }
        name = f"{fault}.{'began' if sentence else 'ended'}.{int(since.timestamp())}"
        result = await self._sender.send_body(self._hook, (), name, orjson.dumps(body), real_now)
        if not result.good:
            raise Unavailable(f"SELVEDGE_NOTICE_WEBHOOK: {result.fault or result.status}")


def _build_title(fault: Fault, sentence: str) -> str:
    return TITLES[fault] if sentence else f"Over: {TITLES[fault][0].lower()}{TITLES[fault][1:]}"


def _build_paragraphs(sentence: str, since: datetime) -> tuple[str, ...]:
    known = f"Known since {since.astimezone(UTC):%Y-%m-%d %H:%M} UTC."
    return (f"{sentence[0].upper()}{sentence[1:]}.", known) if sentence else ("It has ended.", known)


async def _agree() -> bool:
    return True
