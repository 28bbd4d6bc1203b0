"""`/v1/team` and `/v1/keys`: who has an account, and the keys of programs."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import Depends, Path, Request

from domain.permissions import Action, Disclosure
from models.base import ID_PATTERN
from models.team import (
    Account,
    AccountInvitation,
    AccountList,
    ApiKey,
    ApiKeyList,
    ApiKeyOrder,
    ApiKeySecret,
    InvitationLink,
    RoleChange,
)
from services.team import api_keys, people
from services.team.invitations import LinkBase
from web.api.requests import JsonBody
from web.api.routing import create_router, declare_errors
from web.auth.callers import By, KnownKeys
from web.auth.rules import needs
from web.context import Here, WebContext

router: Final = create_router("team")

AccountPath = Annotated[str, Path(description="The account's id.", json_schema_extra={"pattern": ID_PATTERN})]
KeyPath = Annotated[str, Path(description="The key's name or id.", max_length=64)]


@router.get("/team", dependencies=[needs(Disclosure.TEAM)])
def list_accounts(context: Here) -> AccountList:
    """List everybody who has an account."""
    return people.list_people(context.engine)


@router.post("/team", status_code=201, responses=declare_errors(409, 413), dependencies=[needs(Action.INVITE_PERSON)])
def invite_person(
    context: Here, actor: By, order: Annotated[AccountInvitation, Depends(JsonBody(AccountInvitation))]
) -> InvitationLink:
    """Add an account, and return the link with which its person sets a password, once. 409: the name is taken."""
    now, real_now = context.business_now(), context.real_now()
    return people.invite_person(context.engine, actor, _build_base(context), order, now, real_now)


@router.put("/team/{account_id}/role", responses=declare_errors(404, 413), dependencies=[needs(Action.SET_ROLE)])
def set_role(
    context: Here, actor: By, account_id: AccountPath, change: Annotated[RoleChange, Depends(JsonBody(RoleChange))]
) -> Account:
    """Give somebody another role. 422: the last owner stays one."""
    now, real_now = context.business_now(), context.real_now()
    return people.set_role(context.engine, actor, account_id, change.role, now, real_now)


@router.delete("/team/{account_id}", responses=declare_errors(404), dependencies=[needs(Action.DISABLE_PERSON)])
def disable_person(context: Here, actor: By, account_id: AccountPath) -> Account:
    """Disable an account and end its sign-ins; it stays on the list. 422: the last owner stays."""
    now, real_now = context.business_now(), context.real_now()
    return people.disable_person(context.engine, actor, account_id, now, real_now)


@router.delete("/team/{account_id}/password", responses=declare_errors(404), dependencies=[needs(Action.RESET_PERSON)])
def reset_person(context: Here, actor: By, account_id: AccountPath) -> InvitationLink:
    """Take away password and second factor, end the sign-ins, and return a new link."""
    now, real_now = context.business_now(), context.real_now()
    return people.reset_person(context.engine, actor, _build_base(context), account_id, now, real_now)


@router.get("/keys", dependencies=[needs(Disclosure.TEAM)])
def list_keys(context: Here) -> ApiKeyList:
    """List every key, the newest first, revoked and expired ones too. No secret is in it."""
    return api_keys.list_keys(context.engine)


@router.post("/keys", status_code=201, responses=declare_errors(409, 413), dependencies=[needs(Action.CREATE_KEY)])
def create_key(context: Here, actor: By, order: Annotated[ApiKeyOrder, Depends(JsonBody(ApiKeyOrder))]) -> ApiKeySecret:
    """Make a key, and return it with its secret, this one time. 409: a key of this name is in force."""
    return api_keys.create_key(context.engine, actor, order, context.business_now(), context.real_now())


@router.delete("/keys/{name}", responses=declare_errors(404), dependencies=[needs(Action.REVOKE_KEY)])
def revoke_key(request: Request, context: Here, actor: By, name: KeyPath) -> ApiKey:
    """Revoke a key. Programs that use it are refused within seconds."""
    key = api_keys.revoke_key(context.engine, actor, name, context.business_now(), context.real_now())
    known: KnownKeys = request.app.state.known_keys
    known.forget()
    return key


def _build_base(context: WebContext) -> LinkBase:
    return LinkBase(context.settings.base_url, context.settings.keys.signing)
