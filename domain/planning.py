"""What a client's workflow is to do next: the one place where a client's mails queue, by priority, one at a time."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from domain.eligibility import MailFacts, SendDecision, may_plan, sentence
from domain.next_actions import ASKED, Answered, OpenCall, instead_of_mail
from domain.outreach import PAUSED_BY_ITSELF, PRIORITY
from domain.phases import PhaseState, phase_ends_at
from domain.sequences import ScheduledMail, next_touch
from domain.timing import MailRules, spread_open, zone_of
from models.base import CampaignSlug, ClientId, Contract
from models.states import CampaignState, TouchKind

FAR = timedelta(days=365)
"""A client for whom nothing is foreseen is still looked at once a year."""
LOOK_AGAIN = timedelta(days=1)
"""A parked mail whose campaign runs again is let through after this long, even if the drain never came to it."""


class Waiting(Contract):
    """A mail that waits for the client's turn: a campaign's enrolment, or a parked outreach `n`."""

    priority: int
    key: str
    campaign: CampaignSlug | None = None
    n: int | None = None


class Start(Contract):
    kind: TouchKind
    key: str
    priority: int
    campaign: CampaignSlug | None = None


class Situation(Contract):
    """All that decides what comes next for one client."""

    client_id: ClientId
    standing: PhaseState
    crosses_at: datetime | None = None
    facts: MailFacts
    made: Mapping[str, datetime] = {}
    """The occasions answered by a mail so far, and when."""
    answered: tuple[Answered, ...] = ()
    """Those answered otherwise."""
    call: OpenCall | None = None
    waiting: tuple[Waiting, ...] = ()
    quiz_answered: bool = False
    busy: bool = False
    """Whether a mail of this client has the turn."""


class Plan(Contract):
    """`start` a new mail, or `wake` a parked one, or neither; and when to ask again."""

    wake_at: datetime
    start: Start | None = None
    wake: int | None = None
    next_touch_at: datetime | None = None
    why_not: str = ""
    closed: str = ""
    """Why no mail may be started at all, in one stable word; waiting enrolments are dropped for it."""


def plan(s: Situation, rules: MailRules, now: datetime) -> Plan:
    """The plan for one client at `now`."""
    zone = zone_of(s.facts.time_zone)
    touch = _touch(s)
    answer = may_plan(s.facts, rules, now)
    queue = _queue(s.waiting, touch, now)
    due_at = now if queue else (touch.due_at if touch else None)
    allowed_at = None
    if due_at is not None and answer.door is not SendDecision.CLOSED:
        # By night nothing is begun: what is written in the morning is true in the morning, and needs no timer.
        allowed_at = spread_open(rules, zone, max(due_at, answer.until or due_at), s.client_id)
    first = queue[0] if queue and answer.door is SendDecision.OPEN and allowed_at == now and not s.busy else None
    times = [now + FAR]
    for turn in (s.crosses_at, phase_ends_at(s.standing)):
        if turn is not None and turn > now:  # by day, so that a mail which the turn calls for can be begun at once
            times.append(spread_open(rules, zone, turn, s.client_id))
    if s.call is not None and s.call.until > now:
        times.append(spread_open(rules, zone, s.call.until, s.client_id))
    if allowed_at is not None and not s.busy and answer.door in (SendDecision.OPEN, SendDecision.WAIT):
        times.append(allowed_at)
    wake_at = min(t for t in times if t > now)
    return Plan(
        wake_at=wake_at,
        start=_start(first, touch),
        wake=first.n if first else None,
        next_touch_at=allowed_at,
        why_not=sentence(s.facts, rules, now, due_at, s.busy or first is not None, wake_at, _instead(s)),
        closed=answer.code if answer.door is SendDecision.CLOSED else "",
    )


def _touch(s: Situation) -> ScheduledMail | None:
    """The mail that the phase calls for; none of a drift sequence while a stylist is to call."""
    touch = next_touch(s.standing, {**s.made, **{each.key: each.at for each in s.answered}}, s.quiz_answered)
    return None if s.call is not None and touch is not None and touch.kind in ASKED else touch


def _instead(s: Situation) -> Answered | None:
    return instead_of_mail(s.standing, s.answered, s.call, max(s.made.values(), default=None))


def may_queue(
    code: str, epoch: int, since: datetime, campaign: tuple[CampaignState, int] | None, now: datetime
) -> bool:
    """Whether a mail parked `since`, with this code and epoch, may ask for the client's turn again.

    `campaign`: the state and the epoch of its campaign; while that is paused the mail waits, afterwards until the
    drain raised its epoch.
    """
    if code == PAUSED_BY_ITSELF:
        return False
    if campaign is None:
        return True
    state, current = campaign
    return state is not CampaignState.PAUSED and (epoch >= current or now - since > LOOK_AGAIN)


def _queue(waiting: tuple[Waiting, ...], touch: ScheduledMail | None, now: datetime) -> list[Waiting]:
    due = [Waiting(priority=PRIORITY[touch.kind], key=touch.key)] if touch is not None and touch.due_at <= now else []
    return sorted([*waiting, *due], key=lambda w: -w.priority)


def _start(first: Waiting | None, touch: ScheduledMail | None) -> Start | None:
    if first is None or first.n is not None:
        return None
    kind = TouchKind.CAMPAIGN if first.campaign or touch is None else touch.kind
    return Start(kind=kind, key=first.key, priority=first.priority, campaign=first.campaign)
