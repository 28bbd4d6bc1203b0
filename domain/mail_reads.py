"""How likely it is that a machine opened a mail or followed its link, instead of the client.

Mail gateways open every link to look for malware, and proxies fetch every picture, minutes before anybody reads.
The model is a naive Bayes one: prior odds, times a likelihood ratio (machine over person) for each thing seen. What is
seen together, less than `TOGETHER_S` apart, has one reader. The ratios are stated below and held by labelled sequences
(`tests/domain/mail_read_cases.py`); docs/mail.md says how well they tell.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Final, NamedTuple

from models.events import ReadSign


class MailRead(NamedTuple):
    """One open or click. `at` in real seconds after the mail was sent, or on any axis where that is not known.
    `link`: which one, empty for an open."""

    event_id: str
    at: float
    link: str
    signs: frozenset[ReadSign] = frozenset()

    @property
    def is_click(self) -> bool:
        """Whether a link was followed."""
        return bool(self.link) or ReadSign.TRAP in self.signs


MACHINE_FROM: Final = 0.5
"""The chance from which a read counts for nobody."""
TOGETHER_S: Final = 2.0
PACED_S: Final = 300.0
"""Clicks as far apart as this at most tell of each other's pace."""
NEAR_TRAP_S: Final = 60.0
_DECLARED: Final = frozenset({ReadSign.SAID, ReadSign.HEAD, ReadSign.PROGRAM, ReadSign.PREFETCH, ReadSign.TRAP})
DECLARED_CHANCE: Final = 0.999
CLICK_ODDS: Final = 0.43
OPEN_ODDS: Final = 1.0
"""Prior odds of a machine: 3 of 10 clicks, every second open."""
SIGN_RATIO: Final[Mapping[ReadSign, float]] = {
    ReadSign.PROXY: 0.5,
    ReadSign.BROWSER: 0.4,
    ReadSign.BARE: 1.5,
    ReadSign.COOKIE: 0.1,
}
TOO_SOON_S: Final = 2.0
TOO_SOON_RATIO: Final = 200.0
"""Within two seconds of sending nobody has seen a mail and clicked."""
SINGLE_RATIO: Final = 0.25
"""One link alone: most visits of people, few of machines, which look at all."""
EVERY_LINK_RATIO: Final = 12.0
EVERY_LINK_S: Final = 60.0
FEWEST_LINKS: Final = 4
"""All links of a mail that has as many, within a minute."""
NEAR_TRAP_RATIO: Final = 50.0
TIME_BOUNDS: Final = (0.2, 50.0)
"""How far the moment alone may tell: machines look again later too."""
PACE_BOUNDS: Final = (0.05, 50.0)


class _Spread(NamedTuple):
    """A lognormal spread of seconds."""

    median: float
    sigma: float
    share: float = 1.0

    def weigh(self, seconds: float) -> float:
        """Return the density over the logarithm of time, times a constant that is the same for all."""
        z = math.log(max(seconds, 0.01) / self.median) / self.sigma
        return self.share * math.exp(-z * z / 2) / self.sigma


MACHINE_DELAY: Final = _Spread(43.0, 1.2)
"""A median of 43 seconds after delivery was measured elsewhere."""
PERSON_DELAYS: Final = (_Spread(7_200.0, 1.8, 0.8), _Spread(60.0, 1.3, 0.2))
"""Hours, or at once for the fifth who sit before their mailbox."""
MACHINE_PACE: Final = _Spread(0.3, 1.5)
PERSON_PACE: Final = _Spread(12.0, 1.4)


def compute_machine_chances(reads: Sequence[MailRead], *, timed: bool, links: int) -> dict[str, float]:
    """Compute for each read of one mail the chance that it was a machine's, by event id.

    Args: `timed`: whether moments count from sending; `links`: different links that the mail has, 0 if not known.
    """
    ordered = sorted(reads, key=lambda read: (read.at, read.event_id))
    groups = _group_reads([read for read in ordered if not is_declared(read.signs)])
    traps = [read.at for read in reads if ReadSign.TRAP in read.signs]
    chances = {read.event_id: DECLARED_CHANCE for read in ordered if is_declared(read.signs)}
    for index, group in enumerate(groups):
        odds = _weigh_group(group, timed) * _weigh_pace(groups, index) * _weigh_coverage(groups, index, links)
        if any(abs(at - group[0].at) <= NEAR_TRAP_S for at in traps):
            odds *= NEAR_TRAP_RATIO
        chances |= dict.fromkeys((read.event_id for read in group), round(odds / (1 + odds), 3))
    return chances


def is_declared(signs: Iterable[ReadSign]) -> bool:
    """Return whether the request itself says that a machine made it, whatever came before or after."""
    return not _DECLARED.isdisjoint(signs)


def _group_reads(reads: Sequence[MailRead]) -> list[list[MailRead]]:
    """Group opens apart from clicks, and those together that follow each other within TOGETHER_S."""
    groups: list[list[MailRead]] = []
    for wanted in (False, True):
        last = -math.inf
        for read in reads:
            if read.is_click is wanted:
                if read.at - last > TOGETHER_S:
                    groups.append([])
                groups[-1].append(read)
                last = read.at
    return groups


def _weigh_group(group: Sequence[MailRead], timed: bool) -> float:
    """Return the odds by what was asked for, when, and by which kind of program."""
    odds = CLICK_ODDS if group[0].is_click else OPEN_ODDS
    for sign in frozenset[ReadSign]().union(*(read.signs for read in group)):
        odds *= SIGN_RATIO[sign]
    if timed:
        odds *= TOO_SOON_RATIO if group[0].at < TOO_SOON_S else _weigh_delay(group[0].at)
    return odds


def _weigh_delay(seconds: float) -> float:
    return _clip(MACHINE_DELAY.weigh(seconds) / sum(spread.weigh(seconds) for spread in PERSON_DELAYS), TIME_BOUNDS)


def _weigh_pace(groups: Sequence[Sequence[MailRead]], index: int) -> float:
    """Weigh the pauses between different links: inside the group, and to single clicks before and after it."""
    group = groups[index]
    if not group[0].is_click:
        return 1.0
    pauses = [b.at - a.at for a, b in pairwise(group) if a.link != b.link]
    single = not pauses
    if single:
        pauses = list(_find_pauses(groups, index))
    ratio = SINGLE_RATIO if single and not pauses else 1.0
    for pause in pauses:
        ratio *= _clip(MACHINE_PACE.weigh(pause) / PERSON_PACE.weigh(pause), PACE_BOUNDS)
    return ratio


def _find_pauses(groups: Sequence[Sequence[MailRead]], index: int) -> Iterable[float]:
    """Find how long before and after it another single link was followed, the shorter of the two."""
    own = groups[index][0]
    others = [group[0] for group in groups if group is not groups[index] and group[0].is_click and len(group) == 1]
    pauses = [abs(read.at - own.at) for read in others if read.link != own.link]
    return [pause for pause in sorted(pauses)[:1] if pause <= PACED_S]


def _weigh_coverage(groups: Sequence[Sequence[MailRead]], index: int, links: int) -> float:
    """Weigh whether the whole mail was gone through within a minute of this group or before it."""
    own = groups[index][0]
    if not own.is_click or links < FEWEST_LINKS:
        return 1.0
    around = [read for group in groups for read in group if read.is_click]
    for first in around:
        if abs(own.at - first.at) <= EVERY_LINK_S and first.at <= own.at:
            seen = {read.link for read in around if first.at <= read.at <= first.at + EVERY_LINK_S}
            if len(seen - {""}) >= links:
                return EVERY_LINK_RATIO
    return 1.0


def _clip(value: float, bounds: tuple[float, float]) -> float:
    return min(max(value, bounds[0]), bounds[1])
