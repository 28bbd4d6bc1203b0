"""Say what a campaign would do if it started now: whom it would mail, and what stops the others, by the rules of the
planner and of the send gate. Nothing is changed."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, NamedTuple

from sqlalchemy import Connection

from domain.eligibility import PROFILED, SendDecision, explain_code, may_send
from domain.experiments import hash_to_unit
from domain.holdouts import RE_ENGAGEMENT, assign_arm
from domain.journeys.advancing import find_opening
from domain.journeys.contents import choose_offer, choose_variant, follows_client, list_mail_texts
from domain.next_actions import DRIFT_MAILS
from errors import NotFound
from models.base import CampaignSlug, ClientId
from models.campaign import CampaignSpec
from models.campaign_definition import CampaignDefinition
from models.campaign_preview import CampaignPreview, OtherCampaign, PreviewBarrier
from models.journey_steps import JourneyStep
from models.offers import OfferSlug
from models.states import Arm, TouchKind
from services.campaigns.enrolment import iterate_audience
from services.context import ServiceContext
from services.offers.naming import list_offer_slugs
from services.offers.room import OfferRoom
from store.campaigns import campaigns, versions
from store.mail.facts_in_bulk import BulkFacts, load_bulk_facts

SAMPLE: Final = 50
"""Clients kept from whom those of the mails are taken."""
_WHY: Final = {
    "other_mail": "another mail of theirs is on its way and goes first",
    "campaign_hours": "the campaign's own caps or quiet hours hold it back",
}


class PreviewedCampaign(NamedTuple):
    """What is previewed. `definition` and `version`: None for a campaign of one mail."""

    spec: CampaignSpec
    definition: CampaignDefinition | None
    version: int | None

    @property
    def campaign(self) -> CampaignSpec | CampaignDefinition:
        """What names its offers."""
        return self.spec if self.definition is None else self.definition

    @property
    def is_sequence(self) -> bool:
        """Whether it is one of the lifecycle, which clients enter with a phase."""
        return self.definition is not None and self.definition.entry.on == "phase"

    @property
    def first_mail(self) -> JourneyStep | None:
        """The step of its first mail."""
        texts = list_mail_texts(self.definition) if self.definition else []
        return texts[0].step if texts else None

    @property
    def first_kind(self) -> TouchKind:
        """The kind of its first mail."""
        step = self.first_mail
        return step.mail.kind if step and step.mail else TouchKind.CAMPAIGN

    def find_offer(self, client_id: ClientId) -> OfferSlug | None:
        """Find the offer that its first mail to a client states."""
        step = self.first_mail
        if self.definition is None or step is None or step.mail is None:
            return self.spec.offer
        return choose_offer(step.mail, choose_variant(self.definition, step, client_id))


@dataclass(slots=True)
class AudienceCount:
    """Counts of an audience. `sample`: those who would be mailed now, `later`: those who would be mailed later; both in
    a fixed random order."""

    audience: int = 0
    ready: int = 0
    held_out: int = 0
    stopped: Counter[tuple[str, bool]] = field(default_factory=Counter)
    others: Counter[CampaignSlug] = field(default_factory=Counter)
    sample: list[ClientId] = field(default_factory=list)
    later: list[ClientId] = field(default_factory=list)

    def list_clients(self) -> list[ClientId]:
        """List clients for mails: those who would be mailed now, then those who would be later."""
        return [*self.sample, *self.later]


def load_previewed(connection: Connection, slug: CampaignSlug, version: int | None) -> PreviewedCampaign:
    """Load what is to be previewed: the newest version where none is named. Raises NotFound."""
    row = campaigns.load_campaign(connection, slug)
    newest = versions.find_newest(connection, slug)
    if newest is None:
        if version is not None:
            raise NotFound(f"{slug} is a campaign of one mail, without versions", "version")
        return PreviewedCampaign(row.spec, None, None)
    found = newest if version is None else versions.load_version(connection, slug, version)
    return PreviewedCampaign(found.definition.build_spec(), found.definition, found.version)


class _Waiting(NamedTuple):
    """A client who would be mailed later, after those who are ready. `code`: what they wait for."""

    client_id: ClientId
    offer: OfferSlug | None
    code: str
    campaigns: frozenset[CampaignSlug]


def count_stopped(
    context: ServiceContext, connection: Connection, previewed: PreviewedCampaign, now: datetime
) -> AudienceCount:
    """Count whom the campaign would mail at `now` and what stops the others, each at the first thing that does. The
    budget of an offer is for those who are ready first, then for those who wait."""
    counted = AudienceCount()
    # Who drifts is held out of all such mails together, not of each sequence.
    is_for_drift = previewed.is_sequence and previewed.first_kind in DRIFT_MAILS
    share = context.settings.holdout_share if is_for_drift else 0.0
    room = OfferRoom(connection, list_offer_slugs(previewed.campaign), now)
    waiting: list[_Waiting] = []
    for entries in iterate_audience(connection, previewed.spec, now):
        counted.audience += len(entries)
        for entry in entries:
            if entry.arm is Arm.NEITHER:
                counted.stopped[entry.code, True] += 1
        treated = [
            entry.client_id
            for entry in entries
            if entry.arm is Arm.TREATED
            and (not share or assign_arm(RE_ENGAGEMENT, entry.client_id, share) is Arm.TREATED)
        ]
        counted.held_out += sum(entry.arm is not Arm.NEITHER for entry in entries) - len(treated)
        room.load_holders(connection, treated)
        waiting += _judge(context, connection, previewed, treated, now, counted, room)
    _judge_later(previewed, waiting, counted, room)
    return counted


def _judge(
    context: ServiceContext,
    connection: Connection,
    previewed: PreviewedCampaign,
    treated: Sequence[ClientId],
    now: datetime,
    counted: AudienceCount,
    room: OfferRoom,
) -> list[_Waiting]:
    """Count those who would be mailed now, and those who never would; return the others."""
    facts = load_bulk_facts(connection, treated, context.settings.keys.signing, now)
    ready, waiting = [], []
    for client_id, known in sorted(facts.items()):
        code, never = _find_barrier(context, previewed, known, now)
        offer = previewed.find_offer(client_id)
        if offer is not None and not never and (barrier := room.find_barrier(offer, client_id)):
            code, never = barrier, True
        if never:
            counted.stopped[code, True] += 1
        elif code:
            takes = offer if offer is not None and not room.holds(offer, client_id) else None
            waiting.append(_Waiting(client_id, takes, code, known.campaigns))
        else:
            counted.ready += 1
            counted.others.update(known.campaigns - {previewed.spec.slug})
            ready.append(client_id)
            if offer is not None:
                room.take(offer, client_id)
    counted.sample = _draw(previewed, counted.sample, ready)
    return waiting


def _judge_later(
    previewed: PreviewedCampaign, waiting: Sequence[_Waiting], counted: AudienceCount, room: OfferRoom
) -> None:
    """Count those who would be mailed later, as far as the offer of their mail has room for them then."""
    later = []
    for one in waiting:
        if one.offer is not None and (barrier := room.find_barrier(one.offer, one.client_id)):
            counted.stopped[barrier, True] += 1
            continue
        if one.offer is not None:
            room.take(one.offer, one.client_id)
        counted.stopped[one.code, False] += 1
        counted.others.update(one.campaigns - {previewed.spec.slug})
        later.append(one.client_id)
    counted.later = _draw(previewed, [], later)


def _find_barrier(
    context: ServiceContext, previewed: PreviewedCampaign, known: BulkFacts, now: datetime
) -> tuple[str, bool]:
    """Find what keeps a mail from this client now, as a code, and whether for good; empty for nothing."""
    kind, definition = previewed.first_kind, previewed.definition
    follows = kind in PROFILED or (definition is not None and follows_client(definition))
    if follows and not known.personal:
        return "personalisation_refused", True
    answer = may_send(known.facts, context.mail_rules, now, campaign_paused=False, stale="", kind=kind)
    if answer.door is not SendDecision.OPEN:
        return answer.code, answer.door is SendDecision.CLOSED
    if known.is_busy:
        return "other_mail", False
    if definition and find_opening(definition, known.facts.sent_at, known.facts.time_zone, now) > now:
        return "campaign_hours", False
    return "", False


def _draw(previewed: PreviewedCampaign, kept: list[ClientId], more: list[ClientId]) -> list[ClientId]:
    """Keep those whose hash is lowest, so that the same clients are shown each time."""
    name = f"preview/{previewed.spec.slug}"
    return heapq.nsmallest(SAMPLE, [*kept, *more], key=lambda client_id: hash_to_unit(client_id, name))


def build_preview(
    context: ServiceContext, previewed: PreviewedCampaign, counted: AudienceCount, already_in: int, now: datetime
) -> CampaignPreview:
    """Build the answer from what was counted."""
    barriers = [
        PreviewBarrier(code=code, why=_WHY.get(code) or explain_code(code), never=never, clients=clients)
        for (code, never), clients in counted.stopped.most_common()
    ]
    definition = previewed.definition
    return CampaignPreview(
        slug=previewed.spec.slug,
        version=previewed.version,
        at=now,
        entry=definition.entry.on if definition else "now",
        audience=counted.audience,
        ready=counted.ready,
        held_out=counted.held_out,
        barriers=tuple(barriers),
        others=tuple(OtherCampaign(slug=slug, clients=clients) for slug, clients in counted.others.most_common()),
        already_in=already_in,
        texts=len(list_mail_texts(definition)) if definition else 1,
    )
