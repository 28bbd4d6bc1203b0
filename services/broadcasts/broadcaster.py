"""Send a campaign in parts: begin the mails of the next clients, write them, hand them over, and tell those workflows
that have to hear of it."""

from __future__ import annotations

import asyncio
from datetime import datetime
from time import monotonic

from domain.broadcasts import share_pace
from mail.message import EnvelopeBuilder
from mail.transport import Transport
from models.base import CampaignSlug
from models.broadcasts import BroadcastDone, BroadcastStep
from models.states import OutreachState
from services.broadcasts.delivery import PartSender
from services.broadcasts.planning import BegunPart, BroadcastPlanner, must_wake
from services.broadcasts.writing import BroadcastWriter
from services.context import ServiceContext
from services.decisions.decider import Decider
from services.mailing.composition import MailComposer
from services.recommendations.recommender import Recommender
from store.campaigns import broadcasts
from store.clients import standing_plans
from store.clients.standing_plans import StandingPlan
from store.database import write_transaction
from store.events import outbox
from store.mail import ledger_in_bulk


class Broadcaster:
    """Sends parts. One for a process, on one event loop."""

    def __init__(
        self,
        context: ServiceContext,
        recommender: Recommender,
        decider: Decider,
        post: EnvelopeBuilder,
        transport: Transport,
    ) -> None:
        self._context, self._transport = context, transport
        self._planner = BroadcastPlanner(context, decider)
        self._writer = BroadcastWriter(context, MailComposer(context, recommender, decider), post)
        self._sender = PartSender(context, transport)

    async def send_part(self, step: BroadcastStep) -> BroadcastDone:
        """Send the next part. Raises MailFault while no mail can be handed over: nobody is taken then."""
        outage = self._transport.circuit.find_outage()
        if outage is not None:
            raise outage
        begun = monotonic()
        part = await asyncio.to_thread(self._planner.begin, step.slug, step.at)
        if not part.keys:
            return BroadcastDone(taken=part.taken)
        attempts = await asyncio.to_thread(self._writer.write, part.keys, step.at)
        pace = share_pace(self._context.settings.mails_per_second, part.broadcasts)
        await self._sender.send(attempts, pace, begun)
        sent = await asyncio.to_thread(self._finish, step.slug, part, step.at)
        return BroadcastDone(taken=part.taken, sent=sent)

    def _finish(self, slug: CampaignSlug, part: BegunPart, at: datetime) -> int:
        """Save what is planned for those whose mail left, leave the other mails to their clients' workflows, and return
        how many left."""
        with write_transaction(self._context.engine) as connection:
            _, now = self._context.load_business_time(connection, at)
            states = ledger_in_bulk.load_states(connection, part.keys)
            sent = [mail for mail in part.mails if states.get(mail.key) is OutreachState.SENT]
            plans = [(mail, self._planner.plan_after(mail, now)) for mail in sent]
            standing_plans.save_plans(
                connection, [StandingPlan(mail.key[0], mail.score.id, plan) for mail, plan in plans]
            )
            done = {mail.key for mail in sent}
            others = [client_id for client_id, n in part.keys if (client_id, n) not in done]
            broadcasts.release_mails(connection, slug, others)
            woken = [mail.key[0] for mail, plan in plans if must_wake(mail, plan)]
            outbox.push_nudges(connection, "client", [*others, *woken], self._context.wall())
        return list(states.values()).count(OutreachState.SENT)
