"""One call of a language model, and what a client's calls may still cost today."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from models.base import ClientId, Contract


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
    latency_ms: float = 0.0
    verdict: str = Field(default="ok", max_length=32)


class ModelUsage(Contract):
    """What a client's mail has cost in the last 24 hours of business time."""

    calls: int = 0
    tokens: int = 0


class ModelBudget(Contract):
    """What is left of the client's daily budget."""

    calls: int
    tokens: int

    @property
    def is_spent(self) -> bool:
        """Whether no further call may be made."""
        return self.calls <= 0 or self.tokens <= 0

    def subtract(self, spent: ModelUsage) -> ModelBudget:
        """Return the budget with `spent` subtracted."""
        return ModelBudget(calls=self.calls - spent.calls, tokens=self.tokens - spent.tokens)
