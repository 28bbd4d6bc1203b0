"""The client of language models: any OpenAI-compatible endpoint, structured answers, every attempt recorded.

Retries of transport belong to Temporal, so the client makes none. An invalid answer is different: the model is told
what was wrong and asked again, at most twice, since only the model can repair it.

openai takes seconds to import, so it is imported when a model is made and nowhere else.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, Generic, Protocol, Self, TypeVar, cast

from pydantic import BaseModel, create_model, model_validator

from agents.attempts import Attempts, CallAccount
from agents.model_circuit import ModelChain
from agents.prompt import Prompt
from domain.model_prices import parse_prices
from errors import ConfigError, ModelFault
from models.base import ClientId
from models.model_call import ModelCall
from settings import Settings

if TYPE_CHECKING:
    import instructor
    from openai import AsyncOpenAI

T = TypeVar("T", bound=BaseModel)
Check = Callable[[T], list[str]]
"""Returns what is wrong with an answer, in words for the model; empty when it may be used."""

REASKS: Final = 2
"""How often a model may repair an answer that breaks the schema or the rules."""
OPENAI: Final = "https://api.openai.com/v1"
MODES: Final = ("tools", "json_schema", "json")
"""What `auto` tries, in this order."""
_UNSUPPORTED: Final = frozenset({"http_400", "http_422", "http_501"})
"""How endpoints refuse a way of asking that they do not know."""


@dataclass(frozen=True)
class ModelAnswer(Generic[T]):
    """A valid answer, and how many calls it took."""

    value: T
    attempts: int


class PromptAnswerer(Protocol):
    """The interface through which agents ask a language model."""

    async def ask(
        self,
        prompt: Prompt,
        output: type[T],
        check: Check[T] | None = None,
        can_mend: Callable[[T], bool] | None = None,
    ) -> ModelAnswer[T]: ...


class LanguageModel:
    """The configured endpoint; one per process, used on one event loop. Close it, or use it as a context manager."""

    def __init__(self, client: AsyncOpenAI, modes: Sequence[instructor.Mode], settings: Settings) -> None:
        self.client = client
        self.modes = list(modes)
        """Ways to ask for a structured answer, the one that worked last first."""
        self.name = settings.llm_model
        self.timeout_s = settings.llm_timeout_s
        self.answer_tokens = settings.llm_answer_tokens
        self.prices = parse_prices(settings.llm_prices)
        self.chain = ModelChain([settings.llm_model, *settings.list_fallback_models()])

    def prefer_mode(self, mode: instructor.Mode) -> None:
        """Ask in this way first from now on."""
        self.modes.sort(key=lambda known: known is not mode)

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:
        """Create the model that the settings name; its imports take some seconds. Raises ConfigError when there is no
        key."""
        if settings.composer != "model" or settings.llm_api_key is None:
            raise ConfigError("SELVEDGE_LLM_API_KEY: no key is set, so there is no model to ask")
        import instructor  # noqa: PLC0415
        from openai import AsyncOpenAI  # noqa: PLC0415

        _silence_loggers()
        client = AsyncOpenAI(
            api_key=settings.llm_api_key.get_secret_value(),
            base_url=settings.llm_base_url or OPENAI,
            max_retries=0,
            timeout=settings.llm_timeout_s,
        )
        # The library reads these from its own variables; settings.py alone reads the environment.
        client.organization = client.project = client.admin_api_key = None
        names = MODES if settings.llm_mode == "auto" else (settings.llm_mode,)
        model = cls(client, [instructor.Mode[name.upper()] for name in names], settings)
        # Both libraries put off most imports until first used; there they would hold up the loop and eat the timeout.
        instructor.patch(create=client.chat.completions.create, mode=model.modes[0])
        return model

    def session(self, client_id: ClientId, n: int | None, now: datetime, account: CallAccount) -> ModelSession:
        """Open a session for one client's mail at business time `now`; `account` says what it may cost."""
        return ModelSession(self, client_id, n, now, account)

    async def close(self) -> None:
        """Close the connections."""
        await self.client.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()


class ModelSession:
    """The model in the service of one client's mail. Every call is passed to `record`, failed ones too."""

    def __init__(
        self,
        model: LanguageModel,
        client_id: ClientId,
        n: int | None,
        now: datetime,
        account: CallAccount,
    ) -> None:
        self._model, self._client_id, self._n, self._now = model, client_id, n, now
        self._account = account

    async def ask(
        self,
        prompt: Prompt,
        output: type[T],
        check: Check[T] | None = None,
        can_mend: Callable[[T], bool] | None = None,
    ) -> ModelAnswer[T]:
        """Ask the model and return its answer as an `output` in which `check` finds no fault; or, once it was told of
        faults, one that the caller `can_mend`.

        Raises Unavailable (RateLimited with its wait), ConfigError, ModelRefused, BudgetSpent, or ModelFault with code
        `truncated`, `invalid` (broke the schema to the last) or `ungrounded` (broke the rules to the last).
        """
        modes = tuple(self._model.modes)
        for mode in modes[:-1]:
            try:
                answer = await self._ask_in(mode, prompt, output, check, can_mend)
            except ModelFault as fault:
                if fault.code not in _UNSUPPORTED:
                    raise
            else:
                self._model.prefer_mode(mode)
                return answer
        answer = await self._ask_in(modes[-1], prompt, output, check, can_mend)
        self._model.prefer_mode(modes[-1])
        return answer

    async def _ask_in(
        self,
        mode: instructor.Mode,
        prompt: Prompt,
        output: type[T],
        check: Check[T] | None,
        can_mend: Callable[[T], bool] | None,
    ) -> ModelAnswer[T]:
        import instructor  # noqa: PLC0415
        from instructor.core import InstructorRetryException  # noqa: PLC0415

        model = self._model
        attempts = Attempts(
            self._complete, self._blank(prompt), self._account, model.chain, model.prices, model.answer_tokens
        )
        create = cast(Any, instructor.patch(create=attempts.call, mode=mode))
        held = _CHECK.set(attempts.wrap_check(check, can_mend))
        try:
            value = await create(
                response_model=_add_check(output), max_retries=REASKS, messages=_build_messages(prompt)
            )
        except InstructorRetryException as failed:
            raise attempts.build_failure(failed.__cause__) from None
        finally:
            _CHECK.reset(held)
            attempts.settle()
        return ModelAnswer(value=cast(T, value), attempts=attempts.count)

    def _blank(self, prompt: Prompt) -> ModelCall:
        return ModelCall(
            at=self._now,
            client_id=self._client_id,
            n=self._n,
            agent=prompt.agent,
            prompt_version=prompt.version,
            model=self._model.name[:64],
        )

    async def _complete(self, **request: Any) -> Any:
        """Make one call within the time allowed. The library's own limit is per read, not for the whole call."""
        async with asyncio.timeout(self._model.timeout_s):
            return await self._model.client.chat.completions.create(**request)


_CHECK: ContextVar[Callable[[Any], list[str]]] = ContextVar("_HELD")
"""The check of the current question. Instructor's own `context` would render the messages as templates."""


@lru_cache(maxsize=32)
def _add_check(output: type[BaseModel]) -> type[BaseModel]:
    """Return a subclass of `output` that validates its values by the check of the current question."""

    def hold(value: BaseModel) -> BaseModel:
        if faults := _CHECK.get()(value):
            raise ValueError("; ".join(faults))
        return value

    validators = cast(Any, {"held": model_validator(mode="after")(hold)})
    name = str(output.model_config.get("title") or output.__name__)
    return create_model(name, __base__=output, __doc__=output.__doc__, __validators__=validators)


def _build_messages(prompt: Prompt) -> list[dict[str, str]]:
    return [{"role": "system", "content": prompt.system}, {"role": "user", "content": prompt.user}]


def _silence_loggers() -> None:
    """Silence loggers that would write down words of clients and models: instructor logs failed answers, openai
    requests."""
    logging.getLogger("instructor").setLevel(logging.CRITICAL + 1)
    for name in ("openai", "httpx2", "httpcore2"):
        logging.getLogger(name).setLevel(logging.WARNING)
