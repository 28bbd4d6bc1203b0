"""Which role may change and read what. The only such tables: every service that changes something asks them, and every
route."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from errors import NotAllowed
from models.actors import Actor, Role


class Action(StrEnum):
    """A change that somebody can ask for; the name stands in the Activity log."""

    ACCEPT_EVENTS = "data.accept_events"
    TAKE_RETURN = "mail.take_return"
    SUPPRESS = "mail.suppress"
    LIFT_SUPPRESSION = "mail.lift_suppression"
    IMPORT_FILE = "data.import_file"
    TAKE_STREAM = "data.take_stream"
    RETRY_LETTER = "data.retry_letter"
    DROP_LETTER = "data.drop_letter"
    REPLACE_GOODS = "data.replace_goods"
    FETCH_PICTURES = "data.fetch_pictures"
    START_CLIENTS = "data.start_clients"
    RECONCILE = "data.reconcile"
    RESTORE = "data.restore"
    SAVE_CLIENT = "client.save"
    TAG_CLIENT = "client.tag"
    EXPORT_LIST = "data.export_list"
    CHANGE_CONSENT = "client.change_consent"
    SET_LANGUAGE = "client.set_language"
    PAUSE_CLIENT = "client.pause"
    RESUME_CLIENT = "client.resume"
    SET_CLIENT_POLICY = "client.set_policy"
    LEAVE_LIST = "client.leave_list"
    STAY_ON_LIST = "client.stay_on_list"
    ANSWER_QUIZ = "client.answer_quiz"
    REQUEST_LETTER = "client.request_letter"
    CALL_OFF_ADDRESS = "client.call_off_address"
    CHANGE_ADDRESS = "client.change_address"
    EXPORT_CLIENT = "client.export"
    ERASE_CLIENT = "client.erase"
    DECLARE_ATTRIBUTE = "attribute.declare"
    SAVE_SEGMENT = "segment.save"
    DELETE_SEGMENT = "segment.delete"
    CREATE_CAMPAIGN = "campaign.create"
    SIMULATE_CAMPAIGN = "campaign.simulate"
    TEST_CAMPAIGN = "campaign.test"
    SUBMIT_CAMPAIGN = "campaign.submit"
    APPROVE_CAMPAIGN = "campaign.approve"
    START_CAMPAIGN = "campaign.start"
    PAUSE_CAMPAIGN = "campaign.pause"
    RESUME_CAMPAIGN = "campaign.resume"
    ADJUST_CAMPAIGN = "campaign.adjust"
    END_CAMPAIGN = "campaign.end"
    FINISH_CAMPAIGN = "campaign.finish"
    RETRY_CAMPAIGN = "campaign.retry"
    ENROL_CLIENT = "campaign.enrol"
    CREATE_OFFER = "offer.create"
    APPROVE_OFFER = "offer.approve"
    RETIRE_OFFER = "offer.retire"
    DECIDE_MAIL = "mail.decide"
    CLAIM_MAIL = "mail.claim"
    EDIT_MAIL = "mail.edit"
    STEER_MAIL = "mail.steer"
    TEST_MAIL = "mail.test"
    RESOLVE_MAIL = "mail.resolve"
    DECIDE_CALL = "call.decide"
    REQUEST_FIX = "fix.request"
    DECIDE_FIX = "fix.decide"
    CANCEL_FIX = "fix.cancel"
    WRITE_FIX_NOTE = "fix.write_note"
    START_WAVE = "wave.start"
    SET_SLOT_POLICY = "slot.set_policy"
    SAVE_FLAG = "flag.save"
    START_FLAG = "flag.start"
    STOP_FLAG = "flag.stop"
    TRAIN_MODEL = "model.train"
    PROMOTE_MODEL = "model.promote"
    START_REFRESH = "refresh.start"
    INVITE_PERSON = "team.invite"
    SET_ROLE = "team.set_role"
    DISABLE_PERSON = "team.disable"
    RESET_PERSON = "team.reset"
    CREATE_KEY = "key.create"
    REVOKE_KEY = "key.revoke"
    ADD_WEBHOOK = "webhook.add"
    SET_WEBHOOK_STATE = "webhook.set_state"
    ROTATE_WEBHOOK = "webhook.rotate"
    REPLAY_WEBHOOK = "webhook.replay"
    TEST_WEBHOOK = "webhook.test"
    REMOVE_WEBHOOK = "webhook.remove"
    SET_PASSWORD = "account.set_password"  # noqa: S105 - the name of an action
    SET_SECOND_FACTOR = "account.set_second_factor"
    END_SIGN_IN = "account.end_sign_in"
    JOIN_BY_PROVIDER = "account.join_by_provider"


class Disclosure(StrEnum):
    """What somebody may be shown."""

    SHOP = "shop.read"
    """Figures, states and ids: what holds no name, address or text of a client."""
    PERSONAL = "personal.read"
    """Names, addresses, notes and mails of clients."""
    PREVIEW = "campaign.preview"
    """What a campaign would do, and its mails as real clients would get them."""
    RECOMMENDATIONS = "recommendations.read"
    """What to show on a page of the shop; what was shown is put on record."""
    ACTIVITY = "activity.read"
    HISTORIES = "histories.read"
    """What Temporal keeps of workflows, decrypted."""
    OWN = "own.read"
    """Their own account."""
    TEAM = "team.read"
    """The accounts and keys of everybody."""


_MARKETER: Final = frozenset({Role.MARKETER, Role.OPERATOR, Role.OWNER})
_STYLIST: Final = frozenset({Role.STYLIST, Role.OPERATOR, Role.OWNER})
_SCIENTIST: Final = frozenset({Role.DATA_SCIENTIST, Role.OPERATOR, Role.OWNER})
_OPERATOR: Final = frozenset({Role.OPERATOR, Role.OWNER})
_OWNER: Final = frozenset({Role.OWNER})
STAFF: Final = frozenset(Role) - {Role.CLIENT}
_CLIENT: Final = frozenset({Role.CLIENT, Role.OPERATOR, Role.OWNER})
"""What clients do for themselves, on their own pages. A link names the client, so it changes nobody else."""

ROLES: Final[Mapping[Action, frozenset[Role]]] = {
    Action.ACCEPT_EVENTS: _CLIENT,
    Action.TAKE_RETURN: _OPERATOR,
    Action.SUPPRESS: _MARKETER,
    Action.LIFT_SUPPRESSION: _OPERATOR,
    Action.IMPORT_FILE: _OPERATOR,
    Action.TAKE_STREAM: _OPERATOR,
    Action.RETRY_LETTER: _OPERATOR,
    Action.DROP_LETTER: _OPERATOR,
    Action.REPLACE_GOODS: _OPERATOR,
    Action.FETCH_PICTURES: _OPERATOR,
    Action.START_CLIENTS: _OPERATOR,
    Action.RECONCILE: _OPERATOR,
    Action.RESTORE: _OWNER,
    Action.SAVE_CLIENT: _OPERATOR,
    Action.TAG_CLIENT: _MARKETER,
    Action.EXPORT_LIST: _MARKETER,
    Action.CHANGE_CONSENT: _CLIENT,
    Action.SET_LANGUAGE: _CLIENT,
    Action.PAUSE_CLIENT: _MARKETER | _STYLIST | _CLIENT,
    Action.RESUME_CLIENT: _MARKETER | _STYLIST | _CLIENT,
    Action.SET_CLIENT_POLICY: _MARKETER | _STYLIST | _CLIENT,
    Action.LEAVE_LIST: _CLIENT,
    Action.STAY_ON_LIST: _CLIENT,
    Action.ANSWER_QUIZ: _CLIENT,
    Action.REQUEST_LETTER: _CLIENT,
    Action.CALL_OFF_ADDRESS: _CLIENT,
    Action.CHANGE_ADDRESS: _CLIENT,
    Action.EXPORT_CLIENT: _CLIENT,
    Action.ERASE_CLIENT: _CLIENT,
    Action.DECLARE_ATTRIBUTE: _MARKETER,
    Action.SAVE_SEGMENT: _MARKETER,
    Action.DELETE_SEGMENT: _MARKETER,
    Action.CREATE_CAMPAIGN: _MARKETER,
    Action.SIMULATE_CAMPAIGN: _MARKETER,
    Action.TEST_CAMPAIGN: _MARKETER,
    Action.SUBMIT_CAMPAIGN: _MARKETER,
    Action.APPROVE_CAMPAIGN: _OPERATOR,
    Action.START_CAMPAIGN: _MARKETER,
    Action.PAUSE_CAMPAIGN: _MARKETER,
    Action.RESUME_CAMPAIGN: _MARKETER,
    Action.ADJUST_CAMPAIGN: _MARKETER,
    Action.END_CAMPAIGN: _MARKETER,
    Action.FINISH_CAMPAIGN: _OPERATOR,
    Action.RETRY_CAMPAIGN: _MARKETER,
    Action.ENROL_CLIENT: _MARKETER,
    Action.CREATE_OFFER: _MARKETER,
    Action.APPROVE_OFFER: _OPERATOR,
    Action.RETIRE_OFFER: _MARKETER,
    Action.DECIDE_MAIL: _MARKETER | _STYLIST,
    Action.CLAIM_MAIL: _MARKETER | _STYLIST,
    Action.EDIT_MAIL: _MARKETER | _STYLIST,
    Action.STEER_MAIL: _MARKETER,
    Action.TEST_MAIL: _MARKETER,
    Action.RESOLVE_MAIL: _OPERATOR,
    Action.DECIDE_CALL: _STYLIST,
    Action.REQUEST_FIX: _STYLIST,
    Action.DECIDE_FIX: _STYLIST,
    Action.CANCEL_FIX: _STYLIST,
    Action.WRITE_FIX_NOTE: _STYLIST,
    Action.START_WAVE: _STYLIST,
    Action.SET_SLOT_POLICY: _SCIENTIST,
    Action.SAVE_FLAG: _SCIENTIST,
    Action.START_FLAG: _SCIENTIST,
    Action.STOP_FLAG: _SCIENTIST,
    Action.TRAIN_MODEL: _SCIENTIST,
    Action.PROMOTE_MODEL: _SCIENTIST,
    Action.START_REFRESH: _SCIENTIST,
    Action.INVITE_PERSON: _OWNER,
    Action.SET_ROLE: _OWNER,
    Action.DISABLE_PERSON: _OWNER,
    Action.RESET_PERSON: _OWNER,
    Action.CREATE_KEY: _OWNER,
    Action.REVOKE_KEY: _OWNER,
    Action.ADD_WEBHOOK: _OPERATOR,
    Action.SET_WEBHOOK_STATE: _OPERATOR,
    Action.ROTATE_WEBHOOK: _OPERATOR,
    Action.REPLAY_WEBHOOK: _OPERATOR,
    Action.TEST_WEBHOOK: _OPERATOR,
    Action.REMOVE_WEBHOOK: _OPERATOR,
    Action.SET_PASSWORD: STAFF,
    Action.SET_SECOND_FACTOR: STAFF,
    Action.END_SIGN_IN: STAFF,
    Action.JOIN_BY_PROVIDER: STAFF,
}
"""The roles that may do each action. An operator may do all that concerns the shop: signals and updates of the Temporal
CLI come as one. Accounts and keys are the owner's; everybody's own account is their own."""

READERS: Final[Mapping[Disclosure, frozenset[Role]]] = {
    Disclosure.SHOP: STAFF,
    Disclosure.PERSONAL: _MARKETER | _STYLIST,
    Disclosure.PREVIEW: _MARKETER,
    Disclosure.RECOMMENDATIONS: STAFF,
    Disclosure.ACTIVITY: STAFF - {Role.VIEWER},
    Disclosure.HISTORIES: _OPERATOR,
    Disclosure.OWN: STAFF,
    Disclosure.TEAM: _OWNER,
}
"""The roles that may be shown each thing."""

Permission = Action | Disclosure


def find_permission(name: str) -> Permission:
    """Find a permission by its name. Raises ValueError."""
    return Disclosure(name) if name in set(Disclosure) else Action(name)


def may(actor: Actor, wish: Permission) -> bool:
    """Return whether the actor's role, and what their key was limited to, allow it."""
    roles = ROLES[wish] if isinstance(wish, Action) else READERS[wish]
    return actor.role in roles and (actor.only is None or wish in actor.only)


def require(actor: Actor, wish: Permission) -> None:
    """Require that the actor may do or read this. Raises NotAllowed, naming the role and the wish."""
    if may(actor, wish):
        return
    if actor.only is not None and wish not in actor.only:
        raise NotAllowed(f"{actor.who} is a key for {', '.join(sorted(actor.only))} alone, which may not do {wish}")
    raise NotAllowed(f"{actor.who} has the role {actor.role}, which may not do {wish}")
