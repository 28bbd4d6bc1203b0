"""The mail rules of one campaign: the shop's, tightened by the campaign's own caps and quiet hours, never loosened."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import product

from domain.timing import MailRules
from models.journey_steps import MailContent, QuietHours


def tighten_rules(rules: MailRules, content: MailContent) -> MailRules:
    """Return the rules for a mail. What a campaign says was tighter than the shop's rules when it was saved; the shop
    may have tightened its own since."""
    most = min(rules.most_per_week, content.mails_per_week or rules.most_per_week)
    hours = join_quiet_hours(QuietHours(from_hour=rules.quiet_from_hour, until_hour=rules.quiet_until_hour), content)
    quiet = {"quiet_from_hour": hours.from_hour, "quiet_until_hour": hours.until_hour}
    return rules.model_copy(update={"most_per_week": most, **quiet})


def join_quiet_hours(shop: QuietHours, content: MailContent) -> QuietHours:
    """Return the shortest stretch of the day that holds the quiet hours of both; the shop's where only the whole day
    would."""
    own = content.quiet_hours
    if own is None:
        return shop
    wanted = list_hours(shop) | list_hours(own)
    ends = product((own.from_hour, shop.from_hour), (own.until_hour, shop.until_hour))
    return _choose_shortest((QuietHours(from_hour=start, until_hour=end) for start, end in ends), wanted) or shop


def _choose_shortest(stretches: Iterable[QuietHours], wanted: set[int]) -> QuietHours | None:
    holding = [stretch for stretch in stretches if wanted <= list_hours(stretch)]
    return min(holding, key=lambda stretch: len(list_hours(stretch)), default=None)


def list_hours(hours: QuietHours) -> set[int]:
    """List the hours of the day in a stretch of them; none where it begins and ends with the same hour."""
    length = (hours.until_hour - hours.from_hour) % 24
    return {(hours.from_hour + k) % 24 for k in range(length)}
