"""A Fix from the request to the last feedback, every branch of it, on a clock that skips waiting."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from temporalio.client import WorkflowFailureError
from temporalio.testing import ActivityEnvironment, WorkflowEnvironment

from activities.fixes.decide import FixDecisionSteps
from domain.fixes.states import OPEN
from errors import BadInput, NotFound
from models.actors import SubjectKind
from models.fixes import FixDecision, FixItem, FixStep, RejectReason, Swap
from services.fixes.fit import FitPredictor
from services.fixes.replay import replay_box
from services.fixes.swap_search import SwapSearch
from services.recommendations.recommender import Recommender
from store import tables
from store.activity import list_activities
from store.database import read_transaction, write_transaction
from store.fixes import fixes, reservations
from store.fixes.rows import parse_candidates
from store.fixes.views import load_fix_view
from tests.support.fixes import ANA, FixDesk, a_desk
from tests.support.temporal import new_time_skipping
from workflows import fix_handles, ids


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def desk(time_skipping: WorkflowEnvironment, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[FixDesk]:
    """One shop for all tests of this file: workflows that are left behind go on, and hold up no clock."""
    async with a_desk(time_skipping, tmp_path_factory.mktemp("shop")) as new_desk:
        yield new_desk


@pytest_asyncio.fixture(autouse=True, loop_scope="module")
async def tidy(desk: FixDesk) -> None:
    """Fifty of everything and nothing held, whatever the test before left."""
    with read_transaction(desk.shop.engine) as connection:
        open_fixes = fixes.list_fixes(connection, OPEN)
    for item in open_fixes:
        await fix_handles.cancel_fix(desk.temporal, item.fix_id)
    await desk.pass_time(seconds=1)
    desk.set_stock(50)


async def test_a_fix_is_proposed_approved_shipped_and_closed_when_every_item_has_feedback(desk: FixDesk) -> None:
    fix_id = await desk.request_fix("whole")
    box = desk.box(fix_id)
    assert len(box) == 5
    assert len({item.item_id for item in box}) == 5
    assert desk.count_held(fix_id) == 5
    status = await desk.decide(fix_id, "approve")
    assert status.state == "approved"
    await desk.pass_time(seconds=5)
    assert desk.count_held(fix_id) == 0
    assert {desk.shelf()[item.sku] for item in box} == {(49, 0)}
    await keep_all(desk, "whole", fix_id)
    states = ["requested", "ranked", "assembled", "proposed", "approved:approved_by_stylist", "shipped"]
    assert desk.steps(fix_id) == [*states, "closed:answered"]
    assert desk.row(fix_id).decided_by == "ana"
    with read_transaction(desk.shop.engine) as connection:
        [change] = list_activities(connection, SubjectKind.FIX, fix_id, 1)
    assert (change.action, change.actor) == ("fix.decide", ANA)
    assert await desk.temporal.get_workflow_handle(ids.fix(fix_id)).result() == "closed"


async def keep_all(desk: FixDesk, client_id: str, fix_id: str) -> None:
    """Give feedback on every item: kept."""
    now = await desk.now()
    for item in desk.box(fix_id):
        feedback: dict[str, Any] = {"item_id": item.item_id, "kept": True, "fix_id": fix_id, "fit": "fit"}
        desk.shop.event(client_id, "fix_feedback", now, event_id=f"{client_id}-{item.sku}", **feedback)
    for _ in range(2):  # the nudge goes out; it is heard
        await desk.pass_time(minutes=1)


async def test_nobody_decides_and_nobody_answers(desk: FixDesk) -> None:
    fix_id = await desk.request_fix("silent")
    await desk.pass_time(hours=47)
    assert desk.row(fix_id).state == "proposed"
    await desk.pass_time(hours=2)
    assert desk.row(fix_id).state == "shipped"
    await desk.pass_time(days=13)
    assert desk.row(fix_id).state == "shipped"
    await desk.pass_time(days=2)
    assert desk.steps(fix_id)[-3:] == ["approved:nobody_decided", "shipped", "closed:feedback_over"]


async def test_by_policy_an_undecided_box_is_let_go(tmp_path: Path) -> None:
    async with (
        new_time_skipping() as env,
        a_desk(env, tmp_path, fix_undecided="cancel", fix_decide_hours=5) as desk,
    ):
        fix_id = await desk.request_fix("strict")
        await desk.pass_time(hours=6)
        assert desk.steps(fix_id)[-1] == "expired:nobody_decided"
        assert desk.count_held(fix_id) == 0


async def test_a_rejected_box_is_let_go_and_the_client_may_ask_again(desk: FixDesk) -> None:
    fix_id = await desk.request_fix("again")
    assert (await desk.decide(fix_id, "reject")).state == "cancelled"
    assert desk.count_held(fix_id) == 0
    with pytest.raises(BadInput, match=r"cancelled; only a proposed one|no workflow"):
        await desk.decide(fix_id, "approve")
    second = await desk.request_fix("again")
    assert desk.row(second).state == "proposed"


async def test_a_swap_holds_the_other_unit_and_frees_the_first(desk: FixDesk) -> None:
    fix_id = await desk.request_fix("swap")
    box = desk.box(fix_id)
    out, into = box[0].sku, spare(desk, fix_id).sku
    status = await desk.decide(fix_id, "swap", (out, into))
    assert status.state == "proposed"
    assert into in status.box
    assert out not in status.box
    assert desk.count_held(fix_id) == 5
    assert "proposed:swapped" in desk.steps(fix_id)
    again = replay_box(desk.shop.settings, desk.shop.engine, fix_id)
    assert (again.same, again.swaps, out in again.again) == (True, 1, True), "as assembled, before the swap"
    await desk.decide(fix_id, "reject")
    with read_transaction(desk.shop.engine) as connection:
        fix_view = load_fix_view(connection, fix_id)
    assert [step.by for step in fix_view.steps[-2:]] == ["ana", "ana"]


def build_search(desk: FixDesk) -> SwapSearch:
    shop = desk.shop
    fits = FitPredictor(shop.engine, shop.settings.home).build_for_client
    return SwapSearch(shop.engine, shop.settings, Recommender(shop.engine, shop.settings).list_items, fits)


async def test_a_piece_that_the_ranking_did_not_take_is_found_and_swapped_in(desk: FixDesk) -> None:
    fix_id = await desk.request_fix("searched")
    box = {piece.sku for piece in desk.box(fix_id)}
    candidates = desk.row(fix_id).candidates or {}
    candidates["items"] = [item for item in candidates["items"] if item["sku"] in box]
    with write_transaction(desk.shop.engine) as connection:  # as in a shop too large for all to be candidates
        connection.execute(tables.fixes.update().where(tables.fixes.c.fix_id == fix_id).values(candidates=candidates))
    with read_transaction(desk.shop.engine) as connection:
        row = fixes.load_fix(connection, fix_id)
        offers = build_search(desk).list_offers(connection, row, "coats", None, await desk.now())
    assert offers
    assert {offer.category for offer in offers} == {"coat"}
    out, into = offers[0].instead_of[0], offers[0].sku
    await desk.decide(fix_id, "swap", (out, into))
    after = {piece.sku: piece for piece in desk.box(fix_id)}
    assert out not in after
    assert after[into].role == "outerwear"
    assert 0 < after[into].score < 1
    await desk.decide(fix_id, "approve")
    assert {step.partition(":")[0] for step in desk.steps(fix_id)} >= {"proposed", "approved"}


async def test_a_decision_whose_answer_was_lost_is_carried_out_once(desk: FixDesk) -> None:
    fix_id = await desk.request_fix("retried")
    box, steps = desk.box(fix_id), FixDecisionSteps(desk.shop.context, build_search(desk))
    swaps = (Swap(out=box[0].sku, into=spare(desk, fix_id).sku),)
    for verdict in ("swap", "approve"):
        decision = FixDecision.model_validate({"verdict": verdict, "swaps": swaps, "by": "ana"})
        step = FixStep(fix_id=fix_id, at=await desk.now(), decision=decision)
        done = [ActivityEnvironment().run(steps.decide_fix, step) for _ in range(2)]
        assert done[0] == done[1]
        assert not done[0].refused
    assert desk.steps(fix_id)[-2:] == ["proposed:swapped", "approved:approved_by_stylist"]
    other = FixStep(fix_id=fix_id, at=await desk.now(), decision=FixDecision(verdict="reject", by="eve"))
    assert "only a proposed one" in ActivityEnvironment().run(steps.decide_fix, other).refused


async def test_an_item_goes_alone_another_comes_alone_and_a_rejection_says_why(desk: FixDesk) -> None:
    fix_id = await desk.request_fix("alone")
    whole = {piece.sku for piece in desk.box(fix_id)}
    leaving = min(whole)

    async def decide(**decision: Any) -> set[str]:
        await fix_handles.decide_fix(desk.temporal, fix_id, FixDecision(by="ana", **decision), ANA)
        return {piece.sku for piece in desk.box(fix_id)}

    assert await decide(verdict="swap", swaps=(Swap(out=leaving),)) == whole - {leaving}
    assert await decide(verdict="swap", swaps=(Swap(into=leaving),)) == whole
    assert await decide(verdict="reject", because=RejectReason.TASTE) == set()
    with read_transaction(desk.shop.engine) as connection:
        last = fixes.list_steps(connection, fix_id)[-1]
    assert (last.code, last.data) == ("rejected_by_stylist", {"decided_by": "ana", "because": "taste"})


def spare(desk: FixDesk, fix_id: str) -> FixItem:
    """A candidate that is not in the box, of the same category as one that leaves."""
    box = desk.box(fix_id)
    rest = [c for c in parse_candidates(desk.row(fix_id)) if c.sku not in {item.sku for item in box}]
    same = [c for c in rest if c.category == box[0].category] or rest
    return same[0]


async def test_a_swap_that_breaks_a_rule_is_refused_to_the_face_and_changes_nothing(desk: FixDesk) -> None:
    fix_id = await desk.request_fix("refused", budget="400")
    box = desk.box(fix_id)
    desk.set_stock(0, into := spare(desk, fix_id).item_id)
    before = desk.shelf()
    for swap, words in (
        ((box[0].sku, f"{into}-M"), "no unit of"),
        ((box[0].sku, "item99-M"), "item99-M"),
        (("item99-M", box[0].sku), "item99-M"),
    ):
        with pytest.raises(BadInput, match=words):
            await desk.decide(fix_id, "approve", swap)
    assert desk.box(fix_id) == box
    assert desk.shelf() == before
    assert desk.row(fix_id).state == "proposed"


async def test_a_box_that_lost_its_units_is_made_anew_of_what_is_there(desk: FixDesk) -> None:
    fix_id = await desk.request_fix("lost")
    lost = desk.box(fix_id)[0]
    desk.set_stock(0, lost.item_id)  # a count comes in: it was not there after all
    assert (await desk.decide(fix_id, "approve")).state == "ranked"
    await desk.pass_time(seconds=5)
    assert "ranked:units_lost" in desk.steps(fix_id)
    assert desk.row(fix_id).state == "proposed"
    assert lost.sku not in {item.sku for item in desk.box(fix_id)}
    assert desk.count_held(fix_id) == 5


async def test_a_hold_that_ran_out_while_no_worker_ran_may_go_to_another(desk: FixDesk) -> None:
    desk.set_stock(1)
    fix_id = await desk.request_fix("late")
    with write_transaction(desk.shop.engine) as connection:
        freed = reservations.release_expired(connection, await desk.now() + timedelta(days=9))
    assert freed == 5
    other = await desk.request_fix("quick")
    assert len(desk.box(other)) == 5
    await desk.decide(other, "approve")
    assert (await desk.decide(fix_id, "approve")).state == "ranked"
    await desk.pass_time(seconds=5)
    assert not {item.sku for item in desk.box(fix_id)} & {item.sku for item in desk.box(other)}
    assert min(on_hand for on_hand, _ in desk.shelf().values()) == 0


async def test_with_nothing_on_the_shelf_the_fix_says_so(desk: FixDesk) -> None:
    fix_id = await desk.request_fix("bare", when="wave")
    desk.set_stock(0)  # once it is ranked: a ranking's view of the stock is cached for seconds, in the next test too
    await desk.pass_time(hours=49)
    assert desk.steps(fix_id)[-1] == "failed:nothing_fits"


async def test_without_a_wave_it_goes_on_alone_when_due(desk: FixDesk) -> None:
    fix_id = await desk.request_fix("wave", when="wave")
    assert desk.row(fix_id).state == "ranked"
    await fix_handles.nudge_fix(desk.temporal, fix_id)
    await desk.pass_time(hours=40)
    assert desk.steps(fix_id) == ["requested", "ranked"]
    await desk.pass_time(hours=9)
    assert desk.row(fix_id).state == "proposed"


@pytest.mark.parametrize("when", ["waiting", "proposed"])
async def test_cancelling_gives_everything_back(desk: FixDesk, when: str) -> None:
    fix_id = await desk.request_fix(f"off-{when}", when="wave" if when == "waiting" else "now")
    await fix_handles.cancel_fix(desk.temporal, fix_id, "changed their mind")
    await desk.pass_time(seconds=5)
    assert desk.steps(fix_id)[-1] == "cancelled:cancelled"
    assert desk.count_held(fix_id) == 0


async def test_cancelling_the_workflow_itself_gives_everything_back(desk: FixDesk) -> None:
    fix_id = await desk.request_fix("terminal")
    handle = desk.temporal.get_workflow_handle(ids.fix(fix_id))
    await handle.cancel()
    with pytest.raises(WorkflowFailureError):
        await handle.result()
    assert desk.steps(fix_id)[-1] == "cancelled:workflow_cancelled"
    assert desk.count_held(fix_id) == 0


async def test_a_box_on_its_way_cannot_be_cancelled_any_more(desk: FixDesk) -> None:
    fix_id = await desk.request_fix("gone")
    await desk.decide(fix_id, "approve")
    await desk.pass_time(seconds=5)
    await fix_handles.cancel_fix(desk.temporal, fix_id)
    await desk.pass_time(seconds=5)
    status = await fix_handles.query_fix_status(desk.temporal, fix_id)
    assert (status.state, status.refused_signals) == ("shipped", ("cancel: input: shipped",))


async def test_asking_twice_is_asking_once_and_only_one_is_made_at_a_time(desk: FixDesk) -> None:
    fix_id = await desk.save_request("twice", request_key="k1")
    for _ in range(2):
        assert (await fix_handles.request_fix(desk.temporal, "twice", fix_id)).fix_id == fix_id
    assert await desk.save_request("twice", request_key="k1") == fix_id
    with pytest.raises(BadInput, match="being made"):
        await desk.save_request("twice", request_key="k2")
    desk.shop.client("other", now=await desk.now())
    with pytest.raises(NotFound, match="no such Fix of this client"):
        await fix_handles.request_fix(desk.temporal, "other", fix_id)


async def test_a_note_is_read_into_fields_and_kept(desk: FixDesk) -> None:
    fix_id = await desk.request_fix("noted", note="I need a coat, but nothing in rust please. Under 220 in all.")
    note_read = desk.row(fix_id).note_read or {}
    assert note_read["fields"]["must_have"] == ["coat"]
    assert note_read["fields"]["exclude_colours"] == ["rust"]
    assert note_read["by"] == "house"
    box = desk.box(fix_id)
    assert "coat" in {item.category for item in box}
    assert "rust" not in {item.colour for item in box}
    assert sum(item.price_cents for item in box) <= 22_000
