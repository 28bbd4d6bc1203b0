"""The settings of language models and of the desk: a part of `Settings`."""

from __future__ import annotations

import re
from typing import Final, Literal, Self

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings

from errors import ConfigError

_KINDS: Final = "welcome|quiz|missed|new_in|stylist|win_back|won_back"
"""The kinds of lifecycle mail, as `models.states` has them; a campaign has its own policy."""


class WriterSettings(BaseSettings):
    """Who writes, at what cost, and what a person lets out."""

    llm_base_url: str = ""
    """Endpoint that speaks chat completions; empty: that of OpenAI."""
    llm_api_key: SecretStr | None = None
    """With a key a model writes; without one, the template writer does."""
    llm_model: str = "gpt-4o-mini"
    """As the endpoint names it."""
    llm_fallbacks: str = ""
    """Further models of the same endpoint, separated by commas: asked in this order while those before them fail."""
    llm_mode: Literal["tools", "json_schema", "json", "auto"] = "tools"
    """How the endpoint is asked for structured answers. Nearly all serve a forced tool call; some local servers only
    the others. `auto`: the first of the three that it does not refuse."""
    autonomy: str = Field(default="grounded", pattern=r"^(\s*([a-z_]+=)?(approved|grounded|free)\s*(,|$))*$")
    """How free a model is that writes: `approved`, `grounded` or `free`; other levels for kinds of mail, as in
    `grounded,welcome=approved`. A campaign has its own. Without a model every mail is of approved sentences."""
    llm_timeout_s: float = Field(default=30.0, gt=0)
    """Seconds that one call may take."""
    llm_calls_per_client_day: int = Field(default=12, ge=0)
    """Calls for one client in 24 hours of business time; the failed ones count."""
    llm_tokens_per_client_day: int = Field(default=60_000, ge=0)
    """Tokens in and out for one client in 24 hours of business time."""
    llm_money_per_client_day: float | None = Field(default=None, ge=0)
    """Money for one client in 24 hours of business time, in the unit of `llm_prices`. None: no limit, here and
    below."""
    llm_tokens_per_campaign: int | None = Field(default=None, ge=0)
    """Tokens for all mails of one campaign."""
    llm_money_per_campaign: float | None = Field(default=None, ge=0)
    """Money for all mails of one campaign."""
    llm_tokens_per_day: int | None = Field(default=None, ge=0)
    """Tokens for all clients in one of the shop's own days."""
    llm_money_per_day: float | None = Field(default=None, ge=0)
    """Money for all clients in one of the shop's own days."""
    llm_tokens_total: int | None = Field(default=None, ge=0)
    """Tokens ever."""
    llm_money_total: float | None = Field(default=None, ge=0)
    """Money ever."""
    llm_prices: str = ""
    """Price of a million tokens in and out for each model: `gpt-4o-mini=0.15/0.60`. A limit of money needs them."""
    llm_answer_tokens: int = Field(default=1_500, ge=1)
    """Tokens that are reserved for an answer before a call; what it really took is settled after."""
    transcript_days: float = Field(default=30.0, ge=0)
    """Days for which it is kept what models were asked and answered. 0: it is not kept."""

    review: str = ""
    """Kinds of mail that a person lets out: `welcome=all,win_back=sample:20` (so many a day). A campaign has its own
    policy; what the reviewer refuses waits for a person in any case."""
    review_remind_hours: float = Field(default=4.0, gt=0)
    """Hours for which a draft waits for a person before it counts as forgotten."""
    review_escalate_hours: float = Field(default=24.0, gt=0)
    """Hours after which it is escalated."""
    review_lease_minutes: float = Field(default=15.0, gt=0)
    """Minutes of real time for which a person who claims a draft has it alone."""

    @field_validator("llm_prices")
    @classmethod
    def _check_prices(cls, prices: str) -> str:
        for part in filter(str.strip, prices.split(",")):
            if not re.fullmatch(r"\s*[^\s,=]+=\d+(\.\d+)?/\d+(\.\d+)?\s*", part):
                raise ValueError(f"{part.strip()!r} is not MODEL=IN/OUT, the prices of a million tokens")
        return prices

    @model_validator(mode="after")
    def _check_money(self) -> Self:
        limits = (self.llm_money_per_client_day, self.llm_money_per_campaign, self.llm_money_per_day)
        if any(limit is not None for limit in (*limits, self.llm_money_total)):
            for name in (self.llm_model, *self.list_fallback_models()):
                if not re.search(rf"(^|,)\s*{re.escape(name)}=", self.llm_prices):
                    raise ConfigError(f"SELVEDGE_LLM_PRICES: a limit of money needs the price of {name}")
        return self

    def list_fallback_models(self) -> list[str]:
        """List the models to fall back on, in their order."""
        return [name.strip() for name in self.llm_fallbacks.split(",") if name.strip()]

    @field_validator("review")
    @classmethod
    def _check_review(cls, policies: str) -> str:
        for part in filter(None, policies.split(",")):
            if not re.fullmatch(rf"\s*({_KINDS})=(none|all|sample:[1-9]\d{{0,5}})\s*", part):
                raise ValueError(f"{part.strip()!r} is not KIND=none, KIND=all or KIND=sample:20, KIND one of {_KINDS}")
        return policies
