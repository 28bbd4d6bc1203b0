"""Rules by which a client goes through a campaign, held over random campaigns, events, versions and looks."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.journeys.advancing import JourneyEvent, JourneyFacts, advance_place
from domain.journeys.contents import build_content
from domain.journeys.entries import EntryOccasion, LastEntry, begin_place, may_enter
from domain.journeys.places import JourneyPlace, JourneyVersions
from domain.journeys.tightening import tighten_rules
from domain.timing import MailRules
from models.base import utc
from models.campaign_definition import CampaignDefinition
from models.journey_steps import MailContent, QuietHours
from models.states import Arm, EnrolmentState, OutreachState

NOW = utc(2026, 3, 2, 9)
HOUR = timedelta(hours=1)
OPEN = (EnrolmentState.WAITING, EnrolmentState.IN_STEP)


def define(*steps: dict[str, Any], **fields: Any) -> CampaignDefinition:
    return CampaignDefinition.model_validate({"slug": "cart", "name": "Cart", "steps": steps, **fields})


def mail(step: str) -> dict[str, Any]:
    return {"id": step, "mail": {"message": "Hello."}}


def enter(definition: CampaignDefinition, wait: timedelta = timedelta()) -> JourneyPlace:
    return begin_place(definition.slug, 1, EntryOccasion("ann", NOW, NOW + wait))


CART = define(
    mail("first"),
    {"id": "pause", "wait_for": {"event": "item_viewed", "within": "2d", "then": "second", "otherwise": "end"}},
    mail("second"),
    entry={"on": "event", "event": "added_to_cart", "wait": "4h", "unless": ["order_placed"]},
    exits={"goal": "order_placed"},
)
ONE = JourneyVersions({1: CART}, 1)


def test_a_client_waits_then_is_mailed_then_goes_by_what_they_do() -> None:
    place = enter(CART, 4 * HOUR)
    early = advance_place(place, ONE, JourneyFacts(), NOW + HOUR)
    assert early.place == place
    assert early.mail is None
    due = advance_place(place, ONE, JourneyFacts(), NOW + 4 * HOUR)
    assert due.mail is not None
    assert due.mail.id == "first"
    assert due.place.arm is Arm.TREATED
    sent = {"first": OutreachState.SENT}
    after = advance_place(due.place, ONE, JourneyFacts(mails=sent), NOW + 5 * HOUR)
    assert (after.place.step, after.place.due_at, after.mail) == ("pause", NOW + 53 * HOUR, None)
    viewed = JourneyEvent("item_viewed", NOW + 6 * HOUR)
    on = advance_place(after.place, ONE, JourneyFacts(events=[viewed], mails=sent), NOW + 7 * HOUR)
    assert on.mail is not None
    assert on.mail.id == "second"
    done = advance_place(after.place, ONE, JourneyFacts(mails=sent), NOW + 53 * HOUR)
    assert (done.place.state, done.place.step) == (EnrolmentState.COMPLETED, "pause")


@pytest.mark.parametrize(
    ("facts", "state", "code"),
    [
        (JourneyFacts(events=[JourneyEvent("order_placed", NOW + HOUR)]), EnrolmentState.DROPPED, "condition"),
        (JourneyFacts(arm=Arm.CONTROL), EnrolmentState.HELD_OUT, "held_out"),
        (JourneyFacts(is_member=lambda _: False), EnrolmentState.DROPPED, "not_in_audience"),
    ],
)
def test_who_does_not_begin(facts: JourneyFacts, state: EnrolmentState, code: str) -> None:
    place = advance_place(enter(CART, 4 * HOUR), ONE, facts, NOW + 4 * HOUR).place
    assert (place.state, place.code) == (state, code)


def test_a_failed_mail_fails_the_place_and_an_old_place_expires() -> None:
    place = replace(enter(CART), step="first", arm=Arm.TREATED, state=EnrolmentState.IN_STEP)
    failed = advance_place(place, ONE, JourneyFacts(mails={"first": OutreachState.FAILED}), NOW).place
    assert (failed.state, failed.code) == (EnrolmentState.FAILED, "mail_failed")
    old = advance_place(place, ONE, JourneyFacts(), NOW + timedelta(days=30)).place
    assert (old.state, old.code) == (EnrolmentState.EXITED, "expired")


def test_own_caps_and_quiet_hours_hold_a_mail_back() -> None:
    tight = define(mail("m"), caps={"mails_per_week": 1}, quiet_hours={"from_hour": 18, "until_hour": 12})
    place = replace(enter(tight), arm=Arm.TREATED)
    versions = JourneyVersions({1: tight}, 1)
    assert advance_place(place, versions, JourneyFacts(), NOW).place.due_at == utc(2026, 3, 2, 12)
    mailed = JourneyFacts(sent_at=[NOW - timedelta(days=2)])
    assert advance_place(place, versions, mailed, NOW).place.due_at == utc(2026, 3, 7, 12)


def test_quiet_hours_join_to_the_shortest_stretch_that_holds_both() -> None:
    def join(own: tuple[int, int], shop: tuple[int, int] = (21, 8)) -> tuple[int, int]:
        hours = QuietHours(from_hour=own[0], until_hour=own[1])
        rules = MailRules(quiet_from_hour=shop[0], quiet_until_hour=shop[1])
        tight = tighten_rules(rules, MailContent(quiet_hours=hours, mails_per_week=1))
        assert tight.most_per_week == 1
        return tight.quiet_from_hour, tight.quiet_until_hour

    assert join((18, 10)) == (18, 10)
    assert join((18, 10), (21, 11)) == (18, 11), "the shop is tighter since"
    assert join((18, 10), (17, 8)) == (17, 10)
    assert join((18, 10), (12, 12)) == (18, 10), "a shop without quiet hours"
    assert tighten_rules(MailRules(), MailContent()) == MailRules()


def test_growing_a_variant_moves_only_those_whom_it_takes() -> None:
    def choose(first: float, second: float) -> dict[str, str]:
        variants = [{"name": name, "share": share, "message": "Hi."} for name, share in (("a", first), ("b", second))]
        sent = define({"id": "m", "mail": {"message": "Hello.", "variants": variants}})
        found = {}
        for n in range(500):
            place = replace(enter(sent), client_id=f"c{n}")
            content = build_content(sent, sent.steps[0], place)
            assert content is not None
            found[place.client_id] = content.variant
        return found

    before, after = choose(0.2, 0.3), choose(0.4, 0.3)
    assert {(was, after[name]) for name, was in before.items() if was != after[name]} == {("", "a")}


def test_one_time_is_of_the_clients_clock_over_the_change_to_summer_time() -> None:
    once = define(mail("m"), entry={"on": "time", "at": "2026-03-29T09:00"})
    place = replace(enter(once), due_at=None, arm=Arm.TREATED)
    waits = advance_place(place, JourneyVersions({1: once}, 1), JourneyFacts(time_zone="Europe/Berlin"), NOW).place
    assert waits.due_at == utc(2026, 3, 29, 7)


@pytest.mark.parametrize(
    ("moves", "step"), [({}, "last"), ({"second": "other"}, "other"), ({"second": "end"}, "pause")]
)
def test_who_loses_their_next_step_goes_to_the_stated_or_the_nearest(moves: dict[str, str], step: str) -> None:
    old = define(mail("first"), {"id": "pause", "wait": "1d"}, mail("second"), mail("last"))
    new = define(mail("other"), mail("last"))
    place = replace(enter(old), step="pause", arm=Arm.TREATED, taken=("first",), since=NOW)
    went = advance_place(place, JourneyVersions({1: old, 2: new}, 2, "move", moves), JourneyFacts(), NOW + 24 * HOUR)
    assert (went.place.step, went.place.version) == (step, 2)
    stays = advance_place(place, JourneyVersions({1: old, 2: new}, 2, "stay", moves), JourneyFacts(), NOW + 24 * HOUR)
    assert (stays.place.step, stays.place.version) == ("second", 1)


NAMES = ("a", "b", "c", "d", "e", "f")


@st.composite
def definitions(draw: st.DrawFn) -> CampaignDefinition:
    names = draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=6, unique=True))
    steps = []
    for index, name in enumerate(names):
        targets = st.sampled_from([None, "end", *names[index + 1 :]])
        fork = {key: target for key in ("then", "otherwise") if (target := draw(targets))}
        steps.append(
            draw(
                st.sampled_from(
                    [
                        mail(name),
                        {"id": name, "wait": "1d"},
                        {"id": name, "wait_for": {"event": "item_viewed", "within": "2d", **fork}},
                        {"id": name, "branch": {"when": {"tags": ["vip"]}, **fork}},
                        {"id": name, "call": {}},
                    ]
                )
            )
        )
    steps.append(mail("z"))
    return define(*steps, exits={"goal": "order_placed"} if draw(st.booleans()) else {}, expires_after="60d")


@settings(max_examples=150, deadline=None)
@given(
    st.lists(definitions(), min_size=1, max_size=3),
    st.sampled_from(["stay", "move"]),
    st.lists(st.tuples(st.integers(0, 20 * 24), st.sampled_from(["item_viewed", "order_placed"])), max_size=5),
    st.integers(1, 30),
    st.booleans(),
)
def test_nobody_gets_a_step_twice_or_a_mail_after_the_goal_and_everybody_arrives(
    versions: list[CampaignDefinition], takeover: Any, happenings: list[tuple[int, Any]], every: int, vip: bool
) -> None:
    """A client lives through a campaign whose versions change while they are in it."""
    place, begun, called = replace(enter(versions[0]), arm=Arm.TREATED), list[str](), list[str]()
    mails = dict[str, OutreachState]()
    events = [JourneyEvent(type_, NOW + timedelta(hours=hours)) for hours, type_ in happenings]
    for look in range(0, 70 * 24, every):
        now = NOW + timedelta(hours=look)
        current = min(len(versions), 1 + look // 48)
        known = JourneyVersions({n + 1: one for n, one in enumerate(versions[:current])}, current, takeover)
        seen = [event for event in events if event.at <= now]
        facts = JourneyFacts(events=seen, mails=dict(mails), is_member=lambda _: vip)
        went = advance_place(place, known, facts, now)
        again = advance_place(went.place, known, facts, now)
        assert (again.place, again.mail, again.calls) == (went.place, went.mail, ())
        goal = versions[place.version - 1].exits.goal
        if went.mail is not None:
            assert not any(event.type == goal and event.at > went.place.entered_at for event in seen)
            begun.append(went.mail.id)
            mails[went.mail.id] = OutreachState.SENT
        called += [step.id for step in went.calls]
        assert set(place.taken) <= set(went.place.taken)
        place = went.place
        if place.state not in OPEN:
            break
    assert len(begun) == len(set(begun))
    assert len(called) == len(set(called))
    assert place.state in (EnrolmentState.COMPLETED, EnrolmentState.EXITED)


def test_entering_again_takes_the_stated_time_and_no_history() -> None:
    again = CART.model_copy(update={"re_entry": timedelta(days=30)})
    occasion = EntryOccasion("ann", NOW, NOW + 4 * HOUR)
    done, long_ago = EnrolmentState.COMPLETED, NOW - timedelta(days=31)
    assert may_enter(CART, None, occasion, NOW)
    assert not may_enter(CART, LastEntry(done, long_ago, "x"), occasion, NOW), "never again"
    assert may_enter(again, LastEntry(done, long_ago, "x"), occasion, NOW)
    assert not may_enter(again, LastEntry(done, NOW - timedelta(days=29), "x"), occasion, NOW)
    assert not may_enter(again, LastEntry(EnrolmentState.IN_STEP, long_ago, "x"), occasion, NOW)
    assert not may_enter(CART, None, occasion, NOW + timedelta(days=2)), "an import brings history"
