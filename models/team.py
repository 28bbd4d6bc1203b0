"""Accounts of staff, their sign-ins, and the keys of programs."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints

from models.actors import Role
from models.base import ONE_LINE, Contract, Id, StrictInput, Utc


def _require_staff(role: Role) -> Role:
    if role is Role.CLIENT:
        raise ValueError("is the role of clients on their own pages; no account and no key has it")
    return role


StaffRole = Annotated[Role, AfterValidator(_require_staff)]
StaffName = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=ONE_LINE, strip_whitespace=True)]


class AccountState(StrEnum):
    """Whether somebody may sign in."""

    INVITED = "invited"
    ACTIVE = "active"
    DISABLED = "disabled"


class Account(Contract):
    """Somebody of the shop's staff. Times are real time."""

    account_id: Id
    name: StaffName
    role: Role
    state: AccountState
    second_factor: bool
    created_at: Utc
    signed_in_at: Utc | None


class AccountList(Contract):
    """Everybody who has an account."""

    accounts: tuple[Account, ...]


class AccountInvitation(StrictInput):
    """Whom to invite, and as what."""

    name: StaffName
    role: StaffRole


class RoleChange(StrictInput):
    """The role that somebody gets."""

    role: StaffRole


class InvitationLink(Contract):
    """A link that sets a password, once. It is shown this one time."""

    account: Account
    link: str
    days: int


class SignIn(Contract):
    """One sign-in of somebody, on one browser."""

    token_hash: str
    began_at: Utc
    seen_at: Utc
    agent: str
    address: str


class ApiKey(Contract):
    """A key of a program. `only`: the permissions it is limited to; None: all of its role. Times are real time."""

    key_id: Id
    name: StaffName
    role: Role
    only: tuple[str, ...] | None
    created_at: Utc
    created_by: str
    expires_at: Utc | None
    used_at: Utc | None
    revoked_at: Utc | None


class ApiKeyList(Contract):
    """Every key, the newest first."""

    keys: tuple[ApiKey, ...]


class ApiKeyOrder(StrictInput):
    """The key that is to be made. `days`: after how many it expires; None: never."""

    name: StaffName
    role: StaffRole
    only: tuple[Annotated[str, Field(max_length=32)], ...] | None = None
    days: Annotated[int, Field(ge=1, le=3_650)] | None = 365


class ApiKeySecret(Contract):
    """A new key with its secret, which is shown this one time."""

    key: ApiKey
    secret: str
