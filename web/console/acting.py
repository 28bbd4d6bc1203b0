"""Who acts on a page, and the form that they sent: the one place where pages ask for a sign-in, a role and a token."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import quote

from fastapi import HTTPException, Request

from domain.permissions import ROLES, Action
from models.actors import Actor
from web.actors import build_page_actor
from web.console.sign_in import build_token, check_token, get_person, read_form
from web.context import get_context


class PostedForm(NamedTuple):
    """A form that one of our pages sent, and who sent it."""

    actor: Actor
    fields: Mapping[str, str]


def find_actor(request: Request) -> Actor | None:
    """Find who reads the page; None where they would have to sign in to change anything."""
    person = get_person(request)
    return None if person is None else build_page_actor(person)


def may_act(actor: Actor | None, action: Action) -> bool:
    """Return whether the page offers an action to whoever reads it; the service decides again."""
    return actor is not None and actor.role in ROLES[action]


def build_form_token(request: Request, *shown: str) -> str:
    """Build the token of a form about `shown`: what it does, the id, and what the reader saw of it."""
    return build_token(get_context(request), *shown)


async def receive_form(request: Request, back: str, *shown: str) -> PostedForm:
    """Receive a form that was made for `shown`.

    Raises: Forbidden, BadInput. Whoever is not signed in is led to the sign-in, and from there to the page at `back`.
    """
    actor = find_actor(request)
    if actor is None:
        raise HTTPException(303, "sign in first", {"Location": f"/sign-in?next={quote(back, safe='/')}"})
    fields = await read_form(request)
    check_token(get_context(request), fields.get("token", ""), *shown)
    return PostedForm(actor, fields)


def describe_reader(request: Request) -> dict[str, Any]:
    """Describe the reader for a template: `actor`, and `may(action)`, which says whether a button is shown."""
    actor = find_actor(request)
    return {"actor": actor, "may": lambda action: may_act(actor, Action(action))}
