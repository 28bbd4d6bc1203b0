"""The settings of the default ranking and of how it is served: a part of `Settings`."""

from __future__ import annotations

from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings


class RankingSettings(BaseSettings):
    """What is recommended, and how long that may take."""

    blend_match: float = Field(default=0.4, ge=0)
    """Weight of the client's own preferences in the default ranking."""
    blend_trend: float = Field(default=0.2, ge=0)
    """Weight of what is popular with many clients."""
    blend_inventory: float = Field(default=0.1, ge=0)
    """Weight of what the shop has much of."""
    blend_margin: float = Field(default=0.1, ge=0)
    """Weight of what the shop earns."""
    blend_freshness: float = Field(default=0.1, ge=0)
    """Weight of what is new."""
    blend_season: float = Field(default=0.1, ge=0)
    """Weight of what suits the season."""
    recommendation_deadline_ms: int = Field(default=50, ge=5, le=5_000)
    """Milliseconds after which `GET /v1/recommendations` shows what is popular, where the client is not in memory."""
    client_lists_in_memory: int = Field(default=50_000, ge=100)
    """Clients whose ranked list each web process keeps, some 10 kB each."""
    flag_provider: str = Field(default="", pattern=r"^([A-Za-z_][\w.]*:[A-Za-z_]\w*)?$")
    """OpenFeature provider that pages ask in the place of our own flags: `module:name`, of which `name`, called without
    arguments, gives the provider. Empty: our own."""
    flag_keys: str = ""
    """Keys of that provider's flags that pages ask, separated by commas; each an object of what an arm changes."""
    visit_hours: float = Field(default=12.0, gt=0, le=8_784)
    """Hours of business time for which what an anonymous visitor does is remembered. More than 72 is for a clock that
    runs ahead, as the demo's."""
    search_language: Literal[
        "arabic",
        "danish",
        "dutch",
        "english",
        "finnish",
        "french",
        "german",
        "greek",
        "hungarian",
        "italian",
        "norwegian",
        "portuguese",
        "romanian",
        "russian",
        "spanish",
        "swedish",
        "tamil",
        "turkish",
    ] = "english"
    """Language of the catalogue's texts: how search tells forms of one word, such as dress and dresses."""
