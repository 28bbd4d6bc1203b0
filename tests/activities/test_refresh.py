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

from activities.refresh.challenge import ChallengerSteps
from activities.refresh.compare_windows import DriftSteps
from activities.refresh.gather_features import FeatureSteps
from activities.refresh.pick import AT_ONCE, TopListSteps
from activities.refresh.plan import RefreshPlanSteps
from domain.permissions import Action
from models.actors import SYSTEM, SubjectKind
from models.refreshes import ChallengerVerdict, RefreshEnd, RefreshState, RefreshStep, SlotOutcome
from services.context import ServiceContext
from services.recommendations.recommender import Recommender
from services.training.ranking import train_ranking
from services.training.refresh_window import find_midnight
from services.training.slot_training import SLOT_TRAININGS
from settings import Settings
from store.activity import list_activities
from store.database import connect, read_transaction, write_transaction
from store.learning import artefacts, refreshes, top_picks
from store.tables import artefacts as artefacts_table
from tests.support.shop_services import NOW, StockedShop
from tests.support.tables import create_tables


@pytest.fixture(scope="module")
def filled_shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A shop whose clients have two preferences, in a database: 120 clients, 40 items, 60 days."""
    path: Path = tmp_path_factory.mktemp("refreshing") / "shop.db"
    engine = connect(f"sqlite:///{path}")
    create_tables(engine)
    StockedShop(engine).two_tastes()
    engine.dispose()
    return path


class NightlyTraining:
    """One refresh after another on a copy of the filled shop."""

    def __init__(self, home: Path, filled_shop: Path, **settings: Any) -> None:
        (home / "selvedge.db").write_bytes(filled_shop.read_bytes())
        self.settings = Settings(home=home, _env_file=None, refresh_days=14, **settings)
        self.engine = connect(self.settings.database)
        self.context = ServiceContext(self.settings, self.engine, wall=lambda: NOW)
        self.slot, self.days = ChallengerSteps(self.context), 0

    def begin(self, name: str, days: int = 0) -> RefreshStep:
        self.days = days
        self.context = replace(self.context, wall=lambda: NOW + timedelta(days=days))
        self.slot = ChallengerSteps(self.context)
        step = RefreshStep(refresh=name, at=self.context.wall())
        RefreshPlanSteps(self.context).begin_refresh(step)
        return step.model_copy(update={"slot": "ranking"})

    def live(self, slot: str = "ranking") -> str:
        with read_transaction(self.engine) as connection:
            found = artefacts.find_live(connection, slot)
        return found.id if found else ""

    def list_artefacts(self) -> list[str]:
        with read_transaction(self.engine) as connection:
            return [artefact.id for artefact in artefacts.list_artefacts(connection, "ranking")]

    def renew(self, step: RefreshStep) -> SlotOutcome:
        """Each step twice, as after an attempt that died before it was heard."""
        run = ActivityEnvironment().run
        for call in (self.slot.fit_challenger, self.slot.try_challenger, self.slot.promote_challenger):
            first = run(call, step)
            outcome = run(call, step)
            assert outcome == first
        return outcome


@pytest.fixture
def night(tmp_path: Path, filled_shop: Path) -> Iterator[NightlyTraining]:
    training = NightlyTraining(tmp_path, filled_shop)
    yield training
    training.engine.dispose()


def test_the_first_model_serves_when_it_beats_the_default(night: NightlyTraining) -> None:
    outcome = night.renew(night.begin("d1"))
    assert (outcome.verdict, outcome.promoted, outcome.champion) == (ChallengerVerdict.FIRST, True, "")
    assert outcome.tried is not None
    assert outcome.served is not None
    assert outcome.low is not None
    assert outcome.tried > 1.3 * outcome.served
    assert outcome.low > 0
    assert outcome.clients > 100
    assert night.list_artefacts() == [outcome.artefact] == [night.live()]
    with read_transaction(night.engine) as connection:
        [record] = list_activities(connection, SubjectKind.MODEL)
    assert (record.actor, record.action, record.subject.id) == (SYSTEM, Action.PROMOTE_MODEL, outcome.artefact)
    assert record.data == {"slot": "ranking", "refresh": "d1", "verdict": "first"}


def test_the_same_recipe_is_not_judged_by_days_that_it_knows_and_later_not_beaten_by_its_like(
    night: NightlyTraining,
) -> None:
    first = night.renew(night.begin("d1"))
    young = night.renew(night.begin("d2", days=1))
    assert (young.verdict, young.promoted, young.champion) == (ChallengerVerdict.YOUNG, False, first.artefact)
    old = night.begin("d3", days=1)
    with write_transaction(night.engine) as connection:  # as if it had been made before the days to judge by
        back = artefacts_table.update().where(artefacts_table.c.id == first.artefact)
        connection.execute(back.values(created_at=NOW - timedelta(days=14)))
    stale = night.renew(old)
    assert stale.verdict is ChallengerVerdict.NOT_BETTER  # it has in truth seen them: nobody can be better
    assert stale.difference is not None
    assert stale.difference < 0
    assert night.live() == first.artefact
    assert len(night.list_artefacts()) == 3


def test_a_worse_champion_is_replaced_and_can_be_gone_back_to(night: NightlyTraining) -> None:
    weak = train_ranking(night.engine, night.settings, "popularity", 42, NOW - timedelta(days=20))
    night.context = replace(night.context, settings=night.settings.model_copy(update={"refresh_ranking": "hybrid"}))
    outcome = night.renew(night.begin("d1"))
    assert (outcome.verdict, outcome.champion, night.live()) == (ChallengerVerdict.BETTER, weak.id, outcome.artefact)
    with write_transaction(night.engine) as connection:
        artefacts.promote_artefact(connection, weak.id, NOW)
    assert night.live() == weak.id


def test_a_champion_whose_files_are_broken_stands_in_nobody_s_way(night: NightlyTraining) -> None:
    broken = night.renew(night.begin("d1"))
    folder = night.settings.home / "artefacts" / broken.artefact
    for file in (path for path in folder.rglob("*") if path.is_file()):
        file.write_bytes(b"")  # as a power cut leaves them
    outcome = night.renew(night.begin("d2", days=1))
    assert (outcome.verdict, outcome.champion) == (ChallengerVerdict.FIRST, broken.artefact)
    assert (outcome.promoted, night.live()) == (True, outcome.artefact)


def test_of_several_challengers_the_most_promising_is_tried(night: NightlyTraining) -> None:
    several = night.settings.model_copy(update={"refresh_ranking": "popularity, als,recent"})
    night.context = replace(night.context, settings=several)
    outcome = night.renew(night.begin("d1"))
    assert outcome.artefact.startswith("als-")
    assert sorted(name.partition("-")[0] for name in night.list_artefacts()) == ["als", "popularity", "recent"]


def test_what_somebody_else_let_serve_meanwhile_stays(night: NightlyTraining) -> None:
    step = night.begin("d1")
    run = ActivityEnvironment().run
    run(night.slot.fit_challenger, step)
    assert run(night.slot.try_challenger, step).wins
    other = train_ranking(night.engine, night.settings, "popularity", 42, NOW)
    outcome = run(night.slot.promote_challenger, step)
    assert (outcome.verdict, outcome.promoted, night.live()) == (ChallengerVerdict.CHANGED, False, other.id)
    with read_transaction(night.engine) as connection:
        assert not list_activities(connection, SubjectKind.MODEL)


def test_a_slot_with_nothing_to_learn_from_says_so(night: NightlyTraining) -> None:
    outcome = night.renew(night.begin("d1").model_copy(update={"slot": "fit"}))
    assert (outcome.verdict, outcome.artefact, night.live("fit")) == (ChallengerVerdict.NOTHING, "", "")


def test_risk_is_judged_by_the_horizon_before_today(night: NightlyTraining) -> None:
    """Nobody had ordered ninety days ago."""
    outcome = night.renew(night.begin("d1").model_copy(update={"slot": "risk"}))
    assert (outcome.verdict, outcome.clients, outcome.promoted) == (ChallengerVerdict.TOO_FEW, 0, False)
    later = night.renew(night.begin("d2", days=65).model_copy(update={"slot": "risk"}))
    assert (later.measure, later.clients) == ("brier", 120)
    assert later.verdict in {ChallengerVerdict.FIRST, ChallengerVerdict.NOT_BETTER}


def test_the_plan_is_fixed_and_what_never_served_goes(night: NightlyTraining) -> None:
    train_ranking(night.engine, night.settings, "popularity", 42, NOW - timedelta(days=40), live=False)
    recent = train_ranking(night.engine, night.settings, "popularity", 42, NOW - timedelta(days=20), live=False)
    plan = RefreshPlanSteps(night.context).begin_refresh(RefreshStep(refresh="d1", at=NOW))
    assert plan.slots == tuple(SLOT_TRAININGS) == ("ranking", "risk", "fit")
    assert plan.shards == 1
    assert night.list_artefacts() == [recent.id]
    assert [folder.name for folder in (night.settings.home / "artefacts").iterdir()] == [recent.id]
    night.begin("d1", days=3)
    with read_transaction(night.engine) as connection:
        since, cut, until = refreshes.parse_days(refreshes.load_refresh(connection, "d1"))
    assert (since, cut, until) == (
        find_midnight(NOW) - timedelta(days=28),
        find_midnight(NOW) - timedelta(days=14),
        NOW,
    )


class RecordingRecommender:
    """A recommender that remembers whom it was asked about, and falls over after so many chunks."""

    def __init__(self, inner: Recommender, chunks: int) -> None:
        self.inner, self.left = inner, chunks
        self.asked: list[str] = []

    def rank_items(self, connection: Any, wanted: Any, *rest: Any) -> Any:
        if not self.left:
            raise RuntimeError("the worker dies here")
        self.left -= 1
        self.asked += [item_request.client_id for item_request in wanted]
        return self.inner.rank_items(connection, wanted, *rest)


def test_lists_are_made_for_all_and_whoever_goes_on_begins_after_the_last_one(night: NightlyTraining) -> None:
    step = night.begin("d1")
    recommender = Recommender(night.engine, night.settings)
    heard: list[Any] = []
    dying, seen = RecordingRecommender(recommender, 1), RecordingRecommender(recommender, 9)
    environment = ActivityEnvironment()
    environment.on_heartbeat = lambda *details: heard.extend(details)
    with pytest.raises(RuntimeError, match="dies here"):
        environment.run(TopListSteps(night.context, dying).pick_shard, step)  # type: ignore[arg-type]
    assert heard == [max(dying.asked)]
    left = environment.run(TopListSteps(night.context, seen).pick_shard, step).count  # type: ignore[arg-type]
    assert left == 120 - AT_ONCE
    assert sorted(dying.asked + seen.asked) == sorted(f"c{n}" for n in range(120))
    with read_transaction(night.engine) as connection:
        lists = top_picks.load_lists(connection, [f"c{n}" for n in range(120)])
        assert refreshes.parse_report(refreshes.load_refresh(connection, "d1")).state is RefreshState.PICKING
        recommendation = recommender.recommend(connection, "c7", night.settings.refresh_picks, NOW)
    assert len(lists) == 120
    assert [item.item_id for item in lists["c7"].items] == [pick.item_id for pick in recommendation.picks]
    assert (lists["c7"].artefact, lists["c7"].at) == (recommendation.version, NOW)


def test_drift_is_told_of_features_and_scores_and_the_end_is_kept(night: NightlyTraining) -> None:
    night.renew(night.begin("d1"))
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
    step = night.begin("d2")
    run = ActivityEnvironment().run
    assert run(FeatureSteps(night.context).gather_features, step).count == 120
    alarms = run(DriftSteps(night.context).compare_windows, step).count
    assert run(DriftSteps(night.context).compare_windows, step).count == alarms
    end = RefreshEnd(refresh="d2", at=NOW, seconds=3.0, failed=("risk",))
    report = RefreshPlanSteps(night.context).end_refresh(end)
    drift = {measure.feature: measure for measure in report.drift}
    assert drift["value of an order"].alarm
    assert not drift["hour of a touch"].alarm
    assert {"score: engagement", "score: ranking", "price of an item"} <= drift.keys()
    assert sum(measure.alarm for measure in report.drift) == alarms
    assert (report.state, report.seconds) == (RefreshState.DONE, 3.0)
    assert [(slot.slot, slot.verdict) for slot in report.slots] == [("risk", ChallengerVerdict.FAILED)]
