"""Advance one client through the campaigns that they are in, as part of their assessment."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from domain.campaign_life import ENDED, OVER
from domain.eligibility import MailFacts, SendDecision, is_wanted, may_plan
from domain.holdouts import assign_arm
from domain.journeys.advancing import Advance, JourneyEvent, JourneyFacts, advance_place
from domain.journeys.contents import build_content, follows_basket, follows_client, list_left
from domain.journeys.places import JourneyPlace, JourneyVersions
from domain.outreach import SETTLED, ClientMail
from domain.planning import QueuedMail
from domain.segments.audiences import find_audience_filter
from domain.states import OPEN_PLACES
from models.base import ClientId, ItemId
from models.campaign import Audience
from models.campaign_definition import CampaignDefinition
from models.journey_steps import JourneyStep
from models.states import CampaignState, EnrolmentState, OutreachState, TouchKind
from services.context import ServiceContext
from store.campaigns import places, versions
from store.catalogue import catalogue
from store.clients import calls
from store.segments.members import is_client_member

CALL_REASON: Final = TouchKind.CAMPAIGN
BASKET: Final = timedelta(days=3)
"""Before the last piece went into a basket: what lies in it longer is forgotten."""


class JourneyTurn(NamedTuple):
    """What a client's campaigns ask for: mails that want the client's turn, and when a step falls due next."""

    queue: list[QueuedMail]
    due_at: datetime | None = None

    def add_due(self, due_at: datetime | None) -> JourneyTurn:
        """Return the turn with one more moment at which a step falls due."""
        return self._replace(due_at=min((at for at in (self.due_at, due_at) if at is not None), default=None))


def advance_client(
    context: ServiceContext,
    connection: Connection,
    client_id: ClientId,
    facts: MailFacts,
    mails: Sequence[ClientMail],
    personal: bool,
    now: datetime,
) -> JourneyTurn:
    """Advance every open place of a client as far as it goes, and save where each stands.

    Args: `personal` says whether what the client did may decide what they get.
    """
    held = places.list_places(connection, client_id)
    if not held:
        return JourneyTurn([])
    eligibility = may_plan(facts, context.mail_rules, now)
    closed = eligibility.code if eligibility.door is SendDecision.CLOSED else ""
    known = versions.load_journeys(connection, {one.place.campaign for one in held})
    events = places.load_events(connection, client_id, min(one.place.entered_at for one in held), now)
    membership = places.load_membership(connection, client_id)

    def is_member(audience: Audience) -> bool:
        tree = find_audience_filter(audience)
        fits = membership.is_in(audience)
        return fits and (tree is None or is_client_member(connection, tree, client_id, now))

    turn = JourneyTurn([])
    for place, state, priority in held:
        journey = known.get(place.campaign)
        if journey is None or place.version not in journey.definitions:
            continue
        if state is CampaignState.PAUSED:  # it goes nowhere, but is looked at in time when the pause is over by then
            turn = turn.add_due(place.due_at)
            continue
        zone = context.settings.shop_time_zone
        facts_of = _build_facts(connection, place, journey, facts, mails, events, is_member, zone)
        refusal = closed or _find_refusal(journey.definitions[place.version], facts, personal)
        went = _close(place, facts_of, refusal) or advance_place(place, journey, facts_of, now)
        if state in OVER:
            went = _finish(place, went, facts_of)
        if went.place != place and not places.save_place(connection, place, went.place, now):
            continue
        _open_calls(context, connection, went, now)
        left = _list_left(connection, journey.definitions[went.place.version], went, now)
        turn = _add(turn, journey, went, priority, left)
    return turn


def _build_facts(
    connection: Connection,
    place: JourneyPlace,
    journey: JourneyVersions,
    facts: MailFacts,
    mails: Sequence[ClientMail],
    events: Sequence[JourneyEvent],
    is_member: Callable[[Audience], bool],
    shop_zone: str,
) -> JourneyFacts:
    states = {mail.reason_key: mail.state for mail in mails}
    definition = journey.definitions[place.version]
    steps = {step.id for one in journey.definitions.values() for step in one.steps}
    keys = {step: place.build_mail_key(step) for step in steps}
    return JourneyFacts(
        events=events,
        mails={step: states[key] for step, key in keys.items() if key in states},
        is_member=is_member,
        arm=assign_arm(place.campaign, place.client_id, definition.holdout),
        is_sold_out=place.item_id is not None and not catalogue.is_in_stock(connection, [place.item_id]),
        sent_at=facts.sent_at,
        time_zone=facts.time_zone,
        shop_zone=shop_zone,
    )


def _find_refusal(definition: CampaignDefinition, facts: MailFacts, personal: bool) -> str:
    """Find why a client wants no mail of a campaign; empty where they do."""
    if not personal and follows_client(definition):
        return "personalisation_refused"
    kinds = {step.mail.kind for step in definition.steps if step.mail is not None}
    return "topic_unwanted" if kinds and not any(is_wanted(facts.policy, kind) for kind in kinds) else ""


def _close(place: JourneyPlace, facts: JourneyFacts, code: str) -> Advance | None:
    """End the place of a client who may not be mailed; None where they may. A mail on its way settles by itself."""
    if not code:
        return None
    sending = {OutreachState(state) for state in facts.mails.values()} - SETTLED
    if place.state is EnrolmentState.IN_STEP and sending:
        return Advance(place)
    return Advance(place.end(EnrolmentState.EXITED if place.step else EnrolmentState.DROPPED, code))


def _finish(place: JourneyPlace, went: Advance, facts: JourneyFacts) -> Advance:
    """Return how a place goes on whose campaign is over: a mail on its way settles, and nothing follows it."""
    if went.place.state not in OPEN_PLACES or went.place.state is EnrolmentState.IN_STEP:
        return went._replace(calls=())
    return _close(place, facts, ENDED) or went


def _open_calls(context: ServiceContext, connection: Connection, went: Advance, now: datetime) -> None:
    """Open the calls of the steps just passed; a client who is to be called already is not called twice."""
    settings = context.settings
    for step in went.calls:
        if step.call is not None and not calls.has_open_call(connection, went.place.client_id):
            calls.open_call(
                connection,
                went.place.client_id,
                went.place.build_mail_key(step.id),
                CALL_REASON,
                assessment_id="",
                day=f"{now.astimezone(ZoneInfo(settings.shop_time_zone)):%Y-%m-%d}",
                most=settings.stylist_calls_a_day,
                now=now,
                until=now + step.call.within,
            )


def _list_left(connection: Connection, definition: CampaignDefinition, went: Advance, now: datetime) -> list[ItemId]:
    """List what lies in the basket that a mail is about."""
    if went.mail is None or not follows_basket(definition):
        return []
    return list_left(places.load_events(connection, went.place.client_id, went.place.entered_at - BASKET, now))


def _add(turn: JourneyTurn, journey: JourneyVersions, went: Advance, priority: int, left: list[ItemId]) -> JourneyTurn:
    """Add what one place asks for."""
    if went.mail is not None:
        return turn._replace(queue=[*turn.queue, _build_mail(journey, went.place, went.mail, priority, left)])
    return turn.add_due(went.place.due_at if went.place.state is EnrolmentState.WAITING else None)


def _build_mail(
    journey: JourneyVersions, place: JourneyPlace, step: JourneyStep, priority: int, left: list[ItemId]
) -> QueuedMail:
    definition = journey.definitions[place.version]
    content = build_content(definition, step, place, left)
    return QueuedMail(
        priority=priority,
        key=place.build_mail_key(step.id),
        campaign=place.campaign,
        kind=step.mail.kind if step.mail else TouchKind.CAMPAIGN,
        step=step.id,
        content=content,
        offer=content.offer if content else None,
    )
