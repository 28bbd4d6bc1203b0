"""Names, addresses and words of clients are shown to those who need them, and to no others."""

from __future__ import annotations

import pytest

from domain.masking import MASK, mask_model, mask_text
from domain.permissions import READERS, STAFF, Disclosure
from models.actors import Actor, Channel, Role
from models.base import Contract


class Inner(Contract):
    note: str | None
    size: str


class Outer(Contract):
    client_id: str
    email: str
    first_name: str
    not_understood: tuple[str, ...]
    inner: Inner
    more: tuple[Inner, ...]


SHOWN = Outer(
    client_id="c-1",
    email="ann@shop.example",
    first_name="",
    not_understood=("ann says",),
    inner=Inner(note="Ann", size="M"),
    more=(Inner(note=None, size="S"), Inner(note="Ann", size="L")),
)


def build_actor(role: Role) -> Actor:
    return Actor(who="x", role=role, channel=Channel.PAGE)


@pytest.mark.parametrize("role", sorted(STAFF))
def test_each_role_sees_what_it_needs(role: Role) -> None:
    actor, sees = build_actor(role), role in READERS[Disclosure.PERSONAL]
    assert mask_text(actor, "Ann") == ("Ann" if sees else MASK)
    assert mask_text(actor, "Ann", "c-1") == ("Ann" if sees else "c-1")
    assert mask_text(actor, None) == mask_text(actor, "") == ""
    masked = mask_model(actor, SHOWN)
    assert (masked == SHOWN) == sees
    if not sees:
        assert "ann" not in masked.model_dump_json().lower()
        assert (masked.client_id, masked.first_name, masked.more[0].note) == ("c-1", "", None)
        assert [one.size for one in (masked.inner, *masked.more)] == ["M", "S", "L"]


def test_nobody_sees_anything() -> None:
    assert mask_text(None, "Ann") == MASK


def test_a_key_limited_to_figures_sees_no_names() -> None:
    key = Actor(who="crm", role=Role.OWNER, channel=Channel.API, only=frozenset({Disclosure.SHOP}))
    assert mask_text(key, "Ann") == MASK
