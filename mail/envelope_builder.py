"""Builds envelopes: everything that one process needs to turn drafts into mails, made once from settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from mail.dkim import Signer
from mail.links import Links
from mail.message import Envelope, Recipient, Sender, build_envelope
from mail.render import Shop, render
from models.base import ItemId
from models.catalogue import Item
from models.clients import Client
from models.mail import Brief, EmailDraft
from settings import Settings


@dataclass(frozen=True)
class EnvelopeBuilder:
    """Turns an approved draft into an envelope for `mail.transport`."""

    sender: Sender
    shop: Shop
    links: Links
    signer: Signer

    @classmethod
    def from_settings(cls, settings: Settings) -> EnvelopeBuilder:
        """Build it from settings. Raises ConfigError with one line that names the variable to correct."""
        return cls(
            sender=Sender.from_settings(settings),
            shop=Shop.from_settings(settings),
            links=Links.from_settings(settings),
            signer=Signer.from_settings(settings),
        )

    def build(
        self, client: Client, brief: Brief, draft: EmailDraft, items: Mapping[ItemId, Item], now: datetime
    ) -> Envelope:
        """Build the mail of `draft` for `client`, dated `now` (business time). `items` holds each item that it names.

        Raises:
            BadInput: names the field (`email`, `subject`, `items`); nothing was sent then.
        """
        rendered = render(draft, brief, items, self.links, self.shop)
        to = Recipient(client.client_id, brief.n, client.first_name, client.email)
        return build_envelope(rendered, to, brief.kind, now, self.sender, self.links, self.signer)
