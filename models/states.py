"""The states of clients, mails, holds and campaigns."""

from __future__ import annotations

from enum import StrEnum


class Phase(StrEnum):
    """The phases of a client's relation with the shop."""

    ONBOARDING = "onboarding"
    ACTIVE = "active"
    COOLING = "cooling"
    AT_RISK = "at_risk"
    LAPSED = "lapsed"
    WON_BACK = "won_back"
    DORMANT = "dormant"
    ERASED = "erased"


class Band(StrEnum):
    """The ranges of the engagement score, best first."""

    ACTIVE = "active"
    COOLING = "cooling"
    AT_RISK = "at_risk"
    LAPSED = "lapsed"


class OutreachState(StrEnum):
    """The states of one mail. The table of transitions is `domain.outreach.TRANSITIONS`."""

    BRIEFED = "briefed"
    PICKED = "picked"
    DRAFTED = "drafted"
    IN_REVIEW = "in_review"
    AWAITING_PERSON = "awaiting_person"
    SCHEDULED = "scheduled"
    PARKED = "parked"
    CLAIMED = "claimed"
    DATA = "data"
    SENT = "sent"
    SUPPRESSED = "suppressed"
    REJECTED = "rejected"
    EXPIRED = "expired"
    FAILED = "failed"
    UNKNOWN = "unknown"
    BOUNCED = "bounced"
    """The server had taken it, and it came back: not delivered. The code says `hard` or `soft`."""
    COMPLAINED = "complained"
    """It was delivered, and its reader called it spam."""


class TouchKind(StrEnum):
    """The kinds of mail. Each kind has an angle of its own."""

    WELCOME = "welcome"
    QUIZ = "quiz"
    MISSED = "missed"
    """Re-engagement 1: what they last loved, and what goes with it."""
    NEW_IN = "new_in"
    """Re-engagement 2: what is new since they were here."""
    STYLIST = "stylist"
    """Re-engagement 3: a stylist's personal selection."""
    WIN_BACK = "win_back"
    WON_BACK = "won_back"
    """Thanks after a lapsed client returns."""
    CAMPAIGN = "campaign"


class Topic(StrEnum):
    """What mail is about, as clients choose it. Welcome and quiz belong to none: they are sent once."""

    NEWS = "news"
    SELECTION = "selection"
    CAMPAIGN = "campaign"


class HoldSource(StrEnum):
    """Who holds back a client's mail. Mail moves only when nobody does."""

    CLIENT = "client"
    OPERATOR = "operator"
    ERASURE = "erasure"
    """The client is being erased; this hold is never lifted."""


class Overdue(StrEnum):
    """What becomes of mail that fell due during a pause."""

    SEND_LATE = "send_late"
    REPLAN = "replan"
    EXPIRE = "expire"


class CampaignState(StrEnum):
    """The states of a campaign. The table of transitions is `domain.states.CAMPAIGN`."""

    DRAFT = "draft"
    AWAITING_APPROVAL = "awaiting_approval"
    SCHEDULED = "scheduled"
    """Approved; it starts by itself."""
    RUNNING = "running"
    PAUSED = "paused"
    FINISHING = "finishing"
    """Its end has come: nobody enters, and what is under way settles."""
    FINISHED = "finished"
    ENDED = "ended"
    """A person ended it before its time."""


class VersionState(StrEnum):
    """The states of one version of a campaign. The table of transitions is `domain.states.VERSION`."""

    DRAFT = "draft"
    AWAITING_APPROVAL = "awaiting_approval"
    APPROVED = "approved"
    LIVE = "live"
    """It runs, or did until a later one took its place; clients may still go by it."""
    SET_ASIDE = "set_aside"
    """Never started: a person sent it back, or a later version took its place."""


class EnrolmentState(StrEnum):
    """The states of a client's place in a campaign. The table of transitions is `domain.states.ENROLMENT`."""

    WAITING = "waiting"
    """For a moment, an event, or the client's turn."""
    IN_STEP = "in_step"
    """A mail of it is on its way."""
    HELD_OUT = "held_out"
    COMPLETED = "completed"
    EXITED = "exited"
    """Left by a rule of the campaign: the goal was reached, the client left the audience, or was removed."""
    DROPPED = "dropped"
    """The client may not be mailed, or the campaign ended first."""
    FAILED = "failed"


class Arm(StrEnum):
    """The arm of an enrolled client in a comparison."""

    TREATED = "treated"
    CONTROL = "control"
    NEITHER = ""
    """The client could not have been mailed when enrolled, so they say nothing about mailing."""
