"""The steps of a refresh on a real store: who takes over and who does not; each step done twice is done once."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from temporalio.testing import ActivityEnvironment

from activities.refresh import plan as planning
from activities.refresh.challenge import LearnSlot
from activities.refresh.compare_windows import CompareWindows
from activities.refresh.gather_features import GatherFeatures
from activities.refresh.pick import AT_ONCE, PickForAll
from activities.refresh.plan import PlanRefresh
from models.refreshes import RefreshEnd, RefreshState, RefreshStep, SlotOutcome, Verdict
from services.context import ServiceContext
from services.recommendations.recommender import Recommender
from services.training.ranking import train
from services.training.slot_training import SCIENCES
from settings import Settings
from store.database import connect, read_transaction, write_transaction
from store.learning import artefacts, refreshes, top_picks
from store.tables import artefacts as made
from store.tables import metadata
from tests.support.stocked import NOW, StockedShop


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shop of two tastes in a database: 120 clients, 40 items, 60 days."""
    path: Path = tmp_path_factory.mktemp("refreshing") / "shop.db"
    engine = connect(f"sqlite:///{path}")
    metadata.create_all(engine)
    StockedShop(engine).two_tastes()
    engine.dispose()
    return path


class Night:
    """One refresh after another on a copy of the filled shop."""

    def __init__(self, home: Path, filled: Path, **settings: Any) -> None:
        (home / "selvedge.db").write_bytes(filled.read_bytes())
        self.settings = Settings(home=home, _env_file=None, refresh_days=14, **settings)
        self.engine = connect(self.settings.database)
        self.context = ServiceContext(self.settings, self.engine, wall=lambda: NOW)
        self.slot, self.days = LearnSlot(self.context), 0

    def begins(self, name: str, days: int = 0) -> RefreshStep:
        self.days = days
        self.context = replace(self.context, wall=lambda: NOW + timedelta(days=days))
        self.slot = LearnSlot(self.context)
        step = RefreshStep(refresh=name, at=self.context.wall())
        PlanRefresh(self.context).begin_refresh(step)
        return step.model_copy(update={"slot": "ranking"})

    def live(self, slot: str = "ranking") -> str:
        with read_transaction(self.engine) as connection:
            found = artefacts.live(connection, slot)
        return found.id if found else ""

    def made(self) -> list[str]:
        with read_transaction(self.engine) as connection:
            return [each.id for each in artefacts.listing(connection, "ranking")]

    def renews(self, step: RefreshStep) -> SlotOutcome:
        """Each step twice, as after an attempt that died before it was heard."""
        run = ActivityEnvironment().run
        for call in (self.slot.fit_challenger, self.slot.try_challenger, self.slot.promote_challenger):
            first = run(call, step)
            outcome = run(call, step)
            assert outcome == first
        return outcome


@pytest.fixture
def night(tmp_path: Path, filled: Path) -> Iterator[Night]:
    made = Night(tmp_path, filled)
    yield made
    made.engine.dispose()


def test_the_first_model_serves_when_it_beats_the_default(night: Night) -> None:
    outcome = night.renews(night.begins("d1"))
    assert (outcome.verdict, outcome.promoted, outcome.champion) == (Verdict.FIRST, True, "")
    assert outcome.tried is not None
    assert outcome.served is not None
    assert outcome.low is not None
    assert outcome.tried > 1.3 * outcome.served
    assert outcome.low > 0
    assert outcome.clients > 100
    assert night.made() == [outcome.artefact] == [night.live()]


def test_the_same_recipe_is_not_judged_by_days_that_it_knows_and_later_not_beaten_by_its_like(night: Night) -> None:
    first = night.renews(night.begins("d1"))
    young = night.renews(night.begins("d2", days=1))
    assert (young.verdict, young.promoted, young.champion) == (Verdict.YOUNG, False, first.artefact)
    old = night.begins("d3", days=1)
    with write_transaction(night.engine) as connection:  # as if it had been made before the days to judge by
        back = made.update().where(made.c.id == first.artefact)
        connection.execute(back.values(created_at=NOW - timedelta(days=14)))
    stale = night.renews(old)
    assert stale.verdict is Verdict.NOT_BETTER  # it has in truth seen them: nobody can be better
    assert stale.difference is not None
    assert stale.difference < 0
    assert night.live() == first.artefact
    assert len(night.made()) == 3


def test_a_worse_champion_is_replaced_and_can_be_gone_back_to(night: Night) -> None:
    weak = train(night.engine, night.settings, "popularity", 42, NOW - timedelta(days=20))
    night.context = replace(night.context, settings=night.settings.model_copy(update={"refresh_ranking": "hybrid"}))
    outcome = night.renews(night.begins("d1"))
    assert (outcome.verdict, outcome.champion, night.live()) == (Verdict.BETTER, weak.id, outcome.artefact)
    with write_transaction(night.engine) as connection:
        artefacts.promote(connection, weak.id, NOW)
    assert night.live() == weak.id


def test_a_champion_whose_files_are_broken_stands_in_nobody_s_way(night: Night) -> None:
    broken = night.renews(night.begins("d1"))
    folder = night.settings.home / "artefacts" / broken.artefact
    for file in (each for each in folder.rglob("*") if each.is_file()):
        file.write_bytes(b"")  # as a power cut leaves them
    outcome = night.renews(night.begins("d2", days=1))
    assert (outcome.verdict, outcome.champion) == (Verdict.FIRST, broken.artefact)
    assert (outcome.promoted, night.live()) == (True, outcome.artefact)


def test_of_several_challengers_the_most_promising_is_tried(night: Night) -> None:
    several = night.settings.model_copy(update={"refresh_ranking": "popularity, als,recent"})
    night.context = replace(night.context, settings=several)
    outcome = night.renews(night.begins("d1"))
    assert outcome.artefact.startswith("als-")
    assert sorted(each.partition("-")[0] for each in night.made()) == ["als", "popularity", "recent"]


def test_what_somebody_else_let_serve_meanwhile_stays(night: Night) -> None:
    step = night.begins("d1")
    run = ActivityEnvironment().run
    run(night.slot.fit_challenger, step)
    assert run(night.slot.try_challenger, step).wins
    other = train(night.engine, night.settings, "popularity", 42, NOW)
    outcome = run(night.slot.promote_challenger, step)
    assert (outcome.verdict, outcome.promoted, night.live()) == (Verdict.CHANGED, False, other.id)


def test_a_slot_with_nothing_to_learn_from_says_so(night: Night) -> None:
    outcome = night.renews(night.begins("d1").model_copy(update={"slot": "fit"}))
    assert (outcome.verdict, outcome.artefact, night.live("fit")) == (Verdict.NOTHING, "", "")


def test_risk_is_judged_by_the_horizon_before_today(night: Night) -> None:
    """Nobody had ordered ninety days ago."""
    outcome = night.renews(night.begins("d1").model_copy(update={"slot": "risk"}))
    assert (outcome.verdict, outcome.clients, outcome.promoted) == (Verdict.TOO_FEW, 0, False)
    later = night.renews(night.begins("d2", days=65).model_copy(update={"slot": "risk"}))
    assert (later.measure, later.clients) == ("brier", 120)
    assert later.verdict in {Verdict.FIRST, Verdict.NOT_BETTER}


def test_the_plan_is_fixed_and_what_never_served_goes(night: Night) -> None:
    train(night.engine, night.settings, "popularity", 42, NOW - timedelta(days=40), live=False)
    kept = train(night.engine, night.settings, "popularity", 42, NOW - timedelta(days=20), live=False)
    plan = PlanRefresh(night.context).begin_refresh(RefreshStep(refresh="d1", at=NOW))
    assert plan.slots == tuple(SCIENCES) == ("ranking", "risk", "fit")
    assert plan.shards == 1
    assert night.made() == [kept.id]
    assert [folder.name for folder in (night.settings.home / "artefacts").iterdir()] == [kept.id]
    night.begins("d1", days=3)
    with read_transaction(night.engine) as connection:
        since, cut, until = refreshes.days(refreshes.get(connection, "d1"))
    assert (since, cut, until) == (
        planning.midnight(NOW) - timedelta(days=28),
        planning.midnight(NOW) - timedelta(days=14),
        NOW,
    )


class Seen:
    """A recommender that remembers whom it was asked about, and falls over after so many chunks."""

    def __init__(self, inner: Recommender, chunks: int) -> None:
        self.inner, self.left = inner, chunks
        self.asked: list[str] = []

    def lists(self, connection: Any, wanted: Any, *rest: Any) -> Any:
        if not self.left:
            raise RuntimeError("the worker dies here")
        self.left -= 1
        self.asked += [each.client_id for each in wanted]
        return self.inner.lists(connection, wanted, *rest)


def test_lists_are_made_for_all_and_whoever_goes_on_begins_after_the_last_one(night: Night) -> None:
    step = night.begins("d1")
    recommender = Recommender(night.engine, night.settings)
    heard: list[Any] = []
    dying, seen = Seen(recommender, 1), Seen(recommender, 9)
    environment = ActivityEnvironment()
    environment.on_heartbeat = lambda *told: heard.extend(told)
    with pytest.raises(RuntimeError, match="dies here"):
        environment.run(PickForAll(night.context, dying).pick_shard, step)  # type: ignore[arg-type]
    assert heard == [max(dying.asked)]
    left = environment.run(PickForAll(night.context, seen).pick_shard, step).count  # type: ignore[arg-type]
    assert left == 120 - AT_ONCE
    assert sorted(dying.asked + seen.asked) == sorted(f"c{n}" for n in range(120))
    with read_transaction(night.engine) as connection:
        lists = top_picks.of(connection, [f"c{n}" for n in range(120)])
        assert refreshes.report_of(refreshes.get(connection, "d1")).state is RefreshState.PICKING
        told = recommender.recommend(connection, "c7", night.settings.refresh_picks, NOW)
    assert len(lists) == 120
    assert [item.item_id for item in lists["c7"].items] == [pick.item_id for pick in told.picks]
    assert (lists["c7"].artefact, lists["c7"].at) == (told.version, NOW)


def test_drift_is_told_of_features_and_scores_and_the_end_is_kept(night: Night) -> None:
    night.renews(night.begins("d1"))
    shop = StockedShop(night.engine, numbers=itertools.count(100_000))
    shop.events(
        [
            {
                "client_id": f"c{n}",
                "type": "order_placed",
                "item_id": f"i{n % 40:02}",
                "value": "400.00",
                "days_ago": 1 + n / 40,
            }
            for n in range(120)
        ]
    )
    step = night.begins("d2")
    run = ActivityEnvironment().run
    assert run(GatherFeatures(night.context).gather_features, step).count == 120
    alarms = run(CompareWindows(night.context).compare_windows, step).count
    assert run(CompareWindows(night.context).compare_windows, step).count == alarms
    end = RefreshEnd(refresh="d2", at=NOW, seconds=3.0, failed=("risk",))
    report = PlanRefresh(night.context).end_refresh(end)
    drift = {each.feature: each for each in report.drift}
    assert drift["value of an order"].alarm
    assert not drift["hour of a touch"].alarm
    assert {"score: engagement", "score: ranking", "price of an item"} <= drift.keys()
    assert sum(each.alarm for each in report.drift) == alarms
    assert (report.state, report.seconds) == (RefreshState.DONE, 3.0)
    assert [(slot.slot, slot.verdict) for slot in report.slots] == [("risk", Verdict.FAILED)]
