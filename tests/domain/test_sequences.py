"""The lifecycle's sequences: each mail once, never too early, whatever versions come and go meanwhile."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.journeys.places import KEY
from domain.phases import PhaseState
from domain.sequences import (
    PhaseSequence,
    SequenceVersion,
    choose_next_mail,
    is_of_sequence,
    read_step,
)
from models.base import utc
from models.campaign_definition import CampaignDefinition
from models.mail import Autonomy
from models.states import CampaignState, Phase, TouchKind
from tests.support.sequences import SHIPPED

NOW = utc(2026, 6, 1, 12)
DAY = timedelta(days=1)
AT_RISK = PhaseState(phase=Phase.AT_RISK, since=NOW)


def define(*steps: str, **fields: Any) -> CampaignDefinition:
    """Define a sequence from `missed` (a mail) and `7d` (a wait)."""
    named: list[dict[str, Any]] = []
    for index, step in enumerate(steps):
        wait = {"id": f"w{index}", "wait": step}
        named.append(wait if step[0].isdigit() else {"id": step, "mail": {"kind": "missed", "message": step}})
    entry = {"on": "phase", "phase": "at_risk"}
    return CampaignDefinition.model_validate(
        {"slug": "drift", "name": "Drift", "entry": entry, "steps": named} | fields
    )


def publish(*versions: SequenceVersion, state: CampaignState = CampaignState.RUNNING) -> PhaseSequence:
    return PhaseSequence("drift", state, versions)


FIRST = SequenceVersion(define("a", "7d", "b", "7d", "c"), NOW - 30 * DAY)


def go_through(sequence: PhaseSequence, state: PhaseState, answered: dict[str, datetime]) -> list[tuple[str, int]]:
    """Send every mail on its day from now on; each with the day of the phase on which it went."""
    sent, at = [], max([state.since, *answered.values()])
    while (mail := choose_next_mail(sequence, state, answered, ())) is not None:
        at = max(at, mail.due_at)
        answered = answered | {mail.key: at}
        sent.append((read_step(mail.key), (at - state.since).days))
    return sent


def test_the_shipped_sequences_are_those_that_were_part_of_the_program() -> None:
    found = {
        phase: [(mail.kind, mail.after.days, mail.build_key(PhaseState(phase=phase, since=NOW))) for mail in one.mails]
        for phase, (one,) in ((phase, sequence.versions) for phase, sequence in SHIPPED.items())
    }
    episode = "20260601T120000"
    assert found == {
        Phase.ONBOARDING: [(TouchKind.WELCOME, 0, "welcome"), (TouchKind.QUIZ, 3, f"quiz:{episode}")],
        Phase.AT_RISK: [
            (TouchKind.MISSED, 0, f"missed:{episode}"),
            (TouchKind.NEW_IN, 7, f"new_in:{episode}"),
            (TouchKind.STYLIST, 14, f"stylist:{episode}"),
        ],
        Phase.LAPSED: [(TouchKind.WIN_BACK, 0, f"win_back:{episode}")],
        Phase.WON_BACK: [(TouchKind.WON_BACK, 1, f"won_back:{episode}")],
    }, "the keys are those of mails that were sent before the sequences were campaigns: nobody gets one twice"


def test_a_paused_sequence_calls_for_nothing_and_keeps_its_spacing_afterwards() -> None:
    paused = publish(FIRST, state=CampaignState.PAUSED)
    answered = {"a:20260601T120000": NOW + 20 * DAY}
    assert choose_next_mail(paused, AT_RISK, answered, ()) is None
    assert choose_next_mail(None, AT_RISK, answered, ()) is None
    assert go_through(publish(FIRST), AT_RISK, answered) == [("b", 27), ("c", 34)]


def test_who_was_in_the_phase_before_stays_with_their_version_or_moves_as_its_owner_said() -> None:
    new = define("a", "1d", "x", "1d", "c")
    stay = publish(FIRST, SequenceVersion(new, NOW + DAY, "stay"))
    assert go_through(stay, AT_RISK, {"a:20260601T120000": NOW}) == [("b", 7), ("c", 14)]
    move = publish(FIRST, SequenceVersion(new, NOW + DAY, "move"))
    assert go_through(move, AT_RISK, {"a:20260601T120000": NOW}) == [("x", 1), ("c", 2)]
    later = PhaseState(phase=Phase.AT_RISK, since=NOW + 2 * DAY)
    for sequence in (stay, move):
        assert go_through(sequence, later, {}) == [("a", 0), ("x", 1), ("c", 2)]


def test_whose_next_mail_is_no_more_gets_the_stated_one_or_the_nearest_after_it() -> None:
    new = define("z", "7d", "c", "7d", "d")
    behind = {"a:20260601T120000": NOW}
    moved = publish(FIRST, SequenceVersion(new, NOW + DAY, "move"))
    assert go_through(moved, AT_RISK, behind) == [("c", 7), ("d", 14)]
    sent_to = publish(FIRST, SequenceVersion(new, NOW + DAY, "move", {"b": "d"}))
    assert go_through(sent_to, AT_RISK, behind) == [("d", 14)]
    over = publish(FIRST, SequenceVersion(new, NOW + DAY, "move", {"b": "end"}))
    assert go_through(over, AT_RISK, behind) == []


def test_who_was_through_gets_nothing_of_a_version_that_goes_on_for_longer() -> None:
    longer = SequenceVersion(define("a", "7d", "b", "7d", "c", "7d", "d"), NOW + 20 * DAY, "move")
    through = {f"{step}:20260601T120000": NOW + days * DAY for step, days in (("a", 0), ("b", 7), ("c", 14))}
    assert go_through(publish(FIRST, longer), AT_RISK, through) == []
    on_the_way = {f"{step}:20260601T120000": NOW + days * DAY for step, days in (("a", 0), ("b", 19))}
    assert go_through(publish(FIRST, longer), AT_RISK, on_the_way) == [("c", 26), ("d", 33)]


def test_a_version_that_stays_behind_another_does_not_send_anybody_back() -> None:
    second = SequenceVersion(define("a", "2d", "b", "2d", "c"), NOW + DAY, "move")
    third = SequenceVersion(define("a", "30d", "b", "30d", "c"), NOW + 2 * DAY, "stay")
    assert go_through(publish(FIRST, second, third), AT_RISK, {"a:20260601T120000": NOW}) == [("b", 2), ("c", 4)]


STEPS = st.lists(st.sampled_from("abcdefg"), min_size=1, max_size=5, unique=True)
WAITS = st.lists(st.integers(1, 9), min_size=5, max_size=5)


def interleave(steps: list[str], waits: list[int]) -> list[str]:
    return [part for step, wait in zip(steps, waits, strict=False) for part in (f"{wait}d", step)]


@given(
    drawn=st.lists(st.tuples(STEPS, WAITS, st.integers(-40, 40), st.sampled_from(["stay", "move"])), max_size=4),
    answered_days=st.lists(st.integers(0, 30), max_size=3),
)
def test_nobody_gets_a_mail_twice_or_before_its_spacing_whatever_versions_follow(
    drawn: list[tuple[list[str], list[int], int, Any]], answered_days: list[int]
) -> None:
    versions = [SequenceVersion(FIRST.definition, NOW - 50 * DAY)]
    versions += [
        SequenceVersion(define(*interleave(steps, waits)), NOW + day * DAY, takeover)
        for steps, waits, day, takeover in sorted(drawn, key=lambda one: one[2])
    ]
    sequence, answered, at = publish(*versions), dict[str, datetime](), NOW
    for day in sorted(answered_days):
        if (mail := choose_next_mail(sequence, AT_RISK, answered, ())) is not None:
            assert mail.key not in answered
            at = max(at, mail.due_at, NOW + day * DAY)
            answered[mail.key] = at
    while (mail := choose_next_mail(sequence, AT_RISK, answered, ())) is not None:
        assert mail.key not in answered, "each key is answered once, so this ends"
        assert mail.due_at >= AT_RISK.since + mail.mail.after
        assert mail.definition in [version.definition for version in versions]
        answered[mail.key] = max(at, mail.due_at)
    assert len(answered) <= 8


def test_a_mail_says_what_its_step_says_and_leaves_a_person_s_eye_to_the_setting() -> None:
    fields = {"voice": "plain", "autonomy": "approved", "caps": {"mails_per_week": 1}}
    mail = choose_next_mail(publish(SequenceVersion(define("a", **fields), NOW)), AT_RISK, {}, ())
    content = mail.build_content("c1") if mail else None
    assert content is not None
    assert (content.message, content.voice, content.autonomy) == ("a", "plain", Autonomy.APPROVED)
    assert (content.review, content.mails_per_week, content.follows) == (None, 1, False)
    seen = choose_next_mail(publish(SequenceVersion(define("a", review="all"), NOW)), AT_RISK, {}, ())
    assert seen is not None
    assert (seen.build_content("c1") or content).review == "all"


def test_the_step_is_read_from_the_key_of_either_kind_of_campaign() -> None:
    assert [read_step(key) for key in ("missed:20260601T120000", "welcome", f"{KEY}spring:1:hello")] == [
        "missed",
        "welcome",
        "hello",
    ]
    assert [is_of_sequence(key) for key in ("missed:20260601T120000", f"{KEY}spring:1")] == [True, False]


@pytest.mark.parametrize(
    ("fields", "fault"),
    [
        ({"audience": {"tags": ["vip"]}}, "audience: is not of a sequence"),
        ({"holdout": 0.1}, "holdout: is one for all sequences"),
        ({"exits": {"goal": "order_placed"}}, "exits: is not of a sequence"),
        ({"re_entry": "30d"}, "re_entry: is not of a sequence"),
        ({"priority": 80}, "priority: is not of a sequence"),
        ({"ends_at": "2027-01-01T00:00:00Z"}, "ends_at: is not of a sequence"),
        ({"steps": [{"id": "a", "mail": {"kind": "welcome"}}]}, r"steps\[0\].mail.kind: mails of at_risk are missed"),
        ({"steps": [{"id": "a", "mail": {}}]}, r"steps\[0\].mail.kind: .* not campaign"),
        ({"steps": [{"id": "campaign", "mail": {"kind": "missed"}}]}, r"steps\[0\].id: "),
        ({"steps": [{"id": "a", "call": {}}]}, r"steps\[0\].call: a sequence only mails and waits"),
        ({"entry": {"on": "phase", "phase": "active"}}, "phase"),
    ],
)
def test_what_a_sequence_cannot_mean_is_refused_with_its_place(fields: dict[str, Any], fault: str) -> None:
    with pytest.raises(ValueError, match=fault):
        define("a", **fields)
