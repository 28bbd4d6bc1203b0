"""One mail's worth of input, for tests of this room and of the pages."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mail.message import EnvelopeBuilder
from models.base import ItemId, utc
from models.catalogue import Item, Season
from models.clients import Client
from models.mail import Brief, EmailDraft, ItemBlurb
from models.states import Phase, TouchKind
from settings import Settings

NOW = utc(2026, 6, 1, 12)


def settings(home: Path, **values: Any) -> Settings:
    """Settings that read neither the environment's nor a file's, with fixed keys."""
    fields: dict[str, Any] = {
        "home": home,
        "signing_key": "a signing key for tests",
        "api_key": "k",
        "drawn_pictures": True,
        **values,
    }
    return Settings(_env_file=None, **fields)


def build_envelope_builder(home: Path, **values: Any) -> EnvelopeBuilder:
    return EnvelopeBuilder.from_settings(settings(home, **values))


def item(item_id: ItemId, title: str, **values: Any) -> Item:
    fields: dict[str, Any] = {
        "category": "dress",
        "brand": "Ortell",
        "colour": "ecru",
        "price_cents": 14_900,
        "cost_cents": 5_000,
        "season": Season.ALL,
        "sizes": ("S", "M"),
        "tags": (),
        "sustainability": 0.5,
        "added_at": NOW,
        **values,
    }
    return Item(item_id=item_id, title=title, **fields)


def items() -> dict[ItemId, Item]:
    samples = [
        item("i1", "Linen Wrap Dress"),
        item("i2", "Boxy Oxford Shirt", brand="", category="shirt", price_cents=129_950),
    ]
    return {sample.item_id: sample for sample in samples}


def client(client_id: str = "c1", **values: Any) -> Client:
    fields: dict[str, Any] = {
        "email": f"{client_id}@example.com",
        "first_name": "Ann",
        "time_zone": "Europe/London",
        "time_zone_assumed": False,
        "locale": "en",
        "signed_up_at": NOW,
        "consent": True,
        **values,
    }
    return Client(client_id=client_id, **fields)


def brief(client_id: str = "c1", n: int = 1, **values: Any) -> Brief:
    fields: dict[str, Any] = {
        "kind": TouchKind.MISSED,
        "phase": Phase.COOLING,
        "assessment_id": "a1",
        "score": 20.0,
        "first_name": "Ann",
        "locale": "en",
        "shop_name": "Selvedge & Co",
        "voice": "",
        **values,
    }
    return Brief(client_id=client_id, n=n, **fields)


def draft(**values: Any) -> EmailDraft:
    fields: dict[str, Any] = {
        "subject": "What goes with your linen trousers",
        "preheader": "Two pieces chosen from what you own.",
        "greeting": "Dear Ann,",
        "paragraphs": ("It has been six weeks since your order.", "We picked two pieces that work with it."),
        "items": (
            ItemBlurb(item_id="i1", text="It wraps at the waist."),
            ItemBlurb(item_id="i2", text="Wear it open."),
        ),
        "call_to_action": "See your selection",
        **values,
    }
    return EmailDraft(**fields)
