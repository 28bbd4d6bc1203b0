"""Advance a client through a campaign: as far as time, events and answers allow, and no further."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

from domain.journeys.places import JourneyPlace, JourneyVersions, choose_next, find_step
from domain.outreach import SETTLED
from domain.states import OPEN_PLACES
from domain.timing import MailRules, find_next_open, load_zone
from models.base import ItemId
from models.campaign import Audience
from models.campaign_definition import CampaignDefinition, EventEntry, TimeEntry
from models.journey_steps import END, EventType, JourneyStep, StepId
from models.states import Arm, EnrolmentState, OutreachState

WEEK: Final = timedelta(days=7)


class JourneyEvent(NamedTuple):
    """Something that the client did."""

    type: EventType
    at: datetime
    item_id: ItemId | None = None


@dataclass(frozen=True, slots=True)
class JourneyFacts:
    """What decides how a place goes on. `events`: those since the entry, in any order. `mails`: the state of the mail
    of each step that has one. `is_member`: whether the client is in an audience now. `arm`: the client's in the
    campaign, for one whose arm is not drawn. `is_sold_out`: the item that it is about is. `sent_at`: the client's mails
    of the last week."""

    events: Sequence[JourneyEvent] = ()
    mails: Mapping[StepId, OutreachState] = field(default_factory=dict)
    is_member: Callable[[Audience], bool] = lambda _: True
    arm: Arm = Arm.TREATED
    is_sold_out: bool = False
    sent_at: Sequence[datetime] = ()
    time_zone: str = "UTC"
    shop_zone: str = "UTC"

    def find_event(self, type_: str, since: datetime) -> JourneyEvent | None:
        """Find the first event of a type after `since`."""
        return min(
            (event for event in self.events if event.type == type_ and event.at > since),
            key=lambda event: event.at,
            default=None,
        )


class Advance(NamedTuple):
    """How far a place came. `mail`: the step whose mail asks for the client's turn. `calls`: the steps on the way that
    ask for a call."""

    place: JourneyPlace
    mail: JourneyStep | None = None
    calls: tuple[JourneyStep, ...] = ()


class _StepAnswer(NamedTuple):
    """What a step says now: it is over, and the client goes to `target` (None: what follows); or it is not, and the
    client looks again at `due_at`, asks for the turn (`asks`), or has a mail on its way (`is_sending`)."""

    is_over: bool = False
    target: StepId | None = None
    due_at: datetime | None = None
    asks: bool = False
    is_sending: bool = False


def advance_place(place: JourneyPlace, versions: JourneyVersions, facts: JourneyFacts, now: datetime) -> Advance:
    """Advance a place as far as it goes at `now`. Doing it twice is doing it once."""
    place = _begin(place, versions, facts, now)
    calls: list[JourneyStep] = []
    while place.state in OPEN_PLACES:
        definition = versions.definitions[place.version]
        if code := find_exit(place, definition, facts, now):
            return Advance(place.end(EnrolmentState.EXITED, code), calls=tuple(calls))
        if place.step == "" and (place.due_at or now) > now:
            break
        step = find_step(definition, place.step)
        if step is not None and facts.mails.get(step.id) is OutreachState.FAILED:
            return Advance(place.end(EnrolmentState.FAILED, "mail_failed"), calls=tuple(calls))
        if _is_in_vain(step, facts):
            return Advance(place.end(EnrolmentState.EXITED, "sold_out"), calls=tuple(calls))
        answer = _StepAnswer(is_over=True) if step is None else _read_pace(step, place, definition, facts, now)
        if not answer.is_over:
            return _rest(place, answer, step, calls)
        if step is not None and step.call:
            calls.append(step)
        place = _go_on(place, versions, step, answer.target, now)
    return Advance(place, calls=tuple(calls))


def _is_in_vain(step: JourneyStep | None, facts: JourneyFacts) -> bool:
    """Return whether the step would mail about an item that nobody can buy any more."""
    if step is None or step.mail is None or step.id in facts.mails:
        return False
    return step.mail.show_entry_item and facts.is_sold_out


def find_exit(place: JourneyPlace, definition: CampaignDefinition, facts: JourneyFacts, now: datetime) -> str:
    """Find why the client leaves early, as a stable word; empty while they stay."""
    exits = definition.exits
    if exits.goal is not None and facts.find_event(exits.goal, place.entered_at) is not None:
        return "goal"
    if place.step and exits.left_audience and not facts.is_member(definition.audience):
        return "left_audience"
    return "expired" if place.step and now >= place.entered_at + definition.expires_after else ""


def _begin(place: JourneyPlace, versions: JourneyVersions, facts: JourneyFacts, now: datetime) -> JourneyPlace:
    """Let a client in whose entry is due: unless something came in between, by the arm of the comparison."""
    if place.step or place.state is not EnrolmentState.WAITING:
        return place
    entry = versions.definitions[place.version].entry
    if isinstance(entry, TimeEntry):
        zone = load_zone(facts.time_zone if entry.zone == "client" else facts.shop_zone)
        place = replace(place, due_at=entry.at.replace(tzinfo=zone).astimezone(UTC))
    if (place.due_at or now) > now:
        return place
    if isinstance(entry, EventEntry):
        for type_ in entry.unless:
            if facts.find_event(type_, place.entered_at) is not None:
                return place.end(EnrolmentState.DROPPED, "condition")
    if place.arm is not Arm.NEITHER:
        return place
    if not facts.is_member(versions.definitions[place.version].audience):
        return place.end(EnrolmentState.DROPPED, "not_in_audience")
    if facts.arm is Arm.CONTROL:  # from this moment on outcomes count, as for those whose way begins
        return replace(place, arm=facts.arm, entered_at=now).end(EnrolmentState.HELD_OUT, "held_out")
    return replace(place, arm=facts.arm)


def _read_pace(
    step: JourneyStep, place: JourneyPlace, definition: CampaignDefinition, facts: JourneyFacts, now: datetime
) -> _StepAnswer:
    """Read what the present step says at `now`."""
    if step.wait is not None:
        due = place.began_at + step.wait
        return _StepAnswer(is_over=now >= due, due_at=due)
    if step.wait_for is not None:
        due = place.began_at + step.wait_for.within
        event = facts.find_event(step.wait_for.event, place.began_at)
        if event is not None and event.at <= due:
            return _StepAnswer(is_over=True, target=step.wait_for.then)
        return _StepAnswer(is_over=now >= due, target=step.wait_for.otherwise, due_at=due)
    if step.branch is not None:
        return _StepAnswer(
            is_over=True, target=step.branch.then if facts.is_member(step.branch.when) else step.branch.otherwise
        )
    if step.stop:
        return _StepAnswer(is_over=True, target=END)
    return _StepAnswer(is_over=True) if step.call else _read_mail(step, definition, facts, now)


def _read_mail(step: JourneyStep, definition: CampaignDefinition, facts: JourneyFacts, now: datetime) -> _StepAnswer:
    state = facts.mails.get(step.id)
    if state is not None:
        return _StepAnswer(is_over=state in SETTLED, is_sending=True)
    opens = find_opening(definition, facts.sent_at, facts.time_zone, now)
    return _StepAnswer(asks=True) if opens <= now else _StepAnswer(due_at=opens)


def find_opening(
    definition: CampaignDefinition, sent_at: Sequence[datetime], time_zone: str, now: datetime
) -> datetime:
    """Find from when the campaign's own caps and quiet hours let a mail begin. The shop's hold as well, elsewhere."""
    opens = now
    recent = sorted(at for at in sent_at if at > now - WEEK)
    if definition.caps is not None and len(recent) >= definition.caps.mails_per_week:
        opens = recent[-definition.caps.mails_per_week] + WEEK
    if definition.quiet_hours is None:
        return opens
    hours = definition.quiet_hours
    rules = MailRules(quiet_from_hour=hours.from_hour, quiet_until_hour=hours.until_hour)
    return find_next_open(rules, load_zone(time_zone), opens)


def _rest(place: JourneyPlace, answer: _StepAnswer, step: JourneyStep | None, calls: list[JourneyStep]) -> Advance:
    if answer.is_sending:
        return Advance(replace(place, state=EnrolmentState.IN_STEP, due_at=None), calls=tuple(calls))
    return Advance(place.wait(answer.due_at), step if answer.asks else None, tuple(calls))


def _go_on(
    place: JourneyPlace, versions: JourneyVersions, step: JourneyStep | None, target: StepId | None, now: datetime
) -> JourneyPlace:
    version, following = choose_next(place, versions, target)
    taken = (*place.taken, place.step) if place.step else place.taken
    entered_at = place.entered_at if place.step else now
    gone = replace(
        place,
        version=version,
        step=place.step if following == END else following,
        since=now,
        entered_at=entered_at,
        due_at=None,
        taken=taken,
        state=EnrolmentState.WAITING,
    )
    if following != END:
        return gone
    return gone.end(EnrolmentState.COMPLETED, "stopped" if step is not None and step.stop else "")
