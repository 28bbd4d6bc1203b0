"""A mail in the browser, as it was sent."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import Engine

from errors import NotFound
from mail.links import Links
from mail.render import RenderedMail, Shop, render
from models.base import ClientId, ItemId
from models.catalogue import Item, Season
from models.mail import Brief, EmailDraft
from settings import Settings
from store.catalogue import catalogue
from store.database import read_transaction
from store.mail import messages
from store.privacy import erasure

_UNKNOWN: Final[Mapping[str, Any]] = {
    "added_at": datetime(1970, 1, 1, tzinfo=UTC),
    "cost_cents": None, "season": Season.ALL, "sizes": (), "tags": (), "sustainability": None,
}  # fmt: skip
"""What no mail shows of an item."""


def render_past_mail(engine: Engine, settings: Settings, client_id: ClientId, n: int) -> RenderedMail:
    """Render mail `n` with the words, titles and prices that it had; a mail from before that was stored, with
    those of today and without items that are gone.

    Raises NotFound where no such mail left; ErasedClient while the client is being erased.
    """
    with read_transaction(engine) as connection:
        erasure.require_not_erasing(connection, settings.keys.signing, client_id)
        past = messages.find_past_mail(connection, client_id, n)
        if past is None:
            raise NotFound("no such mail", "n")
        brief, draft = Brief.model_validate(past.brief), EmailDraft.model_validate(past.draft)
        today = catalogue.load_items(connection, [blurb.item_id for blurb in draft.items])
    items: dict[ItemId, Item] = {**today, **{key: _build_item(shown) for key, shown in past.shown.items()}}
    kept = tuple(blurb for blurb in draft.items if blurb.item_id in items)
    links, shop = Links.from_settings(settings), Shop.from_settings(settings)
    return render(draft.model_copy(update={"items": kept}), brief, items, links, shop)


def _build_item(shown: Mapping[str, Any]) -> Item:
    return Item.model_validate({**_UNKNOWN, **shown})
