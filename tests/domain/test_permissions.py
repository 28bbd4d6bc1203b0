"""The one table of permissions: every action stands in it, and a refusal names the role and the action."""

from __future__ import annotations

import pytest

from domain.permissions import ROLES, Action, require
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


def test_a_viewer_changes_nothing_and_an_owner_everything() -> None:
    assert not any(Role.VIEWER in roles for roles in ROLES.values())
    assert all({Role.OPERATOR, Role.OWNER} <= roles for roles in ROLES.values())
    assert Role.STYLIST not in ROLES[Action.CREATE_CAMPAIGN]
    assert Role.MARKETER not in ROLES[Action.DECIDE_FIX]
    assert Role.DATA_SCIENTIST not in ROLES[Action.ERASE_CLIENT]
