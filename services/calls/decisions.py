"""Record what came of a stylist's call."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Engine

from domain import permissions
from domain.permissions import Action
from errors import BadInput
from models.actors import Actor, Subject, SubjectKind
from models.calls import Call, CallDecision
from store.activity import write_activity
from store.clients import calls
from store.database import write_transaction
from store.events import outbox


def decide_call(
    engine: Engine, actor: Actor, call_id: str, decision: CallDecision, now: datetime, real_now: datetime
) -> Call:
    """Save a stylist's decision on a call and nudge the client's workflow, whose mail may go on. Deciding the same
    twice changes nothing. Raises NotAllowed, NotFound, and BadInput for a call that ended otherwise."""
    permissions.require(actor, Action.DECIDE_CALL)
    with write_transaction(engine) as connection:
        ended = calls.end_call(connection, call_id, decision.state, decision.outcome, now, decision.by)
        call = calls.load_call(connection, call_id)
        if ended:
            outbox.push_nudges(connection, "client", [call.client_id], real_now)
            subject = Subject(kind=SubjectKind.CALL, id=call_id, client_id=call.client_id)
            data = {"verdict": decision.verdict}
            write_activity(connection, actor, Action.DECIDE_CALL, subject, now, real_now, data)
        elif (call.state, call.outcome) != (decision.state, decision.outcome):
            raise BadInput(f"this call has ended ({call.outcome.replace('_', ' ')}); only an open one can be decided")
    return call
