"""The settings of language models and of the desk: a part of `Settings`."""

from __future__ import annotations

import re
from typing import Literal

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings


class WriterSettings(BaseSettings):
    """Who writes, at what cost, and what a person lets out."""

    llm_base_url: str = ""
    """Endpoint that speaks chat completions; empty: that of OpenAI."""
    llm_api_key: SecretStr | None = None
    """With a key a model writes; without one, the template writer does."""
    llm_model: str = "gpt-4o-mini"
    """As the endpoint names it."""
    llm_mode: Literal["tools", "json_schema", "json"] = "tools"
    """How the endpoint is asked for structured answers. Nearly all serve a forced tool call; some local servers only
    the others."""
    llm_timeout_s: float = Field(default=30.0, gt=0)
    """Seconds that one call may take."""
    llm_calls_per_client_day: int = Field(default=12, ge=0)
    """Calls for one client in 24 hours of business time; the failed ones count."""
    llm_tokens_per_client_day: int = Field(default=60_000, ge=0)
    """Tokens in and out for one client in 24 hours of business time."""

    review: str = ""
    """Kinds of mail that a person lets out: `welcome=all,win_back=sample:20` (so many a day). A campaign has its own
    policy; what the reviewer refuses waits for a person in any case."""
    review_remind_hours: float = Field(default=4.0, gt=0)
    """Hours for which a draft waits for a person before it counts as forgotten."""
    review_escalate_hours: float = Field(default=24.0, gt=0)
    """Hours after which it is escalated."""
    review_lease_minutes: float = Field(default=15.0, gt=0)
    """Minutes of real time for which a person who claims a draft has it alone."""

    @field_validator("review")
    @classmethod
    def _check_review(cls, policies: str) -> str:
        for part in filter(None, policies.split(",")):
            if not re.fullmatch(r"\s*[a-z_]+=(none|all|sample:[1-9]\d{0,5})\s*", part):
                raise ValueError(f"{part.strip()!r} is not KIND=none, KIND=all or KIND=sample:20")
        return policies
