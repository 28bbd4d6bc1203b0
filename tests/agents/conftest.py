"""A model's endpoint over real HTTP, and sessions with it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from agents.attempts import BudgetAccount
from agents.llm import LanguageModel, ModelSession
from models.model_call import ModelBudget, ModelCall, ModelUsage
from settings import Settings
from tests.agents.briefs import NOW
from tests.doubles.chat_server import ChatServer


@dataclass
class Desk:
    """A session with the model, the endpoint behind it, and what was recorded."""

    session: ModelSession
    server: ChatServer
    calls: list[ModelCall] = field(default_factory=list)

    @property
    def verdicts(self) -> list[str]:
        return [call.verdict for call in self.calls]


@pytest.fixture(scope="module")
def endpoint() -> Iterator[ChatServer]:
    with ChatServer() as server:
        yield server


@pytest.fixture
def server(endpoint: ChatServer) -> ChatServer:
    """The module's endpoint, as new."""
    endpoint.reset()
    return endpoint


@pytest.fixture
async def open_desk(server: ChatServer) -> AsyncIterator[Callable[..., Desk]]:
    """Makes sessions; keyword arguments are settings without their `llm_`."""
    models: list[LanguageModel] = []

    def build_desk(spent: ModelUsage = ModelUsage(), **changes: Any) -> Desk:  # noqa: B008 (frozen)
        usual: dict[str, Any] = {"base_url": server.base_url, "api_key": "a key", "model": "test-model"}
        given = {f"llm_{name}": value for name, value in (usual | {"timeout_s": 10} | changes).items()}
        model = LanguageModel.from_settings(Settings(_env_file=None, **given))
        models.append(model)
        calls: list[ModelCall] = []
        settings = Settings(_env_file=None, **given)
        day = ModelBudget(calls=settings.llm_calls_per_client_day, tokens=settings.llm_tokens_per_client_day)
        account = BudgetAccount(day.subtract(spent), calls.append)
        return Desk(model.session("c-17", 3, NOW, account), server, calls)

    yield build_desk
    for model in models:
        await model.close()


@pytest.fixture
def desk(open_desk: Callable[..., Desk]) -> Desk:
    return open_desk()
