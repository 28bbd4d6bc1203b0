"""One call of a language model, what was said in it, and what calls may still cost."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import Field

from models.base import CampaignSlug, ClientId, Contract


class Transcript(Contract):
    """What was asked and answered in one call. Personal: it stays out of histories and logs."""

    parameters: dict[str, Any] = Field(default_factory=dict, repr=False)
    messages: tuple[dict[str, Any], ...] = Field(default=(), repr=False)
    answer: str = Field(default="", repr=False)
    faults: tuple[str, ...] = Field(default=(), repr=False)
    """What was wrong with the answer, in the words in which the model was told."""


class ModelCall(Contract):
    """One attempt at one answer. Holds no words of anybody; `verdict` is `ok` or the code of what went wrong."""

    at: datetime
    """Business time."""
    client_id: ClientId
    n: int | None = None
    agent: str = Field(max_length=16)
    prompt_version: str = Field(max_length=40)
    model: str = Field(max_length=64)
    tokens_in: int = 0
    tokens_out: int = 0
    cost_micros: int = 0
    """Millionths of the unit in which prices are given."""
    latency_ms: float = 0.0
    verdict: str = Field(default="ok", max_length=32)
    impossible_usage: bool = Field(default=False, exclude=True)
    """The endpoint reported a number of tokens that cannot be; the estimate stands for it."""
    key: int = Field(default=0, exclude=True)
    """Under which the call was opened; 0: under none."""
    transcript: Transcript | None = Field(default=None, exclude=True, repr=False)


class CallRecord(ModelCall):
    """A call as shown to people, with what was said where that is still kept."""

    transcript: Transcript | None = None


class ModelUsage(Contract):
    """What calls have cost. `micros`: millionths of the unit in which prices are given."""

    calls: int = 0
    tokens: int = 0
    micros: int = 0


class ModelBudget(Contract):
    """What is left of a budget; `micros` None: money is not limited."""

    calls: int
    tokens: int
    micros: int | None = None

    @property
    def is_spent(self) -> bool:
        """Whether no further call may be made."""
        return self.calls <= 0 or self.tokens <= 0 or (self.micros is not None and self.micros <= 0)

    def has_room(self, cost: ModelUsage) -> bool:
        """Return whether a call of this cost may be made."""
        money = self.micros is None or self.micros >= cost.micros
        return self.calls >= cost.calls and self.tokens >= cost.tokens and money

    def subtract(self, spent: ModelUsage) -> ModelBudget:
        """Return the budget with `spent` subtracted."""
        micros = None if self.micros is None else self.micros - spent.micros
        return ModelBudget(calls=self.calls - spent.calls, tokens=self.tokens - spent.tokens, micros=micros)


class SpendLimit(Contract):
    """The most tokens and money that calls may use together; None: no limit."""

    tokens: int | None = None
    micros: int | None = None

    def has_room(self, used: ModelUsage) -> bool:
        """Return whether `used` keeps within the limit."""
        tokens = self.tokens is None or used.tokens <= self.tokens
        return tokens and (self.micros is None or used.micros <= self.micros)


class SpendLimits(Contract):
    """The limits that hold for one call."""

    client: ModelBudget
    campaign: SpendLimit = SpendLimit()
    day: SpendLimit = SpendLimit()
    total: SpendLimit = SpendLimit()


class SpendScope(Contract):
    """For whom a call is made: its client, its campaign, and the shop's day."""

    client_id: ClientId
    campaign: CampaignSlug | None = None
    day: str
