"""Take the next clients of a broadcast and begin their mails: what the assessment of each decides, by the same
functions, in one transaction; and plan what follows once the mails have left."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import NamedTuple
from uuid import uuid4

from sqlalchemy import Connection

from domain.assessment import AssessmentDecision, AssessmentSnapshot, ClientScore, decide_next
from domain.broadcasts import PART
from domain.outreach import ClientMail
from domain.planning import ClientPlan, MailStart
from models.base import CampaignSlug, ClientId
from models.states import CampaignState, OutreachState
from services import metrics
from services.assessment import engagement
from services.assessment.assessor import build_rules, save_findings
from services.assessment.scoring import RISK_SLOT, SlotAnswers, SlotScoring
from services.assessment.snapshots import load_snapshots
from services.campaigns.rounds import goes_in_parts
from services.context import ServiceContext
from services.decisions.decider import Decider
from services.mailing.sending import compute_lease
from store.campaigns import broadcasts, campaigns, enrolments
from store.campaigns.campaigns import CampaignRow
from store.campaigns.enrolments import QueuedEnrolment
from store.clients import assessments, standing_plans
from store.clients.assessments import FinishedAssessment
from store.database import write_transaction
from store.events import outbox
from store.mail import ledger_in_bulk
from store.mail.ledger_in_bulk import MailKey, MailMove, NewMail


class BegunMail(NamedTuple):
    """A mail that a part has begun, with the assessment that called for it. `wakes_at`: when the client's workflow
    wakes by itself, None: never, as far as is known."""

    snapshot: AssessmentSnapshot
    score: ClientScore
    decision: AssessmentDecision
    start: MailStart
    n: int
    wakes_at: datetime | None

    @property
    def key(self) -> MailKey:
        """The client and the number of the mail."""
        return self.snapshot.client_id, self.n


@dataclass
class BegunPart:
    """A part: the mails begun, those of an earlier part whose worker died, how many clients were looked at, and the
    count of campaigns that go out in parts now."""

    mails: list[BegunMail] = field(default_factory=list)
    adopted: list[MailKey] = field(default_factory=list)
    taken: int = 0
    broadcasts: int = 1

    @property
    def keys(self) -> list[MailKey]:
        """All its mails."""
        return [*(mail.key for mail in self.mails), *self.adopted]


class BroadcastPlanner:
    """Begins parts. One for a process; safe from many threads."""

    def __init__(self, context: ServiceContext, decider: Decider) -> None:
        self._context, self._decider = context, decider
        self._rules = build_rules(context)
        self._scoring = SlotScoring(context, self._rules, decider)

    def begin(self, slug: CampaignSlug, at: datetime) -> BegunPart:
        """Begin the next part: nobody while the campaign does not run. Who may not be mailed now is left to their own
        workflow, which is nudged in the same transaction."""
        with write_transaction(self._context.engine) as connection:
            _, now = self._context.load_business_time(connection, at)
            real_now, wall = self._context.resolve_real_time(at), self._context.wall()
            row = campaigns.find_campaign(connection, slug)
            if row is None or row.state is not CampaignState.RUNNING:
                return BegunPart()
            until = real_now + compute_lease(self._context.settings)
            if not self._may_go(connection, row):
                left = [*broadcasts.release_left(connection, slug, real_now), *broadcasts.leave_all(connection, slug)]
                outbox.push_nudges(connection, "client", left, wall)
                return BegunPart()
            adopted, left = _adopt(connection, slug, now, real_now, until)
            taken = broadcasts.take_waiting(connection, slug, now, PART - len(adopted))
            part, others = self._decide(connection, slug, taken, now)
            _save(connection, slug, part.mails, now, until)
            broadcasts.leave_to_workflows(connection, slug, others)
            outbox.push_nudges(connection, "client", [*left, *others], wall)
            part.broadcasts = broadcasts.count_broadcasts(connection, now)
        part.adopted, part.taken = adopted, len(adopted) + len(left) + len(taken)
        return part

    def _may_go(self, connection: Connection, row: CampaignRow) -> bool:
        """Return whether the campaign is still one for parts. Where an algorithm scores clients, it may take its time:
        then each client is assessed by themselves."""
        plugged = any(self._decider.has_algorithm(slot) for slot in (engagement.SLOT, RISK_SLOT))
        return not plugged and goes_in_parts(self._context, connection, row)

    def _decide(
        self, connection: Connection, slug: CampaignSlug, taken: Sequence[ClientId], now: datetime
    ) -> tuple[BegunPart, list[ClientId]]:
        """Decide about each client as their own assessment would; return the part and who is left."""
        snapshots = load_snapshots(self._context, connection, taken, now)
        wakes, early = (
            standing_plans.load_wakes(connection, taken),
            broadcasts.find_early(connection, slug, taken, now),
        )
        part, left = BegunPart(), list[ClientId]()
        for client_id in taken:
            if client_id in early:  # they go on waiting, until their entry is due where they live
                continue
            snapshot = snapshots.get(client_id)
            if snapshot is None:
                left.append(client_id)
                continue
            score = self._scoring.score(connection, snapshot, SlotAnswers(), uuid4().hex)
            decision = decide_next(snapshot, score, self._rules)
            start, mail = decision.plan.start, decision.mail
            if start is None or mail is None or start.campaign != slug or _is_begun(snapshot, mail.n):
                left.append(client_id)
                continue
            part.mails.append(BegunMail(snapshot, score, decision, start, mail.n, wakes.get(client_id)))
        return part, left

    def plan_after(self, mail: BegunMail, now: datetime) -> ClientPlan:
        """Plan what follows for a client whose mail has left, as their next assessment would."""
        snapshot, start = mail.snapshot, mail.start
        sent = ClientMail(
            mail.n,
            start.key,
            start.kind,
            start.campaign,
            OutreachState.SENT,
            code="",
            epoch=0,
            priority=start.priority,
            overdue=None,
            created_at=snapshot.now,
            updated_at=now,
            sent_at=now,
        )
        facts = snapshot.facts.model_copy(update={"sent_at": (*snapshot.facts.sent_at, now)})
        waiting = [queued for queued in snapshot.enrolments if queued.key != start.key]
        answered = mail.decision.answered
        after = replace(
            snapshot, now=now, facts=facts, mails=[*snapshot.mails, sent], enrolments=waiting, answered=answered
        )
        return decide_next(after, mail.score, self._rules).plan


def must_wake(mail: BegunMail, plan: ClientPlan) -> bool:
    """Return whether the client's own workflow has to hear of the mail: what follows comes before it wakes by itself,
    or the client stands elsewhere now. All else it reads from the ledger when it looks next."""
    before, state = mail.snapshot.phase_state, mail.score.state
    if mail.wakes_at is None or before is None or mail.start.step:
        return True
    return before.phase is not state.phase or plan.wake_at < mail.wakes_at


def _is_begun(snapshot: AssessmentSnapshot, n: int) -> bool:
    return any(mail.n == n for mail in snapshot.mails)


def _adopt(
    connection: Connection, slug: CampaignSlug, now: datetime, real_now: datetime, until: datetime
) -> tuple[list[MailKey], list[ClientId]]:
    """Take up the mails that another part left; return those to go on with, and the clients who are left to their own
    workflows. What it left with the mail server may have arrived."""
    found = broadcasts.take_left(connection, slug, real_now, PART)
    lost = [MailMove(one.client_id, one.n, "lost_in_data") for one in found if one.state is OutreachState.DATA]
    ledger_in_bulk.move_mails(connection, lost, OutreachState.UNKNOWN, now)
    metrics.mails.labels(outcome=OutreachState.UNKNOWN).inc(len(lost))
    unsent = [one for one in found if one.state is not OutreachState.DATA]
    later = [one.client_id for one in unsent if one.send_at is not None and one.send_at > now]
    adopted = [(one.client_id, one.n) for one in unsent if one.client_id not in set(later)]
    broadcasts.release_mails(connection, slug, later)
    broadcasts.renew_leases(connection, slug, [client_id for client_id, _ in adopted], until)
    return adopted, [*(move.client_id for move in lost), *later]


def _save(
    connection: Connection, slug: CampaignSlug, mails: Sequence[BegunMail], now: datetime, until: datetime
) -> None:
    """Save the assessments of clients and begin their mails, leased until `until`."""
    for mail in mails:
        save_findings(connection, mail.snapshot, mail.decision)
    finished = [FinishedAssessment(mail.snapshot, mail.score, mail.decision) for mail in mails]
    assessments.save_assessments(connection, finished)
    new = [
        NewMail(
            mail.snapshot.client_id,
            mail.n,
            mail.start,
            assessment_id=mail.score.id,
            score=mail.score.engagement.score,
            phase=mail.score.state.phase,
            lease_until=until,
        )
        for mail in mails
    ]
    ledger_in_bulk.begin_mails(connection, new, now)
    queued = [QueuedEnrolment(slug, mail.snapshot.client_id, mail.start.key, mail.n, mail.start.step) for mail in mails]
    enrolments.mark_queued(connection, queued, now)
