"""Who acts without a sign-in or a key: readers of mail, and providers of mail."""

from __future__ import annotations

from typing import Final

from models.actors import Actor, Channel, Role

READER: Final = Actor(who="reader", role=Role.CLIENT, channel=Channel.PAGE)
"""Whoever uses a link in a mail: the signed link is the proof that they may."""

PROVIDER: Final = Actor(who="provider", role=Role.OPERATOR, channel=Channel.API)
"""A provider of mail that tells of bounces: its signature is the proof that it may."""

VISITOR: Final = Actor(who="visitor", role=Role.CLIENT, channel=Channel.PAGE)
"""Whoever visits the shop: the signed id of the visit is the proof that they may."""
