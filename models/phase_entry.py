"""The entry of the lifecycle's own sequences: a client enters with a phase. What such a campaign cannot mean."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, Literal

from models.base import StrictInput
from models.journey_steps import JourneyStep
from models.states import Phase, TouchKind

SequencePhase = Literal["onboarding", "at_risk", "lapsed", "won_back"]


class PhaseEntry(StrictInput):
    """A client enters whenever this phase of theirs begins, and leaves with it."""

    on: Literal["phase"]
    phase: SequencePhase


_DRIFT: Final = (TouchKind.MISSED, TouchKind.NEW_IN, TouchKind.STYLIST, TouchKind.WIN_BACK)
PHASE_KINDS: Final[Mapping[Phase, tuple[TouchKind, ...]]] = {
    Phase.ONBOARDING: (TouchKind.WELCOME, TouchKind.QUIZ),
    Phase.AT_RISK: _DRIFT,
    Phase.LAPSED: _DRIFT,
    Phase.WON_BACK: (TouchKind.WON_BACK,),
}
"""The kinds of mail that the sequence of each phase may send: the holdout of drifting clients and the slot
`next_action` go by the kind."""

_SHARED: Final[Mapping[str, str]] = {
    "audience": "everybody in the phase enters; for some of them write a campaign with `entry: {on: now}` and the "
    "phase in its audience",
    "exits": "it ends with the phase",
    "re_entry": "it begins anew with each stay in the phase",
    "priority": "the kinds of the lifecycle's mails have priorities of their own",
    "window_days": "its mails are compared over 28 days (docs/holdouts.md)",
    "ends_at": "it does not end by itself; pause or end it",
    "expires_after": "it ends with the phase",
}
"""The fields that a sequence leaves as they are, and why."""
LEFT_BY_SEQUENCES: Final = frozenset((*_SHARED, "holdout", "show_entry_item"))
"""All that a sequence leaves as it is, of the whole and of its mails."""
SEQUENCE_ACTIONS: Final = ("mail", "wait")
"""What the steps of a sequence may do."""


def fill_holdout(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of a definition with the holdout of a sequence, which is the setting's, where none is given."""
    entry = values.get("entry")
    on = entry.get("on") if isinstance(entry, Mapping) else getattr(entry, "on", None)
    return {"holdout": 0.0, **values} if on == "phase" else dict(values)


def find_sequence_fault(phase: Phase, changed: Iterable[str], holdout: float, steps: Iterable[JourneyStep]) -> str:
    """Find the first thing in a definition that a sequence cannot mean, as `field: why`; empty where there is none.

    Args: `changed` names the fields that differ from their defaults.
    """
    if holdout:
        return "holdout: is one for all sequences, the setting SELVEDGE_HOLDOUT_SHARE; leave it out"
    fault = next((f"{field}: is not of a sequence: {_SHARED[field]}" for field in changed if field in _SHARED), "")
    return fault or next(_list_step_faults(phase, steps), "")


def _list_step_faults(phase: Phase, steps: Iterable[JourneyStep]) -> Iterator[str]:
    kinds = PHASE_KINDS[phase]
    for index, step in enumerate(steps):
        where = f"steps[{index}]"
        if step.action not in SEQUENCE_ACTIONS:
            yield f"{where}.{step.action}: a sequence only mails and waits"
        if step.id == TouchKind.CAMPAIGN:
            yield f"{where}.id: by that word mails of other campaigns are told from those of a sequence; use another"
        if step.mail is None:
            continue
        if step.mail.kind not in kinds:
            yield f"{where}.mail.kind: mails of {phase} are {', '.join(kinds)}, not {step.mail.kind}"
        if step.mail.show_entry_item:
            yield f"{where}.mail.show_entry_item: no item lets anybody enter here"
