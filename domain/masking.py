"""Hides clients' names, addresses and words from those whose role needs none: the one place for pages and the API."""

from __future__ import annotations

from typing import Any, Final, TypeVar

from pydantic import BaseModel

from domain import permissions
from domain.permissions import Disclosure
from models.actors import Actor

MASK: Final = "•••"
PERSONAL_FIELDS: Final = frozenset({"email", "first_name", "note", "not_understood"})
"""Fields of answers that hold a client's name, address or words."""

Shown = TypeVar("Shown", bound=BaseModel)


def may_see_personal(actor: Actor | None) -> bool:
    """Return whether somebody may be shown names, addresses and words of clients."""
    return actor is not None and permissions.may(actor, Disclosure.PERSONAL)


def mask_text(actor: Actor | None, text: str | None, instead: str = MASK) -> str:
    """Return a personal text as it is, or `instead` to whom it is not shown; an empty one stays empty."""
    if not text:
        return ""
    return text if may_see_personal(actor) else instead


def mask_model(actor: Actor | None, shown: Shown) -> Shown:
    """Return an answer of the API with its personal fields, at any depth, masked for those who may not see them."""
    return shown if may_see_personal(actor) else _mask(shown)


def _mask(shown: Shown) -> Shown:
    changes = {name: _mask_value(name, getattr(shown, name)) for name in type(shown).model_fields}
    return shown.model_copy(update=changes)


def _mask_value(name: str, value: Any) -> Any:
    if isinstance(value, BaseModel):
        return _mask(value)
    if isinstance(value, tuple | list) and name not in PERSONAL_FIELDS:
        return type(value)(_mask_value(name, one) for one in value)
    if name not in PERSONAL_FIELDS or not value:
        return value
    return MASK if isinstance(value, str) else type(value)()
