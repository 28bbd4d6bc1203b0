"""The life of a campaign as its owner leads it, on a real server: each step once by command and once by the API."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

import httpx
import pytest
from click.testing import CliRunner
from sqlalchemy import select

import cli
from domain.states import OPEN_PLACES
from models.states import EnrolmentState
from services.recommendations.recommender import Recommender
from store import clock
from store.database import read_transaction, write_transaction
from store.tables import enrolments
from tests.e2e.test_lost_workflows import until
from tests.support.shop import Shop, a_shop
from tests.support.site import build_app
from tests.support.temporal import DevServer
from workflows import handles

DAY_S = 1.0
"""Real seconds of one business day."""
CLIENTS = 6
OLD, NEW = "Our spring edit is in.", "The light coats have come too."
Answer = dict[str, Any]


def define(hand: str) -> Answer:
    """Two mails and a branch between them, for clients of one hand's segment."""
    return {
        "slug": f"spring-{hand}",
        "name": "Spring",
        "audience": {"segment": f"friends-{hand}"},
        "steps": [
            {"id": "hello", "mail": {"message": "Spring is near."}},
            {"id": "fork", "branch": {"when": {"tags": ["vip"]}, "then": "more", "otherwise": "end"}},
            {"id": "more", "mail": {"message": OLD}},
        ],
        "holdout": 0.3,
        "window_days": 1,
        "expires_after": "400d",
        "throughput_per_minute": 6000,
        "approval": "anyone",
    }


class Hand(Protocol):
    """One of the two ways in which an owner acts."""

    name: str
    ends_at: str
    """What an adjustment calls the end."""

    async def save_segment(self, text: str) -> Answer: ...
    async def simulate(self, days: int, clients: int) -> Answer: ...
    async def act(self, act: str, **values: Any) -> Answer: ...


@dataclass
class ByCommand:
    """The owner at a shell."""

    folder: Path
    name: str = "command"
    ends_at: str = "ends-at"

    async def run(self, *arguments: str) -> Answer:
        command = [*arguments, "--json"]
        result = await asyncio.to_thread(CliRunner().invoke, cli.selvedge, command, catch_exceptions=False)
        assert result.exit_code == 0, (command, result.output)
        answer: Answer = json.loads(result.stdout)
        return answer

    async def list_people(self, slug: str, state: str) -> list[Answer]:
        command = ["campaign", "people", slug, "--state", state, "--json"]
        result = await asyncio.to_thread(CliRunner().invoke, cli.selvedge, command, catch_exceptions=False)
        assert result.exit_code == 0, result.output
        return [json.loads(line) for line in result.stdout.splitlines()]

    async def save_segment(self, text: str) -> Answer:
        return await self.run("segments", "save", f"friends-{self.name}", text)

    async def simulate(self, days: int, clients: int) -> Answer:
        return await self.act("simulate", days=days, clients=clients)

    async def act(self, act: str, **values: Any) -> Answer:
        slug = f"spring-{self.name}"
        if act == "create":
            file = self.folder / "spring.json"
            file.write_text(json.dumps(define(self.name)))
            return await self.run("campaign", "create", str(file))
        if act == "people":
            return {"people": await self.list_people(slug, values["state"])}
        options = [part for name, value in values.items() for part in (f"--{name}", str(value))]
        return await self.run("campaign", act, slug, *options)


@dataclass
class ByApi:
    """The owner's own program."""

    web: httpx.AsyncClient
    name: str = "api"
    ends_at: str = "ends_at"

    async def send(self, method: str, path: str, body: Answer | None = None) -> Answer:
        answered = await self.web.request(method, f"/v1{path}", json=body)
        assert answered.status_code < 300, answered.text
        answer: Answer = answered.json()
        return answer

    async def save_segment(self, text: str) -> Answer:
        return await self.send("PUT", f"/segments/friends-{self.name}", {"name": "Friends", "filter": text})

    async def simulate(self, days: int, clients: int) -> Answer:
        path = f"/campaigns/spring-{self.name}/simulations"
        await self.send("POST", path, {"days": days, "clients": clients})

        async def is_over() -> bool:
            return bool((await self.send("GET", f"{path}/latest"))["state"] != "running")

        await until(is_over, 180)
        job = await self.send("GET", f"{path}/latest")
        assert (job["state"], job["day"]) == ("done", days), job
        (kept,) = (await self.send("GET", path))["simulations"]
        assert kept["id"] == job["simulation_id"]
        report: Answer = kept["report"]
        return report

    async def act(self, act: str, **values: Any) -> Answer:
        path = f"/campaigns/spring-{self.name}"
        match act:
            case "create":
                return await self.send("POST", "/campaigns", define(self.name))
            case "people":
                return await self.send("GET", f"{path}/people?state={values['state']}")
            case "lift" | "status":
                return await self.send("GET", f"{path}/{'progress' if act == 'status' else act}")
        return await self.send("POST", f"{path}/{act}", values)


@pytest.fixture
def shop(tmp_path: Path, dev_server: DevServer, monkeypatch: pytest.MonkeyPatch) -> Shop:
    made = a_shop(
        tmp_path / "home",
        temporal_address=dev_server.address,
        quiet_from_hour=0,
        quiet_until_hour=0,
        min_days_between_mails=6.0,
        max_mails_per_week=7,
        api_key="the key",
    )
    for name, value in {
        "HOME": made.settings.home,
        "TEMPORAL_ADDRESS": dev_server.address,
        "DATABASE_URL": made.settings.database_url,
        "MAILBOX_PORT": made.settings.mailbox_port,
        "QUIET_FROM_HOUR": 0,
        "QUIET_UNTIL_HOUR": 0,
        "MAX_MAILS_PER_WEEK": 7,
        "MIN_DAYS_BETWEEN_MAILS": 6,
    }.items():
        monkeypatch.setenv(f"SELVEDGE_{name}", str(value))
    now = datetime.now(UTC)
    for hand in ("command", "api"):
        for k in range(CLIENTS):
            tags = (hand, "vip") if k % 2 else (hand,)
            made.client(f"{hand}{k}", signed_up_at=now - timedelta(days=200), tags=tags)
            made.event(f"{hand}{k}", "order_placed", now - timedelta(days=20 + k), value="80.00", now=now)
    return made


@asynccontextmanager
async def keep(shop: Shop) -> AsyncIterator[None]:
    """Let the clock and the dispatcher run, as the demo's keeper and a worker do."""

    async def beat() -> None:
        while True:
            await asyncio.sleep(1)
            with write_transaction(shop.engine) as connection:
                clock.beat(connection, datetime.now(UTC))

    now = datetime.now(UTC)
    with write_transaction(shop.engine) as connection:
        clock.start(connection, now, timedelta(days=1).total_seconds() / DAY_S, now)
    client = await handles.connect(shop.settings.temporal_address, "default")
    async with shop.run_workers(client) as dispatcher:
        tasks = [asyncio.create_task(beat()), asyncio.create_task(dispatcher.run())]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()


async def prepare(hand: Hand) -> None:
    """From a segment to an approved version."""
    saved = await hand.save_segment(f"tag = {hand.name} and ordered in 90 days")
    assert saved["clients"] == CLIENTS
    assert (await hand.act("create"))["state"] == "draft"
    shown = await hand.act("preview", mails=5)
    assert shown["audience"] == CLIENTS == shown["ready"] + shown["held_out"]
    assert [mail["fault"] for mail in shown["mails"]] == [""] * 5
    assert {mail["step"] for mail in shown["mails"]} == {"hello", "more"}
    report = await hand.simulate(60, clients=3)
    assert (report["days"], report["clients"], report["audience"]) == (60, 3, CLIENTS)
    assert report["sent"] == sum(day["sent"] for day in report["per_day"]) > 0
    assert (await hand.act("submit"))["state"] == "awaiting_approval"
    assert (await hand.act("approve", version=1))["state"] == "approved"


async def steer(hand: Hand, shop: Shop) -> None:
    """Start, pause when somebody waits for the second mail, say that one anew, look, and go on."""
    assert (await hand.act("start"))["campaign"] == "running"
    await until(lambda: has_waiting(shop, f"spring-{hand.name}"))
    paused = await hand.act("pause", reason="stock")
    assert paused["state"] == "paused"
    held = len(list_texts(shop, hand.name))
    said = (await hand.act("adjust", step="more", message=NEW))["said"]
    assert said[0].startswith("version 2 took the place of version 1")
    waiting = (await hand.act("people", state="waiting"))["people"]
    assert waiting
    assert all(one["why"] for one in waiting)
    assert (await hand.act("lift"))["said"].startswith("Too few to tell")
    assert len(list_texts(shop, hand.name)) <= held + paused["under_way"]
    assert (await hand.act("resume", overdue="send_late"))["state"] == "running"


def has_waiting(shop: Shop, slug: str) -> bool:
    """Whether somebody had the first mail and waits for the second."""
    e = enrolments.c
    waits = (e.campaign == slug, e.step == "more", e.state == EnrolmentState.WAITING)
    with read_transaction(shop.engine) as connection:
        return connection.execute(select(e.client_id).where(*waits)).first() is not None


def list_texts(shop: Shop, hand: str) -> list[tuple[str, str]]:
    """The campaign's mails to clients of one hand: to whom, and what they say."""
    return [
        (mail.recipient, text)
        for mail in shop.mails()
        if mail.recipient.startswith(hand) and (text := " ".join(mail.text.split())) and is_own(text)
    ]


def is_own(text: str) -> bool:
    return any(words in text for words in ("Spring is near.", OLD, NEW))


@pytest.mark.slow
async def test_an_owner_leads_a_campaign_from_a_segment_to_its_end(shop: Shop, tmp_path: Path) -> None:
    app = build_app(shop.settings)
    app.state.recommender = Recommender(shop.engine, shop.settings)
    transport, headers = httpx.ASGITransport(app), {"Authorization": "Bearer the key"}
    async with httpx.AsyncClient(transport=transport, base_url=shop.settings.base_url, headers=headers) as web:
        hands: list[Hand] = [ByCommand(tmp_path), ByApi(web)]
        for hand in hands:
            await prepare(hand)
        async with keep(shop):
            app.state.context.business_now.read()
            for hand in hands:
                await steer(hand, shop)
            for hand in hands:
                assert await follow_to_its_end(hand, shop) > 0
    shop.sink.stop()
    shop.engine.dispose()


async def follow_to_its_end(hand: Hand, shop: Shop) -> int:
    """Wait until nobody is on their way, let the campaign end, and return how many got the second mail as it was said
    in the end."""

    async def is_through() -> bool:
        open_places = [await hand.act("people", state=state.value) for state in OPEN_PLACES]
        return not any(found["people"] for found in open_places)

    async def is_finished() -> bool:
        return bool((await hand.act("status"))["state"] == "finished")

    await until(is_through, 240)
    with read_transaction(shop.engine) as connection:
        soon = clock.load_business_time(connection, datetime.now(UTC)) + timedelta(days=3)
    await hand.act("adjust", **{hand.ends_at: soon.isoformat()})
    await until(is_finished)
    texts = list_texts(shop, hand.name)
    assert not any(OLD in text for _, text in texts), "what was said before went to nobody"
    told = Counter((to, NEW in text) for to, text in texts)
    assert set(told.values()) == {1}, "nobody gets a step twice"
    ends = {one["client_id"]: one for one in (await list_all(hand))}
    assert {one["state"] for one in ends.values()} == {"completed", "held_out"}, ends
    assert len(ends) == CLIENTS
    for k in range(CLIENTS):
        client_id = f"{hand.name}{k}"
        treated = ends[client_id]["state"] != "held_out"
        steps = [number for number in (False, True) if told[f"{client_id}@example.com", number]]
        assert steps == ([False, True] if k % 2 else [False]) * treated, (client_id, ends[client_id])
    return sum(new for _, new in told)


async def list_all(hand: Hand) -> list[Answer]:
    return [one for state in EnrolmentState for one in (await hand.act("people", state=state.value))["people"]]
