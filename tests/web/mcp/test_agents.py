"""People's agents as they connect: the library's own client, over HTTP and over standard input and output."""

from __future__ import annotations

import asyncio
import sys
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import httpx2
import pytest
import uvicorn
from mcp import Client, StdioServerParameters
from mcp.client.streamable_http import streamable_http_client
from mcp.server.mcpserver.exceptions import ToolError
from mcp_types import ElicitResult
from pydantic import SecretStr

from commands.mcp import find_actor
from commands.shared.runtime import open_database
from domain.permissions import Disclosure
from errors import ConfigError, Unavailable
from models.actors import Actor, Channel, Role
from models.offers import OfferOrder
from models.states import CampaignState
from models.team import ApiKeyOrder
from services.campaigns import simulation_jobs
from services.offers.lifecycle import save_offer
from services.team.api_keys import create_key, revoke_key
from settings import Settings
from store.activity import list_activities
from store.campaigns.campaigns import load_campaign
from store.database import connect, read_transaction, write_transaction
from tests.support.desk import put_draft
from tests.support.ports import free_port
from tests.support.worker import ROOT, environment
from tests.web import sample_shop
from tests.web.conftest import prepare_home
from tests.web.sample_shop import NOW
from web.app import create_app
from web.bulkheads import AREAS, count_threads
from web.mcp.server import enter_call

EVE = Actor(who="eve", role=Role.OWNER, channel=Channel.COMMAND)
DEFINITION = {
    "slug": "agents-own",
    "name": "Agent's own",
    "steps": [{"id": "first", "mail": {"message": "Soft colours."}}],
}


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    nowhere, port = "127.0.0.1:9", free_port()
    more = {"smtp_url": f"smtp://{nowhere}", "temporal_address": nowhere, "worker_health_url": "none", "web_port": port}
    return prepare_home(tmp_path_factory.mktemp("agents"), open_pages=False, **more)


@pytest.fixture(scope="module")
def site(settings: Settings) -> Iterator[str]:
    """The real server; its address."""
    config = uvicorn.Config(create_app(settings), port=settings.web_port, log_level="warning")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    until = time.monotonic() + 60
    while not server.started and time.monotonic() < until:
        time.sleep(0.02)
    yield f"http://127.0.0.1:{settings.web_port}"
    server.should_exit = True
    thread.join(20)


def make_key(settings: Settings, name: str, role: Role, *only: str) -> str:
    engine = connect(settings.database)
    order = ApiKeyOrder(name=name, role=role, only=only or None)
    secret = create_key(engine, EVE, order, NOW, datetime.now(UTC)).secret
    engine.dispose()
    return secret


class Person:
    """Whoever is asked: says yes or no, and remembers the questions."""

    def __init__(self, go_ahead: bool) -> None:
        self.go_ahead, self.questions = go_ahead, list[str]()

    async def __call__(self, context: Any, params: Any) -> ElicitResult:
        self.questions.append(params.message)
        return ElicitResult(action="accept", content={"go_ahead": self.go_ahead})


async def call_over_http(site: str, key: str, person: Person | None, tool: str, mode: str, **given: Any) -> Any:
    async with httpx2.AsyncClient(headers={"Authorization": f"Bearer {key}"}, timeout=30) as http:
        transport = streamable_http_client(f"{site}/mcp", http_client=http)
        async with Client(transport, elicitation_callback=person, mode=mode) as agent:
            return await agent.call_tool(tool, given)


def ask(site: str, key: str, tool: str, person: Person | None = None, mode: str = "auto", **given: Any) -> Any:
    """The answer of a tool, or the words of its refusal."""
    result = asyncio.run(asyncio.wait_for(call_over_http(site, key, person, tool, mode, **given), 60))
    if result.is_error:
        return result.content[0].text
    return result.structured_content


def test_each_role_sees_what_it_may(site: str, settings: Settings) -> None:
    viewer, marketer = make_key(settings, "v1", Role.VIEWER), make_key(settings, "m1", Role.MARKETER)
    [ada] = ask(site, marketer, "search_clients", text="ada")["clients"]
    assert (ada["first_name"], ada["email"]) == ("Ada", "ada@example.com")
    [hidden] = ask(site, viewer, "search_clients", text="ada")["clients"]
    assert (hidden["first_name"], hidden["email"], hidden["client_id"]) == ("•••", "•••", "ada")
    assert ask(site, viewer, "search_clients", text="Person 1")["clients"] == [], "names are no way to guess"
    assert ask(site, viewer, "why_not", client_id="ada")["sentence"]
    assert "no client nobody" in ask(site, viewer, "why_not", client_id="nobody")
    assert ask(site, viewer, "count_segment", filter="consent")["clients"] == 42
    assert "did you mean phase" in ask(site, viewer, "count_segment", filter="phse = x")
    assert "may not do personal.read" in ask(site, viewer, "list_drafts")
    assert ask(site, marketer, "list_drafts")["waiting"] == 0
    assert {one["slug"] for one in ask(site, viewer, "list_campaigns")["campaigns"]} >= {"spring"}
    assert ask(site, viewer, "campaign_progress", slug="spring")["enrolled"] == 12
    assert ask(site, viewer, "campaign_lift", slug="spring")
    assert ask(site, viewer, "key_figures", days=7)
    preview = ask(site, marketer, "preview_campaign", slug="spring", mails=0)
    parts = sum(one["clients"] for one in preview["barriers"]) + preview["ready"] + preview["held_out"]
    assert (preview["slug"], preview["audience"], preview["mails"]) == ("spring", parts, [])
    assert "may not do campaign.preview" in ask(site, viewer, "preview_campaign", slug="spring")


def test_a_campaign_is_simulated_in_a_process_of_its_own(
    site: str, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(simulation_jobs, "COMMAND", ("-c", "import sys; sys.stdin.read()"))
    viewer, marketer = make_key(settings, "v3", Role.VIEWER), make_key(settings, "m6", Role.MARKETER)
    assert "may not do campaign.simulate" in ask(site, viewer, "simulate_campaign", slug="spring")
    assert ask(site, viewer, "campaign_simulation", slug="spring") == {
        **{"slug": "spring", "job": None, "latest": None, "day": 0, "compared_day": 0, "compared": []}
    }
    begun = ask(site, marketer, "simulate_campaign", slug="spring", days=7, clients=20)
    assert (begun["state"], begun["days"], begun["clients"], begun["by"]["channel"]) == ("running", 7, 20, "mcp")
    told = ask(site, viewer, "campaign_simulation", slug="spring")["job"]
    assert (told["id"], told["state"] in ("running", "interrupted")) == (begun["id"], True)
    assert "no campaign winter" in ask(site, viewer, "campaign_simulation", slug="winter")


@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_an_act_asks_a_person_and_is_on_record(site: str, settings: Settings, mode: str) -> None:
    """By both forms of the protocol: the question in the answer, and the question while the call waits."""
    key, no, yes = make_key(settings, f"a-{mode}", Role.MARKETER), Person(False), Person(True)
    engine = connect(settings.database)

    def find_state() -> CampaignState:
        with read_transaction(engine) as connection:
            return load_campaign(connection, "spring").state

    assert "said no" in ask(site, key, "pause_campaign", no, mode, slug="spring", reason="stock")
    assert find_state() is CampaignState.RUNNING
    paused = ask(site, key, "pause_campaign", yes, mode, slug="spring", reason="stock")
    assert (find_state(), no.questions == yes.questions) == (CampaignState.PAUSED, True), paused
    assert "Pause the campaign spring?" in yes.questions[0]
    with read_transaction(engine) as connection:
        latest = list_activities(connection)[0]
    assert (latest.actor.who, latest.actor.channel, latest.action) == (f"a-{mode}", Channel.MCP, "campaign.pause")
    ask(site, key, "resume_campaign", yes, mode, slug="spring")
    assert find_state() is CampaignState.RUNNING
    engine.dispose()


def test_who_may_not_is_refused_and_nobody_is_asked(site: str, settings: Settings) -> None:
    viewer, person = make_key(settings, "v2", Role.VIEWER), Person(True)
    for tool, given in (
        ("pause_campaign", {"slug": "spring"}),
        ("resume_client", {"client_id": "ada"}),
        ("draft_campaign", {"definition": DEFINITION}),
        ("approve_draft", {"draft_id": "ada:1", "version": "0" * 16}),
    ):
        assert "which may not do" in ask(site, viewer, tool, person, **given), tool
    limited = make_key(settings, "m2", Role.MARKETER, "shop.read")
    assert "shop.read alone" in ask(site, limited, "pause_campaign", person, slug="spring")
    assert person.questions == []


def test_a_program_that_cannot_ask_changes_nothing(site: str, settings: Settings) -> None:
    key = make_key(settings, "m3", Role.MARKETER)
    for mode in ("auto", "legacy"):
        assert "SELVEDGE_MCP_CONFIRM" in ask(site, key, "pause_client", None, mode, client_id="ada")


def test_a_person_is_asked_about_the_words_that_the_agent_read(site: str, settings: Settings) -> None:
    key, person = make_key(settings, "m5", Role.MARKETER), Person(False)
    engine = connect(settings.database)
    with write_transaction(engine) as connection:
        draft_id = put_draft(connection, "ada", 70)
    engine.dispose()
    stale = ask(site, key, "approve_draft", person, draft_id=draft_id, version="0" * 16)
    assert "changed meanwhile" in stale
    assert person.questions == []
    version = ask(site, key, "read_draft", draft_id=draft_id)["version"]
    assert "said no" in ask(site, key, "approve_draft", person, draft_id=draft_id, version=version)
    assert len(person.questions) == 1


def test_a_refusal_names_no_host_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    class Away:
        def find_actor(self, request: Any) -> Actor:
            raise Unavailable("10.0.0.7:5432 does not answer", public="the database does not answer")

    ctx: Any = SimpleNamespace(mcp_server=SimpleNamespace(desk=Away()), request_context=SimpleNamespace(request=None))
    with pytest.raises(ToolError, match=r"^the database does not answer$"), enter_call(ctx, Disclosure.SHOP):
        pass


def test_whatever_works_in_threads_has_its_own() -> None:
    """Agents that fill their places leave every page and opt-out its thread."""
    places = {area.name: area.at_once for area in AREAS}
    assert count_threads() >= places["agents"] + places["others"] + places["opt_outs"] + places["probes"]


def test_a_draft_of_a_campaign_starts_nothing(site: str, settings: Settings) -> None:
    key, person = make_key(settings, "m4", Role.MARKETER), Person(True)
    engine = connect(settings.database)
    order = OfferOrder(name="Hello", code="HELLO10", percent=10)
    save_offer(engine, EVE, "hello", order, settings, NOW, NOW)
    engine.dispose()
    saved = ask(site, key, "draft_campaign", person, definition=DEFINITION)
    assert (saved["slug"], saved["version"], saved["state"]) == ("agents-own", 1, "draft")
    assert "1 step" in person.questions[0]
    preview = ask(site, key, "preview_campaign", slug="agents-own", mails=1)
    [mail] = preview["mails"]
    assert (preview["audience"], mail["html"], "Soft colours" in mail["text"]) == (42, "", True)
    assert "HELLO10" in str(ask(site, key, "list_offers")["offers"])
    step = {"id": "s", "mail": {"message": "Soft colours.", "offer": "hello"}}
    ask(site, key, "draft_campaign", person, definition={**DEFINITION, "slug": "with-offer", "steps": [step]})
    assert "1 step, with the offer hello)" in person.questions[-1], "whoever is asked reads what it would state"
    # A message may be larger than a form of ours.
    long = {**DEFINITION, "steps": [{"id": f"s{n}", "mail": {"message": "Soft colours. " * 30}} for n in range(60)]}
    assert "step" in str(ask(site, key, "draft_campaign", person, definition=long))
    wrong = {**DEFINITION, "steps": []}
    assert "steps" in ask(site, key, "draft_campaign", person, definition=wrong)


def test_without_a_key_in_force_nothing_is_answered(site: str, settings: Settings) -> None:
    body = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
    accept = {"accept": "application/json, text/event-stream"}
    secret = make_key(settings, "gone", Role.OWNER)
    engine = connect(settings.database)
    revoke_key(engine, EVE, "gone", NOW, datetime.now(UTC))
    engine.dispose()
    for key in ("", "Bearer nonsense", f"Bearer {secret}"):
        refused = httpx.post(f"{site}/mcp", json=body, headers=accept | {"authorization": key})
        assert (refused.status_code, refused.headers.get("www-authenticate")) == (401, "Bearer")
        assert refused.json()["error"]["code"] == "forbidden"


def test_the_command_serves_the_same_tools(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, _env_file=None)
    engine = open_database(settings)
    sample_shop.seed(engine)
    engine.dispose()
    person = Person(True)

    async def run() -> tuple[Any, Any]:
        arguments = ["-m", "cli", "mcp", "--role", "stylist"]
        server = StdioServerParameters(command=sys.executable, args=arguments, cwd=ROOT, env=environment(settings))
        async with Client(server, elicitation_callback=person, mode="legacy") as agent:
            found = await agent.call_tool("search_clients", {"text": "client00"})
            paused = await agent.call_tool("pause_client", {"client_id": "client001", "reason": "test"})
            assert not paused.is_error, paused.content
            return found.structured_content, paused.structured_content

    found, paused = asyncio.run(asyncio.wait_for(run(), 120))
    assert found["clients"][0]["first_name"] == "Person 0"
    assert "an operator holds this client's mail" in paused["sentence"]
    assert person.questions == ["Pause all mail to the client client001?"]


def test_the_command_acts_for_its_key_as_long_as_that_is_in_force(settings: Settings) -> None:
    engine = connect(settings.database)
    assert find_actor(engine, settings, Role.VIEWER).role is Role.VIEWER
    key = make_key(settings, "desk", Role.STYLIST, "shop.read")
    keyed = settings.model_copy(update={"mcp_key": SecretStr(key)})
    actor = find_actor(engine, keyed, Role.OWNER)
    assert (actor.who, actor.role, actor.channel, actor.only) == (
        "desk",
        Role.STYLIST,
        Channel.MCP,
        frozenset({"shop.read"}),
    )
    revoke_key(engine, EVE, "desk", NOW, datetime.now(UTC))
    with pytest.raises(ConfigError, match="SELVEDGE_MCP_KEY"):
        find_actor(engine, keyed, Role.OWNER)
    engine.dispose()
