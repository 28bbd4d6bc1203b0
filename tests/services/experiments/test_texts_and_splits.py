"""The texts of a campaign's mail and a split between algorithms are read from the tables that flags are read from."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
from click.testing import CliRunner

from cli import selvedge
from commands.shared.arm_lines import render_arms
from domain.journeys.contents import choose_variant
from errors import BadInput, NotFound
from models.answers import AnswerRecord
from models.campaign_definition import CampaignDefinition
from models.clients import ClientRow
from models.flag_results import ArmComparison, ExperimentResult
from models.slot_policies import SlotSplit
from models.states import VersionState
from services.clients import registration
from services.experiments.texts_and_splits import read_experiment
from store.campaigns import campaigns, versions
from store.database import write_transaction
from store.experiments.assignments import save_assignments
from store.learning.decisions import save_decision
from tests.services.serving.conftest import shop
from tests.support.shop_services import NOW, TERMS, StockedShop

__all__ = ["shop"]

DAY = timedelta(days=1)
LATER = NOW + 9 * DAY
CLIENTS = [f"k{number:03}" for number in range(400)]


def define(message: str = "Hello.", *names: str) -> CampaignDefinition:
    variants = [{"name": name, "share": 0.5, "message": f"Hi from {name}."} for name in names]
    steps = [{"id": "hello", "mail": {"message": message, "variants": variants}}]
    return CampaignDefinition.model_validate(
        {"slug": "spring", "name": "Spring", "audience": {}, "entry": {"on": "now"}, "steps": steps}
    )


def publish(shop: StockedShop, *dated: tuple[CampaignDefinition, datetime]) -> None:
    """Publish versions of the campaign, each at its moment."""
    with write_transaction(shop.engine) as connection:
        campaigns.create_campaign(connection, dated[0][0].build_spec(), NOW)
        for definition, at in dated:
            row = versions.insert_version(connection, definition, "ana", at)
            for state in (VersionState.AWAITING_APPROVAL, VersionState.APPROVED, VersionState.LIVE):
                assert versions.move_version(connection, row, state, at)
                row = versions.load_version(connection, "spring", row.version)


@pytest.fixture
def crowd(shop: StockedShop) -> StockedShop:
    rows = [ClientRow(client_id=one, email=f"{one}@example.com") for one in CLIENTS]
    with write_transaction(shop.engine) as connection:
        assert not registration.upsert_clients(connection, rows, TERMS, NOW, NOW, start=False).refused
    return shop


def find(result: ExperimentResult, figure: str) -> ArmComparison:
    return next(one for one in result.comparisons if one.figure == figure)


def see(shop: StockedShop, arms: dict[str, str], at: datetime) -> None:
    own = {"kind": "campaign", "experiment": "spring/hello", "at": at, "exposed": True}
    with write_transaction(shop.engine) as connection:
        save_assignments(connection, [own | {"subject": one, "arm": arm} for one, arm in arms.items()])


def put(shop: StockedShop, rows: Sequence[dict[str, Any]]) -> None:
    shop.now = LATER
    shop.events(list(rows))


def test_a_text_that_is_clicked_more_is_seen(crowd: StockedShop) -> None:
    definition = define("Hello.", "b")
    publish(crowd, (definition, NOW - DAY))
    chosen = {one: choose_variant(definition, definition.steps[0], one) for one in CLIENTS}
    arms = {one: variant.name if variant else "" for one, variant in chosen.items()}
    see(crowd, arms, NOW)
    chance, rows = Random(3), []
    for one, arm in arms.items():
        if chance.random() < (0.5 if arm else 0.2):
            rows.append({"client_id": one, "type": "email_clicked", "outreach": f"{one}.1", "days_ago": 7})
        rows.append({"client_id": one, "type": "email_clicked", "outreach": f"{one}.1", "days_ago": 7, "machine": True})
    put(crowd, rows)
    result = read_experiment(crowd.engine, "campaign", "spring/hello", LATER)
    assert (result.kind, result.experiment, result.since) == ("campaign", "spring/hello", NOW - DAY)
    assert [arm.arm for arm in result.arms] == ["", "b"]
    assert sum(arm.clients for arm in result.arms) == len(CLIENTS)
    assert 0.1 < (result.arms[0].mail_clicked or 0) < 0.3 < (result.arms[1].mail_clicked or 0) < 0.6
    assert find(result, "mail_clicked").p_value_at_every_look < 0.05
    assert find(result, "conversion").p_value_at_every_look > 0.05
    assert not result.suspicious
    assert any("clients who click in a mail" in said for said in result.says)
    assert any(line.startswith("(message) ") for line in render_arms(result))


def test_other_words_are_another_test_and_the_same_words_are_not(crowd: StockedShop) -> None:
    early, late = define("Hello.", "b"), define("Good day.", "b")
    publish(crowd, (early, NOW - 3 * DAY), (late, NOW - DAY), (late, NOW + DAY))
    see(crowd, {"k001": "b"}, NOW - 2 * DAY)
    see(crowd, {"k001": "b", "k002": "b", "k003": ""}, NOW)
    result = read_experiment(crowd.engine, "campaign", "spring/hello", LATER)
    assert result.since == NOW - DAY
    assert [arm.clients for arm in result.arms] == [1, 1], "who saw the earlier words is of another test"


def test_what_is_no_test_is_said(crowd: StockedShop) -> None:
    publish(crowd, (define(), NOW))
    with pytest.raises(BadInput, match="one text alone"):
        read_experiment(crowd.engine, "campaign", "spring/hello", LATER)
    with pytest.raises(NotFound, match="name it as campaign/step"):
        read_experiment(crowd.engine, "campaign", "spring", LATER)
    with pytest.raises(NotFound):
        read_experiment(crowd.engine, "campaign", "none/hello", LATER)
    with pytest.raises(NotFound, match="nobody was answered while a split of ranking was in force"):
        read_experiment(crowd.engine, "slot", "ranking", LATER)


def test_a_split_is_read_by_its_shares(crowd: StockedShop) -> None:
    split = SlotSplit(champion="house", shares={"house": 0.5, "two": 0.5})
    with write_transaction(crowd.engine) as connection:
        for number, one in enumerate(CLIENTS):
            arm = "two" if number % 4 else "house"
            asked = {"slot": "ranking", "client_id": one, "asked_at": NOW, "question": f"q{one}", "role": "live"}
            told = {"variant": arm, "experiment": split, "algorithm": arm, "version": "1", "seconds": 0.1, "answer": {}}
            save_decision(connection, AnswerRecord.model_validate(asked | told), NOW)
    result = read_experiment(crowd.engine, "slot", "ranking", LATER)
    assert result.experiment == "ranking/house+two"
    assert [(arm.arm, arm.clients, arm.share) for arm in result.arms] == [("house", 100, 0.5), ("two", 300, 0.5)]
    assert result.suspicious, "the arms are unlike their shares"


def test_the_command_says_what_it_cannot_find(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SELVEDGE_HOME", str(tmp_path))
    words = ["experiment", "result", "slot", "ranking"]
    with pytest.raises(NotFound, match="nobody was answered"):
        CliRunner().invoke(selvedge, words, catch_exceptions=False, standalone_mode=False)
