"""Decide what follows from one client's assessment: score, phase and next step, from one snapshot of the store.

Nothing here reads or writes. `score_snapshot` says where the client stands and `decide_next` what is due. The second
may be asked again with a later snapshot, where an algorithm chose the next action in between.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final, NamedTuple

from domain.churn_risk import ChurnRisk, ClientOrders, apply_churn_risk
from domain.eligibility import Eligibility, MailFacts, SendDecision, may_plan
from domain.engagement import FORMULA, Engagement, EngagementRules, EngagementScore, score_client
from domain.engagement_answers import PluggedScore, apply_answer
from domain.holdouts import RE_ENGAGEMENT, assign_arm, build_re_engagement_slug
from domain.next_actions import DRIFT_MAILS, NoMailDecision, OpenCall, add_decision, explain_call_end
from domain.outreach import ClientMail, find_in_turn
from domain.phases import PhaseState, advance_phase, start_phase
from domain.planning import ClientPlan, MailStart, QueuedMail, Situation, may_queue, plan_next_step
from domain.sequences import Sequences
from domain.timing import MailRules
from models.base import CampaignSlug, ClientId
from models.offers import OfferSlug
from models.states import Arm, Band, CampaignState, OutreachState, TouchKind

UNSCORED: Final = "unscored"
"""Stands where an algorithm would, for a client who refused personalisation."""


@dataclass(frozen=True, slots=True)
class AssessmentRules:
    """The constants of an assessment. `holdout_share` of all clients get no mail when they drift, 0 to 1. After
    `recheck_days` an engagement algorithm is asked again that does not say when its score crosses a threshold."""

    engagement: EngagementRules = field(default_factory=EngagementRules)
    mail: MailRules = field(default_factory=MailRules)
    holdout_share: float = 0.0
    recheck_days: float = 7.0


@dataclass(frozen=True, slots=True)
class AssessmentSnapshot:
    """Everything about one client at `now` that an assessment rests on.

    `band` and `phase_state`: of the last assessment, None before the first. `enrolments`: those that wait for a turn;
    `steps_due_at`: when a step of one falls due.
    `campaign_states`: state and epoch of the campaigns with parked mail. `next_n`: the number of the next new mail.
    """

    client_id: ClientId
    now: datetime
    signed_up_at: datetime
    facts: MailFacts
    quiz_answered: bool = False
    engagement: Engagement = field(default_factory=Engagement)
    orders: int = 0
    first_order_at: datetime | None = None
    orders_value_cents: int = 0
    band: Band | None = None
    phase_state: PhaseState | None = None
    mails: Sequence[ClientMail] = ()
    next_n: int = 1
    enrolments: Sequence[QueuedMail] = ()
    steps_due_at: datetime | None = None
    campaign_states: Mapping[CampaignSlug, tuple[CampaignState, int]] = field(default_factory=dict)
    call: OpenCall | None = None
    answered: tuple[NoMailDecision, ...] = ()
    sequences: Sequences = field(default_factory=dict)
    """What each phase calls for."""
    personal: bool = True
    """Whether what the client did may decide what they get; False: they refused personalisation."""

    @property
    def purchases(self) -> ClientOrders:
        """The totals of the client's orders."""
        return ClientOrders(
            orders=self.orders,
            first_at=self.first_order_at,
            last_at=self.engagement.last_order_at,
            value_cents=self.orders_value_cents,
            signed_up_at=self.signed_up_at,
        )

    def add_answer(self, decision: NoMailDecision, call: OpenCall | None) -> AssessmentSnapshot:
        """Return the snapshot with one more trigger answered without a mail, and with the call opened for it."""
        return replace(self, answered=add_decision(self.answered, decision), call=call or self.call)


@dataclass(frozen=True, slots=True)
class ClientScore:
    """Where a client stands, by assessment `id`. `algorithm`: who scored. `risk`: None before a model was learnt."""

    id: str
    engagement: EngagementScore
    state: PhaseState
    risk: ChurnRisk | None = None
    algorithm: str = FORMULA


class NextMail(NamedTuple):
    """The mail whose workflow must run."""

    n: int
    kind: TouchKind
    campaign: CampaignSlug | None


class HoldoutExposure(NamedTuple):
    """The client's arm in a comparison, from the moment at which a mail of it was due."""

    comparison: CampaignSlug
    arm: Arm


class CallEnd(NamedTuple):
    """A call that is of no use any more, and why."""

    call_id: str
    outcome: str


@dataclass(frozen=True, slots=True)
class AssessmentDecision:
    """What is due, not done yet.

    `mail`: the one to begin or the one that has the turn already; naming the latter again makes a client whose
    workflows were lost whole, since a start that finds it running does nothing. `woken`: a parked one whose turn has
    come. `answered`: all triggers of the episode that were answered without a mail. `exposure`: set where a drift mail
    was due and clients are held out.
    """

    plan: ClientPlan
    mail: NextMail | None = None
    woken: ClientMail | None = None
    answered: tuple[NoMailDecision, ...] = ()
    exposure: HoldoutExposure | None = None
    ended_call: CallEnd | None = None

    def add_offer(self, offer: OfferSlug) -> AssessmentDecision:
        """Return the decision with an offer that the mail which starts is to state."""
        start = self.plan.start.model_copy(update={"offer": offer}) if self.plan.start else None
        return replace(self, plan=self.plan.model_copy(update={"start": start}))


def score_snapshot(
    snapshot: AssessmentSnapshot,
    rules: AssessmentRules,
    risk: ChurnRisk | None,
    assessment_id: str,
    plugged: PluggedScore | None = None,
) -> ClientScore:
    """Score the client and advance the phase. `plugged`: the score of an algorithm, in the formula's place. One who
    refused personalisation is not scored, and drifts nowhere."""
    if not snapshot.personal:
        return _stand_unscored(snapshot, assessment_id)
    now, last_order = snapshot.now, snapshot.engagement.last_order_at
    score = _score_engagement(snapshot, rules, plugged)
    if risk is not None:
        score = apply_churn_risk(rules.engagement, snapshot.engagement, score, risk, now)
    score = _look_again_in_time(score)
    if snapshot.phase_state is None:
        state = start_phase(snapshot.signed_up_at, last_order, score.band, now)
    else:
        state = advance_phase(snapshot.phase_state, score.band, last_order, now)
    return ClientScore(assessment_id, score, state, risk, plugged.algorithm if plugged else FORMULA)


def _stand_unscored(snapshot: AssessmentSnapshot, assessment_id: str) -> ClientScore:
    """Return where a client stands of whom only the signup counts: in onboarding, then active for good."""
    score = EngagementScore(score=0.0, band=Band.ACTIVE, crosses_at=None, lift_score=None)
    if snapshot.phase_state is None:
        state = start_phase(snapshot.signed_up_at, None, score.band, snapshot.now)
    else:
        state = advance_phase(snapshot.phase_state, score.band, None, snapshot.now)
    return ClientScore(assessment_id, score, state, algorithm=UNSCORED)


def _score_engagement(
    snapshot: AssessmentSnapshot, rules: AssessmentRules, plugged: PluggedScore | None
) -> EngagementScore:
    stats, now, held = snapshot.engagement, snapshot.now, snapshot.band
    if plugged is None:
        return score_client(rules.engagement, stats, now, held=held)
    return apply_answer(rules.engagement, stats, plugged.answer, now, held, rules.recheck_days)


def _look_again_in_time(score: EngagementScore) -> EngagementScore:
    """Return the score with `crosses_at`, for which the workflow's timer is set, not after `look_again_at`."""
    moments = [at for at in (score.crosses_at, score.look_again_at) if at is not None]
    return score if score.look_again_at is None else score.model_copy(update={"crosses_at": min(moments)})


def decide_next(snapshot: AssessmentSnapshot, score: ClientScore, rules: AssessmentRules) -> AssessmentDecision:
    """Decide what comes next for a client who stands as `score` says.

    A client in the holdout gets no drift mail: its trigger is closed and the plan is made again without it.
    """
    eligibility = may_plan(snapshot.facts, rules.mail, snapshot.now)
    ended_call = _find_ended_call(snapshot, score, eligibility)
    situation = _build_situation(snapshot, score, None if ended_call else snapshot.call)
    plan = plan_next_step(situation, eligibility, rules.mail, snapshot.now)
    exposure = _find_exposure(snapshot.client_id, plan.start, rules.holdout_share)
    if plan.start is not None and exposure is not None and exposure.arm is Arm.CONTROL:
        held_out = NoMailDecision(key=plan.start.key, action="held_out", at=snapshot.now)
        situation = situation.model_copy(update={"answered": add_decision(snapshot.answered, held_out)})
        plan = plan_next_step(situation, eligibility, rules.mail, snapshot.now)
    return AssessmentDecision(
        plan=plan,
        mail=_find_next_mail(snapshot, plan.start),
        woken=next((mail for mail in snapshot.mails if mail.n == plan.wake), None),
        answered=situation.answered,
        exposure=exposure,
        ended_call=ended_call,
    )


def _find_ended_call(snapshot: AssessmentSnapshot, score: ClientScore, eligibility: Eligibility) -> CallEnd | None:
    """Find the open call that is of no use any more."""
    if snapshot.call is None:
        return None
    barred = eligibility.code if eligibility.door in (SendDecision.CLOSED, SendDecision.PARK) else ""
    outcome = explain_call_end(snapshot.call, score.state.phase, barred, snapshot.now)
    return CallEnd(snapshot.call.call_id, outcome) if outcome else None


def _build_situation(snapshot: AssessmentSnapshot, score: ClientScore, call: OpenCall | None) -> Situation:
    in_turn = find_in_turn(snapshot.mails)
    return Situation(
        client_id=snapshot.client_id,
        standing=score.state,
        crosses_at=score.engagement.crosses_at,
        facts=snapshot.facts,
        sequence=snapshot.sequences.get(score.state.phase),
        made={mail.reason_key: mail.created_at for mail in snapshot.mails},
        answered=snapshot.answered,
        call=call,
        waiting=(*snapshot.enrolments, *_list_parked(snapshot)),
        quiz_answered=snapshot.quiz_answered or not snapshot.personal,  # nor is the quiz asked of who refused it
        steps_due_at=snapshot.steps_due_at,
        busy=in_turn is not None,
        busy_code=in_turn.code if in_turn else "",
    )


def _list_parked(snapshot: AssessmentSnapshot) -> list[QueuedMail]:
    """List the parked mails that may queue again."""
    return [
        QueuedMail(priority=mail.priority, key=mail.reason_key, campaign=mail.campaign, n=mail.n)
        for mail in snapshot.mails
        if mail.state is OutreachState.PARKED
        and may_queue(
            mail.code,
            mail.epoch,
            mail.updated_at,
            snapshot.campaign_states.get(mail.campaign) if mail.campaign else None,
            snapshot.now,
        )
    ]


def _find_exposure(client_id: ClientId, start: MailStart | None, share: float) -> HoldoutExposure | None:
    """Find the client's arm in the re-engagement comparison, where `start` is a mail of it."""
    if start is None or not share or not start.of_phase or start.kind not in DRIFT_MAILS:
        return None
    return HoldoutExposure(build_re_engagement_slug(share), assign_arm(RE_ENGAGEMENT, client_id, share))


def _find_next_mail(snapshot: AssessmentSnapshot, start: MailStart | None) -> NextMail | None:
    """Find the number of the mail to begin, or the mail that has the turn. A trigger's mail keeps its number."""
    if start is None:
        busy = find_in_turn(snapshot.mails)
        return None if busy is None else NextMail(busy.n, busy.kind, busy.campaign)
    begun = next((mail.n for mail in snapshot.mails if mail.reason_key == start.key), None)
    n = max(snapshot.next_n, 1 + max((mail.n for mail in snapshot.mails), default=0)) if begun is None else begun
    return NextMail(n, start.kind, start.campaign)
