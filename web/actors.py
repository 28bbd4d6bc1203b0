"""Who acts through the API and the pages."""

from __future__ import annotations

from typing import Final

from models.actors import Actor, Channel, Role

API: Final = Actor(who="api", role=Role.OWNER, channel=Channel.API)
"""Whoever holds the one API key; keys of their own names come with the console."""

READER: Final = Actor(who="reader", role=Role.CLIENT, channel=Channel.PAGE)
"""Whoever uses a link in a mail: the signed link is the proof that they may."""


def build_page_actor(person: str) -> Actor:
    """Build the actor of somebody signed in to the pages as `person`; empty where no sign-in is needed."""
    return Actor(who=person or "page", role=Role.OWNER, channel=Channel.PAGE)
