"""Whether, and how, a client who drifts is approached: what the slot `next_action` may answer, and what follows.

Each occasion of a drift sequence is asked about once. `email` starts the mail as ever; `nothing` closes the occasion;
`stylist_call` closes it too and opens a call, and no mail of the sequence goes while that is open. For clients who are
held out of re-engagement the house closes it without asking.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Final, Literal

from domain.experiments import place
from domain.phases import PhaseState
from domain.sequences import spell
from models.base import ClientId, Contract
from models.slots import Action, NextActionQuestion, Occurrence
from models.states import Phase, TouchKind

ASKED: Final = frozenset({TouchKind.MISSED, TouchKind.NEW_IN, TouchKind.STYLIST, TouchKind.WIN_BACK})
"""Mails that the product sends of its own accord to who drifts. Welcome, quiz and thanks answer what the client did, a
campaign is its owner's word."""
_AWAY: Final = frozenset({Phase.AT_RISK, Phase.LAPSED, Phase.DORMANT})


class Answered(Contract):
    """An occasion that was answered without a mail."""

    key: str
    action: Literal["nothing", "stylist_call", "held_out"]
    at: datetime


class OpenCall(Contract):
    """A call that a stylist is to make. `until`: then it is too late for it."""

    call_id: str
    since: datetime
    until: datetime


def allowed(calls_left: int) -> tuple[Action, ...]:
    """What may be answered while so many calls of the day are left. An offer never: the shop states none."""
    return ("email", "stylist_call", "nothing") if calls_left > 0 else ("email", "nothing")


def seed_of(client_id: ClientId, key: str) -> int:
    """The seed of an occasion's question: asked again, it is the same question."""
    return int(place(client_id, f"next_action/{key}") * 2**53)


def question(
    client_id: ClientId,
    now: datetime,
    score: float,
    p_alive: float | None,
    orders: Iterable[Occurrence],
    actions: tuple[Action, ...] = ("email", "nothing"),
    seed: int = 0,
) -> NextActionQuestion:
    """What the slot is told of a client: engagement, the chance that they are still one, and all their orders."""
    return NextActionQuestion(
        client_id=client_id,
        now=now,
        seed=seed,
        allowed=actions,
        engagement=score,
        p_alive=1.0 if p_alive is None else p_alive,
        events=tuple(orders),
    )


def call_ends(call: OpenCall, phase: Phase, barred: str, now: datetime) -> str:
    """Why an open call is of no use any more, in one stable word; empty: it is. `barred`: why no mail may be planned;
    whom we may not mail we do not call."""
    if phase not in _AWAY:
        return "came_back"
    return barred or ("too_late" if now >= call.until else "")


def answered_with(answered: Iterable[Answered], new: Answered) -> tuple[Answered, ...]:
    """With `new`, without those of earlier spells, so that they never pile up."""
    same = new.key.partition(":")[2]
    return (*(each for each in answered if each.key.partition(":")[2] == same and each.key != new.key), new)


def instead_of_mail(
    standing: PhaseState, answered: Iterable[Answered], call: OpenCall | None, last_mail: datetime | None
) -> Answered | None:
    """What was chosen in place of a mail and still holds in this spell: an open call, or nothing that a mail came
    after. `last_mail`: when the client's last mail was begun."""
    if call is not None:
        return Answered(key="", action="stylist_call", at=call.since)
    mine = [each for each in answered if each.key.endswith(f":{spell(standing)}")]
    last = max(mine, key=lambda each: each.at, default=None)
    if last is None or last.action == "stylist_call" or (last_mail is not None and last_mail > last.at):
        return None
    return last
