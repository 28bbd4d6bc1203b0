"""Where a client of a campaign stands, in one sentence, and whether another try may help."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from domain.broadcasts import BROADCAST
from domain.eligibility import explain_code
from domain.mail_servers import explain_wait
from domain.outreach import PREPARING
from domain.states import OPEN_PLACES
from models.states import CampaignState, EnrolmentState, OutreachState

RETRY_WITHIN: Final = timedelta(days=14)
"""Business time after which a mail is not tried again: what it answered is too long ago."""


class Place(NamedTuple):
    """A client's place in a campaign as it is stored. `plan`: the sentence of their last assessment, `plan_until` the
    moment that it names; `mail_created_at`: None before there is a mail."""

    state: EnrolmentState
    code: str
    mail_state: OutreachState | None = None
    mail_code: str = ""
    send_at: datetime | None = None
    mail_created_at: datetime | None = None
    plan: str = ""
    plan_until: datetime | None = None


class PlaceReason(NamedTuple):
    """What is told of a place: `code`, a sentence, and until when it stays so."""

    code: str
    why: str
    until: datetime | None = None


_WORDS: Final[Mapping[str, str]] = {
    BROADCAST: "goes out with one of the next parts of the campaign",
    "held_out": "held out to measure what the campaign brings",
    "paused_by_itself": "a person paused this one mail",
    "rejected_by_person": "a person rejected it",
    "nobody_decided": "nobody decided in time whether it may go",
    "cancelled": "a person stopped it",
    "too_late": "it could not be handed over for a week",
    "stale": "it waited for more than two weeks",
    "overdue": "its time fell into a pause, after which such mail was to be dropped",
    "lost_in_data": "the worker died while it was being handed over: it may have arrived",
    "text_changed": "its text was not the one that was checked",
    "erased": "the client is being erased",
}
_WAYS: Final[Mapping[OutreachState, str]] = {
    OutreachState.SCHEDULED: "its mail is written and leaves at its time",
    OutreachState.PARKED: "its mail is held back",
    OutreachState.AWAITING_PERSON: "a person is to read its mail first",
    OutreachState.CLAIMED: "its mail is being handed over",
    OutreachState.DATA: "its mail is being handed over",
    OutreachState.SENT: "mailed",
    OutreachState.BOUNCED: "mailed, and it came back",
    OutreachState.COMPLAINED: "mailed, and its reader called it spam",
    OutreachState.UNKNOWN: "it may have arrived: a person has to say, with selvedge mail resolve",
}


def describe_place(place: Place, campaign: CampaignState, ends_at: datetime | None) -> PlaceReason:
    """Describe where a client stands: the code, one sentence, and until when. `ends_at`: of the campaign."""
    found = _describe(place, campaign)
    waits = place.state in OPEN_PLACES
    if waits and ends_at is not None and found.until is not None and found.until >= ends_at:
        return found._replace(why=f"{found.why}; the campaign ends before that, on {ends_at:%-d %B %Y}")
    return found


def _describe(place: Place, campaign: CampaignState) -> PlaceReason:
    mail = place.mail_state
    if mail is None or place.state in (EnrolmentState.HELD_OUT, EnrolmentState.DROPPED, EnrolmentState.EXITED):
        if place.state is EnrolmentState.WAITING:
            return _describe_waiting(place, campaign)
        return PlaceReason(place.code, explain(place.code) or str(place.state))
    code, until = place.mail_code, place.send_at if mail is OutreachState.SCHEDULED else None
    way = "its mail is being written" if mail in PREPARING else _WAYS.get(mail, "")
    if mail in (OutreachState.SENT, OutreachState.UNKNOWN):
        return PlaceReason(code, way)
    why = explain(code)
    return PlaceReason(code or str(mail), f"{way}: {why}" if way and why else why or way or str(mail), until)


def _describe_waiting(place: Place, campaign: CampaignState) -> PlaceReason:
    if campaign is CampaignState.PAUSED:
        return PlaceReason("campaign_paused", "the campaign is paused")
    if place.code == BROADCAST:
        return PlaceReason(BROADCAST, _WORDS[BROADCAST])
    plan = place.plan.removeprefix("Not mailed now: ").removeprefix("Not mailed yet: ").removeprefix("Not mailed: ")
    return PlaceReason(place.code or "waits", plan.rstrip(".") or "waits for the client's turn", place.plan_until)


def explain(code: str) -> str:
    """Explain a code in a few words; empty for one that says nothing."""
    answer = code.removeprefix("refused_").removeprefix("smtp_")
    if answer != code or explain_wait(code):
        return explain_wait(code) or f"the mail server refused it ({answer})"
    return _WORDS.get(code) or explain_code(code)


def explain_refusal(place: Place, now: datetime) -> str:
    """Explain why a client is not tried again; empty where another try may help.

    What the client decided, or a person, stands; a mail that may have arrived is resolved, not retried.
    """
    mail = place.mail_state
    if mail is OutreachState.UNKNOWN:
        return _WAYS[mail]
    if mail in (None, OutreachState.SENT):
        return "nothing failed"
    if mail not in _RETRIED or place.mail_created_at is None:
        return explain(place.mail_code) or str(mail)
    if mail is OutreachState.REJECTED and place.mail_code != "nobody_decided":
        return explain(place.mail_code) or "a person rejected it"
    if now - place.mail_created_at > RETRY_WITHIN:
        return "it is more than two weeks old"
    return ""


_RETRIED: Final = frozenset({OutreachState.FAILED, OutreachState.EXPIRED, OutreachState.REJECTED})
