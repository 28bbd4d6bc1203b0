"""Machines told from people, on labelled sequences; and what the chance of a read may never do."""

from __future__ import annotations

import random
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.mail_reads import MACHINE_FROM, MailRead, compute_machine_chances
from models.events import ReadSign
from tests.domain.mail_read_cases import LabelledMail, parse_cases

CASES = parse_cases()
MISSED = {
    "machine sandbox with a real browser, one link after ten minutes",
    "machine sandbox with a real browser, all links every ten seconds",
}
"""What no request tells apart from a person."""


def find_machines(mail: LabelledMail) -> set[str]:
    chances = compute_machine_chances(mail.reads, timed=True, links=mail.links)
    return {event_id for event_id, chance in chances.items() if chance >= MACHINE_FROM}


@pytest.mark.parametrize("mail", [one for one in CASES if one.name not in MISSED], ids=lambda one: one.name)
def test_every_read_gets_its_label(mail: LabelledMail) -> None:
    assert find_machines(mail) == mail.machines


def test_the_set_is_large_and_of_both_kinds() -> None:
    kinds = Counter(one.name.split()[0] for one in CASES)
    assert len(CASES) >= 60
    assert min(kinds["person"], kinds["machine"]) >= 25


def test_precision_and_recall_stand_when_the_pauses_vary() -> None:
    """Moments drawn anew around the labelled ones, pauses by a third either way; docs/mail.md states the figures."""
    rng, counts = random.Random(3), Counter[tuple[bool, bool]]()
    for mail in CASES * 10:
        reads, at, last = [], 0.0, 0.0
        for read in mail.reads:
            at, last = at + (read.at - last) * rng.uniform(0.67, 1.5), read.at
            reads.append(read._replace(at=at))
        found = find_machines(mail._replace(reads=tuple(reads)))
        counts.update((read.event_id in mail.machines, read.event_id in found) for read in reads)
    assert counts[True, True] / (counts[True, True] + counts[False, True]) >= 0.96
    assert counts[True, True] / (counts[True, True] + counts[True, False]) >= 0.9
    assert counts[False, False] / (counts[False, False] + counts[False, True]) >= 0.96


reads = st.lists(
    st.tuples(st.floats(0, 1e6), st.sampled_from("abc"), st.frozensets(st.sampled_from(list(ReadSign)), max_size=3)),
    max_size=8,
)


@given(reads, st.booleans(), st.integers(0, 6), st.randoms(use_true_random=False))
def test_a_chance_does_not_depend_on_the_order_of_arrival(
    rows: list[tuple[float, str, frozenset[ReadSign]]], timed: bool, links: int, order: random.Random
) -> None:
    mail = [MailRead(f"{n}", at, link, signs) for n, (at, link, signs) in enumerate(rows)]
    chances = compute_machine_chances(mail, timed=timed, links=links)
    assert chances.keys() == {read.event_id for read in mail}
    assert all(0 <= chance <= 1 for chance in chances.values())
    order.shuffle(mail)
    assert compute_machine_chances(mail, timed=timed, links=links) == chances
