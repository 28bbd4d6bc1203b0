"""Who acts on a page, and the form that they sent: what routes of the console take from web/auth in one call."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from fastapi import Request

from models.actors import Actor
from web.auth.callers import require_caller
from web.auth.forms import build_token, check_token, read_form


class PostedForm(NamedTuple):
    """A form that one of our pages sent, and who sent it."""

    actor: Actor
    fields: Mapping[str, str]


def build_form_token(request: Request, *shown: str) -> str:
    """Build the token of a form about `shown`: what it does, the id, and what the reader saw of it."""
    return build_token(request, *shown)


async def receive_form(request: Request, *shown: str) -> PostedForm:
    """Receive a form that was made for `shown`. Raises Forbidden, BadInput."""
    actor = (await require_caller(request)).actor
    fields = await read_form(request)
    check_token(request, fields.get("token", ""), *shown)
    return PostedForm(actor, fields)
