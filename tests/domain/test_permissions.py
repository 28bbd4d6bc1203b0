"""The one table of permissions: every action stands in it, and a refusal names the role and the action."""

from __future__ import annotations

import pytest

from domain.permissions import READERS, ROLES, STAFF, Action, Disclosure, require
from errors import Forbidden
from models.actors import Actor, Channel, Role


def test_every_action_says_who_may_do_it() -> None:
    assert set(ROLES) == set(Action)
    for action in Action:
        assert len(action) <= 32, "as long as its column"


@pytest.mark.parametrize("action", Action)
@pytest.mark.parametrize("role", Role)
def test_a_role_that_is_not_in_the_table_is_refused_by_name(action: Action, role: Role) -> None:
    actor = Actor(who="eve", role=role, channel=Channel.PAGE)
    if role in ROLES[action]:
        require(actor, action)
        return
    with pytest.raises(Forbidden) as refused:
        require(actor, action)
    assert str(refused.value) == f"eve has the role {role}, which may not do {action}"


def test_every_reading_says_who_is_shown_it_and_no_client_is_shown_the_console() -> None:
    assert set(READERS) == set(Disclosure)
    assert not any(Role.CLIENT in roles for roles in READERS.values())
    assert READERS[Disclosure.PERSONAL].isdisjoint({Role.VIEWER, Role.DATA_SCIENTIST})


def test_a_limited_key_does_nothing_else_that_its_role_may() -> None:
    key = Actor(who="feed", role=Role.OPERATOR, channel=Channel.API, only=frozenset({Action.ACCEPT_EVENTS}))
    require(key, Action.ACCEPT_EVENTS)
    for other in (Action.SAVE_CLIENT, Disclosure.SHOP):
        with pytest.raises(Forbidden, match=r"feed is a key for data\.accept_events alone, which may not do"):
            require(key, other)
    assert "only" not in key.model_dump(), "limits are no business of the log"


def test_a_viewer_changes_nothing_and_an_owner_everything() -> None:
    own = ("team.", "key.", "account.", "data.restore")
    of_shop = {action: roles for action, roles in ROLES.items() if not action.startswith(own)}
    assert not any(Role.VIEWER in roles for roles in of_shop.values())
    assert all({Role.OPERATOR, Role.OWNER} <= roles for roles in of_shop.values())
    assert all(
        roles == {Role.OWNER} for action, roles in ROLES.items() if action.startswith(("team.", "key.", "data.restore"))
    )
    assert all(roles == STAFF for action, roles in ROLES.items() if action.startswith("account.")), "their own"
    assert Role.STYLIST not in ROLES[Action.CREATE_CAMPAIGN]
    assert Role.MARKETER not in ROLES[Action.DECIDE_FIX]
    assert Role.DATA_SCIENTIST not in ROLES[Action.ERASE_CLIENT]
