"""The pages of the console by name: the head of every page links them, and the command palette finds them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from domain.permissions import Action, Disclosure, Permission, may
from models.actors import Actor


class NavLink(NamedTuple):
    """A link to a page, and what somebody must be allowed to do or read to be offered it."""

    path: str
    title: str
    wish: Permission = Disclosure.SHOP


DAILY: Final = (
    NavLink("/", "Today"),
    NavLink("/kpis", "KPIs"),
    NavLink("/review", "Review", Disclosure.PERSONAL),
    NavLink("/clients", "Clients"),
    NavLink("/fixes", "Fixes"),
    NavLink("/calls", "Calls"),
    NavLink("/campaigns", "Campaigns"),
    NavLink("/mails", "Mails"),
)
"""What people open every day."""
FURTHER: Final = (
    NavLink("/mailbox", "Mailbox", Disclosure.PERSONAL),
    NavLink("/suppressions", "Suppressions"),
    NavLink("/offers", "Offers"),
    NavLink("/import", "Import", Action.IMPORT_FILE),
    NavLink("/goods", "Goods"),
    NavLink("/algorithms", "Algorithms"),
    NavLink("/refreshes", "Nightly training"),
    NavLink("/system", "System"),
    NavLink("/dead-letters", "Dead letters"),
    NavLink("/activity", "Activity", Disclosure.ACTIVITY),
    NavLink("/webhooks", "Webhooks", Action.ADD_WEBHOOK),
    NavLink("/team", "Team", Disclosure.TEAM),
    NavLink("/settings", "Settings", Disclosure.TEAM),
)
COMMANDS: Final = (
    NavLink("/new-client", "New client", Action.SAVE_CLIENT),
    NavLink("/new-campaign", "New campaign", Action.CREATE_CAMPAIGN),
    NavLink("/keys", "Keys of programs", Disclosure.TEAM),
)
"""What only the palette lists, beside all pages."""


def list_links(actor: Actor | None, links: Sequence[NavLink]) -> list[NavLink]:
    """List the links that a reader may follow; none for nobody."""
    return [link for link in links if actor is not None and may(actor, link.wish)]


def is_current(link: NavLink, path: str) -> bool:
    """Return whether `path` is the page of a link or lies below it."""
    return path == link.path or (link.path != "/" and path.startswith(f"{link.path}/"))


def find_current(links: Sequence[NavLink], path: str) -> NavLink | None:
    """Find the link to the page at `path`, or to what it lies below; None where it is not among them."""
    return next((link for link in links if is_current(link, path)), None)
