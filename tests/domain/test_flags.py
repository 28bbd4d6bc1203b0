"""Growing an arm or a flag moves only who must; nobody is in two flags of one namespace."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.experiments import BUCKETS, Places, count_buckets, divide_buckets
from domain.flags import RunningFlag, assign_arm, find_conflict, merge_effects
from models.flags import FlagEffect, FlagOrder

NAMES = ("a", "b", "c", "d")
COUNTS = st.dictionaries(st.sampled_from(NAMES), st.integers(0, BUCKETS // 4), min_size=1)


def list_owners(places: Places) -> dict[int, str]:
    pairs = [(bucket, name) for name, ranges in places.items() for low, high in ranges for bucket in range(low, high)]
    owners = dict(pairs)
    assert len(owners) == len(pairs), "no bucket has two owners"
    assert all(0 <= bucket < BUCKETS for bucket in owners)
    return owners


@settings(max_examples=60, deadline=None)
@given(steps=st.lists(COUNTS, min_size=2, max_size=4))
def test_only_who_must_moves_whatever_shares_become(steps: list[dict[str, int]]) -> None:
    places: Places = {}
    for wanted in steps:
        before, after = list_owners(places), list_owners(places := divide_buckets(places, wanted))
        assert Counter(after.values()) == Counter({name: count for name, count in wanted.items() if count})
        had = Counter(before.values())
        stayed = Counter(name for bucket, name in before.items() if after.get(bucket) == name)
        for name, count in had.items():  # who grows loses nobody, who shrinks loses as many as it shrinks by
            assert stayed[name] == min(count, wanted.get(name, 0))


def test_more_than_there_is_is_refused() -> None:
    with pytest.raises(ValueError, match="more buckets"):
        divide_buckets({}, {"a": BUCKETS, "b": 1})


@given(st.lists(st.floats(0.01, 1), min_size=2, max_size=10))
def test_shares_become_whole_buckets_that_add_up(weights: list[float]) -> None:
    shares = {str(index): weight / sum(weights) for index, weight in enumerate(weights)}
    counts = count_buckets(shares)
    assert sum(counts.values()) == BUCKETS
    assert all(abs(counts[name] - share * BUCKETS) < 1 for name, share in shares.items())


def order(*shares: float, **more: object) -> FlagOrder:
    arms = [{"name": f"arm{index}", "share": one, "effect": {"count": 5}} for index, one in enumerate(shares)]
    return FlagOrder.model_validate({"name": "x", "arms": arms} | more)


def run(slug: str, flag: FlagOrder, space: tuple[tuple[int, int], ...], parts: Places | None = None) -> RunningFlag:
    shares = {arm.name: arm.share for arm in flag.arms}
    return RunningFlag(slug, flag, space, divide_buckets(parts or {}, count_buckets(shares)))


CLIENTS = [f"c{number}" for number in range(3_000)]


def test_a_client_moves_only_into_the_arm_that_grew() -> None:
    whole = ((0, BUCKETS),)
    first = run("f", order(0.4, 0.3, 0.2, 0.1), whole)
    grown = run("f", order(0.2, 0.3, 0.2, 0.3), whole, first.parts)
    moves = Counter((first.find_arm(one), grown.find_arm(one)) for one in CLIENTS)
    assert {pair for pair in moves if pair[0] != pair[1]} == {("arm0", "arm3")}
    assert 0.17 < moves["arm0", "arm3"] / len(CLIENTS) < 0.23


@settings(max_examples=25, deadline=None)
@given(sizes=st.lists(st.integers(1, BUCKETS // 3), min_size=2, max_size=3), data=st.data())
def test_flags_of_one_namespace_never_share_a_client(sizes: list[int], data: st.DataObject) -> None:
    spaces = divide_buckets({}, {f"f{index}": size for index, size in enumerate(sizes)})
    grown = {name: data.draw(st.integers(1, BUCKETS // 3)) for name in spaces}
    for places in (spaces, divide_buckets(spaces, grown)):
        running = {slug: run(slug, order(0.5, 0.5), ranges) for slug, ranges in places.items()}
        for client in CLIENTS[:300]:
            inside = [slug for slug, flag in running.items() if assign_arm(flag, running, client, {})]
            assert len(inside) <= 1


def test_arms_of_two_namespaces_are_independent() -> None:
    whole = ((0, BUCKETS),)
    one, other = run("one", order(0.5, 0.5, namespace="n1"), whole), run("two", order(0.5, 0.5, namespace="n2"), whole)
    pairs = Counter((one.find_arm(client), other.find_arm(client)) for client in CLIENTS)
    assert all(abs(count / len(CLIENTS) - 0.25) < 0.03 for count in pairs.values())


def test_what_a_visit_kept_holds_and_keeps_out_of_the_namespace() -> None:
    half = BUCKETS // 2
    running = {
        "one": run("one", order(0.5, 0.5), ((0, half),)),
        "two": run("two", order(0.5, 0.5), ((half, BUCKETS),)),
        "far": run("far", order(0.5, 0.5, namespace="far"), ((0, BUCKETS),)),
    }
    for client in CLIENTS[:100]:
        kept = {"one": "arm1"}
        assert assign_arm(running["one"], running, client, kept) == "arm1"
        assert assign_arm(running["two"], running, client, kept) is None
        assert assign_arm(running["far"], running, client, kept) == running["far"].find_arm(client)
        # What is no longer there binds nobody.
        assert assign_arm(running["two"], running, client, {"gone": "arm1"}) == running["two"].find_arm(client)
        assert assign_arm(running["two"], running, client, {"one": "gone"}) == running["two"].find_arm(client)


def test_two_flags_may_not_answer_one_question() -> None:
    held = run("home", order(0.5, 0.5, namespace="n1", contexts=["home"], placements=["top"]), ((0, BUCKETS),))
    assert find_conflict(order(0.5, 0.5, namespace="n2"), [held]) == "home"
    assert find_conflict(order(0.5, 0.5, namespace="n2", contexts=["home"], placements=["top", "side"]), [held])
    assert find_conflict(order(0.5, 0.5, namespace="n2", contexts=["cart"]), [held]) is None
    assert find_conflict(order(0.5, 0.5, namespace="n2", placements=["side"]), [held]) is None
    assert find_conflict(order(0.5, 0.5, namespace="n1"), [held]) is None
    other = {"arms": [{"name": "x", "share": 0.5}, {"name": "y", "share": 0.5, "effect": {"delay_ms": 10}}]}
    late = FlagOrder.model_validate({"name": "x", "namespace": "n2", **other})
    assert find_conflict(late, [held]) is None


def test_effects_of_several_flags_come_together() -> None:
    merged = merge_effects([FlagEffect(count=3, shown=False), FlagEffect(count=9, delay_ms=7, weights={"trend": 1})])
    assert (merged.count, merged.shown, merged.delay_ms, merged.weights) == (3, False, 7, {"trend": 1})


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"arms": [{"name": "a", "share": 1}]}, "at least 2"),
        ({"arms": [{"name": "a", "share": 0.5}, {"name": "a", "share": 0.5}]}, "two have one name"),
        ({"arms": [{"name": "a", "share": 0.5}, {"name": "b", "share": 0.4}]}, "add up to 1"),
        ({"share": 0}, "greater than 0"),
    ],
)
def test_what_cannot_be_meant_is_refused(change: dict[str, object], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        order(0.5, 0.5, **change)


def test_weights_go_with_the_blend_alone() -> None:
    with pytest.raises(ValueError, match="weights"):
        FlagEffect(algorithm="other", weights={"match": 1})
