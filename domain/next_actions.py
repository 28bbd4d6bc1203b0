"""What to do for a client who drifts: send the mail, call, or do nothing. The rules around the slot `next_action`.

The slot is asked once for each trigger of a drift sequence. `email` starts the mail; `offer` starts it with an offer of
the shop; `nothing` closes the trigger; `stylist_call` closes it and opens a call, and no mail of the sequence goes out
while that call is open. For clients in the re-engagement holdout the trigger is closed without asking.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Final, Literal

from domain.experiments import hash_to_unit
from domain.phases import AWAY_PHASES, PhaseState, build_episode_key
from models.base import ClientId, Contract
from models.slots import Action, NextActionQuestion, Occurrence
from models.states import Phase, TouchKind

DRIFT_MAILS: Final = frozenset({TouchKind.MISSED, TouchKind.NEW_IN, TouchKind.STYLIST, TouchKind.WIN_BACK})
"""The mails that we send unasked to clients who drift. Welcome, quiz and thanks answer something that the client did; a
campaign is its owner's decision."""


class NoMailDecision(Contract):
    """A trigger that was answered without a mail: what was done instead, and when."""

    key: str
    action: Literal["nothing", "stylist_call", "held_out"]
    at: datetime


class OpenCall(Contract):
    """A call that a stylist is to make before `until`. `reason`: the kind of mail that it replaces, or `campaign`."""

    call_id: str
    since: datetime
    until: datetime
    reason: TouchKind = TouchKind.MISSED


def list_allowed_actions(calls_left: int, *, has_offer: bool = False) -> tuple[Action, ...]:
    """List the actions that may be answered while `calls_left` calls of the day are left. `has_offer`: the shop has an
    offer that a mail to this client may state."""
    calls: tuple[Action, ...] = ("stylist_call",) if calls_left > 0 else ()
    offers: tuple[Action, ...] = ("offer",) if has_offer else ()
    return ("email", *calls, *offers, "nothing")


def derive_seed(client_id: ClientId, key: str) -> int:
    """Derive the seed of a trigger's question, so that asking again asks the same question."""
    return int(hash_to_unit(client_id, f"next_action/{key}") * 2**53)


def build_question(
    client_id: ClientId,
    now: datetime,
    score: float,
    p_alive: float | None,
    orders: Iterable[Occurrence],
    actions: tuple[Action, ...] = ("email", "nothing"),
    seed: int = 0,
) -> NextActionQuestion:
    """Build the slot's question about a client from the engagement score, P(alive) and all orders."""
    return NextActionQuestion(
        client_id=client_id,
        now=now,
        seed=seed,
        allowed=actions,
        engagement=score,
        p_alive=1.0 if p_alive is None else p_alive,
        events=tuple(orders),
    )


def explain_call_end(call: OpenCall, phase: Phase, barred: str, now: datetime) -> str:
    """Return why an open call is of no use any more, as a stable word; empty while it still is.

    `barred`: why no mail may be planned; a client whom we may not mail is not called either.
    """
    if phase not in AWAY_PHASES and call.reason is not TouchKind.CAMPAIGN:
        return "came_back"
    return barred or ("too_late" if now >= call.until else "")


def add_decision(answered: Iterable[NoMailDecision], new: NoMailDecision) -> tuple[NoMailDecision, ...]:
    """Return the decisions with `new` added and those of earlier episodes dropped, so that they never pile up."""
    same = new.key.partition(":")[2]
    return (
        *(decision for decision in answered if decision.key.partition(":")[2] == same and decision.key != new.key),
        new,
    )


def find_no_mail_decision(
    state: PhaseState, answered: Iterable[NoMailDecision], call: OpenCall | None, last_mail: datetime | None
) -> NoMailDecision | None:
    """Find the decision of this episode that stands in place of a mail; None when there is none or a mail followed.

    `last_mail`: when the client's last mail was begun. An open call always stands.
    """
    if call is not None:
        return NoMailDecision(key="", action="stylist_call", at=call.since)
    decisions = [decision for decision in answered if decision.key.endswith(f":{build_episode_key(state)}")]
    last = max(decisions, key=lambda decision: decision.at, default=None)
    if last is None or last.action == "stylist_call" or (last_mail is not None and last_mail > last.at):
        return None
    return last
