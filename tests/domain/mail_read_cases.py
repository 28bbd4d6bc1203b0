"""Made-up sequences of opens and clicks of one mail, each read labelled: a person's (p) or a machine's (m).

A read is `moment link signs label`: seconds after sending, the link (`-` for an open), letters of signs (see SIGNS).
Written by the model's author from what gateways, proxies and people are known to do, so they flatter it.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from domain.mail_reads import MailRead
from models.events import ReadSign

SIGNS: Final = {
    "b": ReadSign.BROWSER, "n": ReadSign.BARE, "c": ReadSign.COOKIE, "h": ReadSign.HEAD,
    "g": ReadSign.PROGRAM, "a": ReadSign.PREFETCH, "o": ReadSign.PROXY, "t": ReadSign.TRAP, "s": ReadSign.SAID,
}  # fmt: skip


class LabelledMail(NamedTuple):
    """One mail with `links` links, its reads, and which of them a machine made."""

    name: str
    links: int
    reads: tuple[MailRead, ...]
    machines: frozenset[str]


CASES: Final = """
person one link after two hours with a browser / 5 / 7200 a b p
person one link after two hours, few headers / 5 / 7200 a n p
person one link the next morning / 5 / 52000 c b p
person one link after a week / 5 / 604800 a b p
person one link after four minutes / 5 / 240 a b p
person one link after ninety seconds / 5 / 90 a b p
person one link after half a minute / 5 / 30 b b p
person one link after fifteen seconds, mail open on the screen / 5 / 15 b b p
person two links in ten seconds, after an hour / 5 / 3600 a b p; 3610 b bc p
person two links in ten seconds, after a minute / 5 / 60 a b p; 70 b bc p
person two links in ten seconds, after a minute, few headers / 5 / 60 a n p; 70 b n p
person two links in five seconds, after a minute, few headers / 5 / 60 a n p; 65 b n p
person two links five seconds apart, at once / 5 / 12 a n p; 17 b n p
person two links six seconds apart, cookies refused / 5 / 1800 a b p; 1806 b b p
person three tabs opened quickly with the middle button / 5 / 5400 a b p; 5401.3 b bc p; 5402.5 c bc p
person three tabs opened quickly, few headers, cookies off / 5 / 5400 a n p; 5401.6 b n p; 5403.4 c n p
person four links in a minute in the evening / 5 / 9000 a b p; 9015 b bc p; 9030 c bc p; 9055 d bc p
person all five links in a minute in the evening / 5 / 9000 a b p; 9010 b bc p; 9024 c bc p; 9036 d bc p; 9055 e bc p
person all five links, few headers / 5 / 9000 a n p; 9009 b n p; 9021 c n p; 9033 d n p; 9052 e n p
person all four links ninety seconds after sending / 4 / 90 a b p; 99 b bc p; 112 c bc p; 131 d bc p
person the same link twice by a double click / 5 / 4000 a b p; 4000.2 a bc p
person the same link on two days / 5 / 4000 a b p; 90000 a b p
person one link, and another next week / 5 / 4000 a b p; 604000 b b p
person reads with Gmail and clicks / 5 / 5000 - o p; 5020 a b p
person reads with Gmail after an hour, no click / 5 / 3700 - o p
person opens after twenty minutes / 5 / 1200 - b p
person opens the next day / 5 / 80000 - b p
person opens three times / 5 / 1500 - b p; 9000 - b p; 90000 - b p
person clicks in the lunch break on a phone / 3 / 14000 b b p; 14045 c bc p
person mail of one link / 1 / 600 a b p
person mail of one link, few headers / 1 / 900 a n p
person mail of two links, both / 2 / 1000 a b p; 1007 b bc p
person click passes a gateway that asks for the head first / 5 / 6000 a h m; 6000.4 a b p
person click passes a gateway that names itself / 5 / 6000 a g m; 6001 a b p
person after a scanner, an hour later / 5 / 5 a n m; 5.1 b n m; 5.2 c n m; 5.3 d n m; 3600 b b p
person after a scanner, two minutes later / 5 / 8 a n m; 8.2 b n m; 8.3 c n m; 130 b b p
person after a trapped scanner, ten minutes later / 5 / 20 a n m; 20.2 b n m; 20.4 T t m; 700 b b p
person opens with Apple's prefetch before, clicks in the evening / 5 / 30 - a m; 30000 a b p
person unsure about sizes, back and forth / 4 / 7000 a b p; 7012 b bc p; 7030 a bc p; 7041 c bc p
person a slow reader / 5 / 40000 a b p; 40130 b bc p; 40300 c bc p
machine five links in .3 s, browser's name / 5 / 40 a n m; 40.07 b n m; 40.15 c n m; 40.22 d n m; 40.3 e n m
machine five links in .3 s, an hour later / 5 / 3600 a n m; 3600.07 b n m; 3600.15 c n m; 3600.22 d n m; 3600.3 e n m
machine five links in .3 s, headless / 5 / 40 a b m; 40.07 b b m; 40.15 c b m; 40.22 d b m; 40.3 e b m
machine five links in a second, the next day / 5 / 90000 a n m; 90000.2 b n m; 90000.4 c n m; 90000.7 d n m; 90001 e n m
machine three of five links in a second / 5 / 20 a n m; 20.4 b n m; 20.9 c n m
machine two links at one moment / 5 / 43 a n m; 43.05 b n m
machine two links half a second apart / 5 / 43 a n m; 43.5 b n m
machine all at the moment of sending / 4 / 0.5 a n m; 0.6 b n m; 0.7 c n m; 0.8 d n m
machine one link a second after sending / 5 / 1 a n m
machine one link a second after sending, a headless browser / 5 / 1.2 a b m
machine one link five seconds after sending / 5 / 5 a n m
machine one link twenty seconds after sending / 5 / 20 a n m
machine names itself, hours later / 5 / 9000 a g m
machine asks for heads / 5 / 50 a h m; 50.3 b h m; 51 c h m
machine without a name / 2 / 300 a g m
machine follows the link nobody sees / 5 / 43 a n m; 43.1 T t m
machine follows the link nobody sees, then all, slowly / 5 / 30 T t m; 33 a n m; 37 b n m; 42 c n m
machine crawls the whole mail every three seconds / 5 / 60 a n m; 63 b n m; 66 c n m; 69 d n m; 72 e n m
machine crawls the whole mail every five seconds / 5 / 20 a n m; 25 b n m; 30 c n m; 35 d n m; 40 e n m
machine crawls half the mail every two and a half seconds / 6 / 30 a n m; 32.5 b n m; 35 c n m
machine two passes, a minute apart / 3 / 10 a n m; 10.2 b n m; 10.4 c n m; 70 a n m; 70.2 b n m; 70.4 c n m
machine a pass and a look again after a day / 3 / 10 a n m; 10.2 b n m; 86400 a n m; 86400.2 b n m; 86400.4 c n m
machine Apple's prefetch / 5 / 60 - a m
machine Apple's prefetch hours later / 5 / 20000 - a m
machine a picture fetched three seconds after sending / 5 / 3 - n m
machine a picture fetched half a minute after sending / 5 / 30 - n m
machine Gmail's proxy at the moment of delivery / 5 / 1 - o m
machine a picture and all links at once / 4 / 15 - n m; 15.1 a n m; 15.2 b n m; 15.3 c n m; 15.5 d n m
machine the provider says so / 5 / 9000 a s m
machine one link a minute after sending, no cookie at the second / 5 / 55 a n m; 55.9 b n m; 56.8 c n m
machine sandbox with a real browser, one link after ten minutes / 5 / 600 a b m
machine sandbox with a real browser, all links every ten seconds/5/120 a b m; 130 b b m; 140 c b m; 150 d b m; 160 e b m
"""


def parse_cases() -> list[LabelledMail]:
    """Parse the sequences."""
    return [_parse(line) for line in CASES.strip().splitlines()]


def _parse(line: str) -> LabelledMail:
    name, links, rest = (part.strip() for part in line.split("/"))
    reads, machines = [], set()
    for n, text in enumerate(rest.split(";")):
        words = text.split()
        at, link, letters, label = words
        signs = frozenset(SIGNS[letter] for letter in letters)
        reads.append(MailRead(f"{n}", float(at), "" if link in "-T" else link, signs))
        if label == "m":
            machines.add(f"{n}")
    return LabelledMail(name, int(links), tuple(reads), frozenset(machines))
