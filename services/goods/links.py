"""Find where a link in a mail leads: the item's own page in the shop, as the catalogue states it."""

from __future__ import annotations

from sqlalchemy import Engine

from errors import Unavailable
from mail.links import Links, LinkTarget
from store.catalogue import catalogue
from store.database import read_transaction
from store.mail import ledger


def find_goal(engine: Engine, links: Links, target: LinkTarget) -> str:
    """Find the address to which the link leads. Only addresses of the settings and of the catalogue come into question;
    without the database, that of the settings."""
    try:
        with read_transaction(engine) as connection:
            ids = [target.item_id] if target.item_id else []
            item = next(iter(catalogue.load_items(connection, ids).values()), None)
            mail = ledger.load_mail(connection, target.client_id, target.n)
    except Unavailable:
        return links.build_target_url(target)
    campaign = (mail.campaign or mail.kind.value) if mail else ""
    return links.build_target_url(target, item.url if item else "", campaign)
