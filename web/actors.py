"""Who acts through the API and the pages."""

from __future__ import annotations

from typing import Final

from models.actors import Actor, Channel, Role

API: Final = Actor(who="api", role=Role.OWNER, channel=Channel.API)
"""Whoever holds the one API key; keys of their own names come with the console."""


def build_page_actor(person: str) -> Actor:
    """Build the actor of somebody signed in to the pages as `person`; empty where no sign-in is needed."""
    return Actor(who=person or "page", role=Role.OWNER, channel=Channel.PAGE)
