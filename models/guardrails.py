"""What pauses a campaign by itself."""

from __future__ import annotations

from pydantic import Field

from models.base import StrictInput


class Guardrails(StrictInput):
    """Limits of a campaign, each a share of its mails; null switches one off. Beyond one it pauses by itself."""

    complaints: float | None = Field(default=0.001, gt=0, le=1)
    """Mails whose readers called them spam."""
    hard_bounces: float | None = Field(default=0.02, gt=0, le=1)
    """Mails whose address leads nowhere."""
    unsubscribes: float | None = Field(default=None, gt=0, le=1)
    negative_lift: bool = False
    """Whether it pauses once those mailed order less often than those held out, beyond chance."""
