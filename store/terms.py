"""The terms on which the store takes what comes in."""

from __future__ import annotations

from dataclasses import dataclass, field

from domain.engagement import EngagementRules
from settings import Settings


@dataclass(frozen=True)
class Terms:
    """What the doors need of the settings. Holds the signing key: never print one."""

    currency: str
    time_zone: str
    signing_key: str
    rules: EngagementRules = field(default_factory=EngagementRules)

    def __repr__(self) -> str:
        return f"Terms(currency={self.currency!r}, time_zone={self.time_zone!r})"

    @classmethod
    def of(cls, settings: Settings) -> Terms:
        """The terms that the settings state."""
        return cls(
            currency=settings.shop_currency, time_zone=settings.shop_time_zone, signing_key=settings.keys.signing
        )
