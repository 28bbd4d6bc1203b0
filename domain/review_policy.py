"""Which drafts a person lets out, and when a draft that waits is brought to mind again."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from pydantic import TypeAdapter, ValidationError

from models.base import Contract
from models.drafts import DraftStage, HoldReason, ReviewPolicy
from models.states import TouchKind

NONE: Final = "none"
ALL: Final = "all"
PATIENCE: Final = timedelta(days=7)
"""Business time for which a mail waits for a person before it is rejected."""
_POLICY: Final = TypeAdapter[str](ReviewPolicy)


class DeskRules(Contract):
    """When somebody is reminded of a draft that waits, and when it is escalated, counted from its beginning."""

    remind_after: timedelta = timedelta(hours=4)
    escalate_after: timedelta = timedelta(hours=24)

    def find_stage(self, since: datetime, now: datetime) -> DraftStage:
        """Find the stage of a draft that has waited since `since`."""
        if now >= since + self.escalate_after:
            return DraftStage.ESCALATED
        return DraftStage.REMINDED if now >= since + self.remind_after else DraftStage.FRESH

    def find_next_look(self, since: datetime, now: datetime) -> datetime:
        """Find when to look at a waiting draft again: at its next stage, or at its end."""
        moments = (since + self.remind_after, since + self.escalate_after, since + PATIENCE)
        return min((moment for moment in moments if moment > now), default=since + PATIENCE)


def parse_policies(text: str) -> Mapping[TouchKind, str]:
    """Parse `welcome=all,win_back=sample:20`. Raises ValueError naming the part."""
    policies = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        kind, _, policy = part.partition("=")
        try:
            policies[TouchKind(kind)] = _POLICY.validate_python(policy)
        except (ValueError, ValidationError):
            raise ValueError(
                f"{part!r} is not KIND=POLICY; a kind is {', '.join(TouchKind)}; a policy none, all or sample:20"
            ) from None
    return policies


def choose_hold(policy: str, held: int) -> HoldReason | None:
    """Choose whether a person looks at a mail, and why. `held`: mails of its campaign, or of its kind that day, that
    were held as a sample before."""
    if policy == NONE:
        return None
    if policy == ALL:
        return HoldReason.ALL
    return HoldReason.SAMPLE if held < int(policy.partition(":")[2]) else None
