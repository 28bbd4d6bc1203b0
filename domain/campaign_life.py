"""When a campaign ends, and from when a change to it holds."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from domain.states import CAMPAIGN
from models.campaign import CampaignSpec
from models.states import CampaignState

OVER: Final = frozenset({CampaignState.FINISHING}) | CAMPAIGN.final
"""The states in which nobody enters any more and nothing can be changed."""
UNDER_WAY: Final = (CampaignState.RUNNING, CampaignState.PAUSED)
"""The states in which clients have places that go on, now or after the pause."""
LOOK_AGAIN: Final = timedelta(hours=1)
"""Business time between two looks for clients who joined the audience."""
ENDED: Final = "campaign_ended"
"""The code of what the end of its campaign dropped."""

_HOLDS: Final[Mapping[str, str]] = {
    "message": "the message holds for every mail that has not left: what is written with the old one is written anew",
    "voice": "the voice holds for every mail that has not left: what is written in the old one is written anew",
    "throughput_per_minute": "the throughput holds from the next round on, within seconds",
    "priority": "the priority holds for clients whose mail is not begun yet",
    "guardrails": "the guardrails hold from the next round on",
    "review": "what a person lets out holds for mails that are not written yet",
}


def compute_end(spec: CampaignSpec, started_at: datetime) -> datetime | None:
    """Compute when a campaign that started at `started_at` ends; None: when somebody ends it."""
    if spec.ends_at is not None:
        return spec.ends_at
    return started_at + timedelta(days=spec.expires_days) if spec.expires_days else None


def explain_change(change: Mapping[str, Any], ends_at: datetime | None) -> tuple[str, ...]:
    """Explain in plain sentences from when each changed field holds. `ends_at`: the end after the change."""
    said = [_HOLDS[field] for field in change if field in _HOLDS]
    if {"ends_at", "expires_days"} & set(change):
        said.append(f"it ends {f'at {ends_at:%Y-%m-%d %H:%M} UTC' if ends_at else 'when somebody ends it'}")
    return tuple(said)
