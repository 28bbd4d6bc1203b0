"""The shop's policy, read from the settings: on what comes in, and on mail that goes out."""

from __future__ import annotations

from dataclasses import dataclass, field

from domain.engagement import EngagementRules
from domain.timing import MailRules
from settings import Settings


@dataclass(frozen=True)
class ShopPolicy:
    """What checks of incoming rows and events need of the settings. Holds the signing key: never print one."""

    currency: str
    time_zone: str
    signing_key: str
    fold_tags: bool = True
    """Whether `ann+shop@` is the mailbox `ann@`."""
    rules: EngagementRules = field(default_factory=EngagementRules)
    mail_rules: MailRules = field(default_factory=MailRules)

    def __repr__(self) -> str:
        return f"ShopPolicy(currency={self.currency!r}, time_zone={self.time_zone!r})"

    @classmethod
    def from_settings(cls, settings: Settings) -> ShopPolicy:
        """Build the policy from the settings."""
        return cls(
            currency=settings.shop_currency,
            time_zone=settings.shop_time_zone,
            signing_key=settings.keys.signing,
            fold_tags=settings.mailbox_tags == "fold",
            mail_rules=build_mail_rules(settings),
        )


def build_mail_rules(settings: Settings) -> MailRules:
    """Build the shop's rules on when and how often to mail."""
    return MailRules(
        quiet_from_hour=settings.quiet_from_hour,
        quiet_until_hour=settings.quiet_until_hour,
        max_per_week=settings.max_mails_per_week,
        min_days_between=settings.min_days_between_mails,
    )
