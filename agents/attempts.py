"""The calls that one question to a model takes, each within the budgets and each recorded."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, Protocol

from agents.endpoint_errors import require_completion, translate_error
from agents.model_circuit import ModelChain, ModelCircuit
from domain.model_prices import FREE, TokenCount, TokenPrice, count_tokens, estimate_tokens
from errors import BudgetSpent, ConfigError, ModelFault, SelvedgeError, Unavailable
from models.model_call import ModelBudget, ModelCall, ModelUsage, Transcript

Recorder = Callable[[ModelCall], None]

_ANSWERED: Final = "answered"


class CallAccount(Protocol):
    """What calls may still cost, and the record of each."""

    async def open(self, call: ModelCall) -> int:
        """Reserve the estimated cost of a call, and return the key under which it is settled. Raises BudgetSpent."""
        ...

    def charge(self, call: ModelCall) -> None:
        """Settle a call at its real cost, and record it."""
        ...


class BudgetAccount:
    """An account in memory: a budget, and a recorder of each call."""

    def __init__(self, budget: ModelBudget, record: Recorder) -> None:
        self.budget = budget
        self._record = record

    async def open(self, call: ModelCall) -> int:
        """Require that another call may be made. Raises BudgetSpent."""
        if self.budget.is_spent:
            raise BudgetSpent("the client's model calls or tokens for the day are used up")
        return 0

    def charge(self, call: ModelCall) -> None:
        """Charge one call to the budget and record it."""
        used = ModelUsage(calls=1, tokens=call.tokens_in + call.tokens_out, micros=call.cost_micros)
        self.budget = self.budget.subtract(used)
        self._record(call)


class Attempts:
    """The calls of `complete` for one question.

    Whether an answer was any good is known only after it was read, so a call stays open, and is recorded when the next
    one begins or the question is settled.
    """

    def __init__(
        self,
        complete: Callable[..., Awaitable[Any]],
        blank: ModelCall,
        account: CallAccount,
        chain: ModelChain | None = None,
        prices: Mapping[str, TokenPrice] | None = None,
        answer_tokens: int = 0,
    ) -> None:
        self._complete, self._blank, self._account = complete, blank, account
        self._chain, self._prices, self._answer_tokens = chain or ModelChain([blank.model]), prices or {}, answer_tokens
        self._open: ModelCall | None = None
        self._estimate = TokenCount(0, 0)
        self._fault, self._faults, self._has_answer = "invalid", list[str](), False
        self.count, self._ungrounded = 0, 0

    async def call(self, **request: Any) -> Any:
        """Make one attempt, with the next model where one is down. Raises our own errors, as `translate_error` gives
        them."""
        self.settle()
        down: SelvedgeError | None = None
        for circuit in self._chain.list_ready():
            try:
                return await self._ask(circuit, request)
            except (Unavailable, ConfigError) as error:
                down = error
                self.settle()
        raise down or Unavailable("no model is ready")

    async def _ask(self, circuit: ModelCircuit, request: dict[str, Any]) -> Any:
        await self._open_call(circuit.name, request)
        self.count, began = self.count + 1, time.perf_counter()
        try:
            answer = await self._complete(model=circuit.name, **request)
            self._note_answer(began, answer)
            require_completion(answer)
        except Exception as error:
            known = translate_error(error)
            self._note(began, known.code if isinstance(known, SelvedgeError) else "error")
            if isinstance(known, Unavailable | ConfigError):
                circuit.note_failure(known)
            raise known from None
        circuit.note_success()
        return answer

    async def _open_call(self, model: str, request: dict[str, Any]) -> None:
        messages = request.get("messages", ())
        self._estimate = estimate_tokens(messages, self._answer_tokens)
        self._fault, self._faults, self._has_answer = "invalid", [], False
        parameters = {name: value for name, value in request.items() if name != "messages"}
        call = self._blank.model_copy(
            update={
                "model": model[:64],
                "verdict": "cancelled",
                "transcript": Transcript(parameters=parameters, messages=tuple(messages)),
                **self._price(model, self._estimate),
            }
        )
        self._open = call.model_copy(update={"key": await self._account.open(call)})

    def wrap_check(
        self, check: Callable[[Any], list[str]] | None, can_mend: Callable[[Any], bool] | None = None
    ) -> Callable[[Any], list[str]]:
        """Wrap `check` so that the verdict of the open call follows its result. `can_mend`: whether what is still wrong
        once the model could repair it is for code to mend."""

        def check_and_note(value: Any) -> list[str]:
            faults = check(value) if check else []
            self._fault, self._faults = ("ungrounded" if faults else "ok"), faults
            self._ungrounded += bool(faults)
            if faults and self._ungrounded > 1 and can_mend is not None and can_mend(value):
                self._fault = "mended"
                return []
            return faults

        return check_and_note

    def build_failure(self, cause: BaseException | None) -> BaseException:
        """Return the error that ends the question, given why the last attempt was refused."""
        if isinstance(cause, SelvedgeError):
            return cause
        if isinstance(cause, ValueError):  # of the schema or the rules: the re-asks are used up
            return ModelFault(f"the model's answer was {self._fault} {self.count} times", code=self._fault)
        return cause or ModelFault("the model's answer could not be used")

    def settle(self) -> None:
        """Record the open call."""
        if self._open is not None:
            call, self._open = self._open, None
            verdict = self._fault if call.verdict == _ANSWERED else call.verdict
            said = (call.transcript or Transcript()).model_copy(update={"faults": tuple(self._faults)})
            self._account.charge(call.model_copy(update={"verdict": verdict, "transcript": said}))

    def _note_answer(self, began: float, answer: Any) -> None:
        count = count_tokens(getattr(answer, "usage", None), self._estimate)
        call = self._open or self._blank
        said = (call.transcript or Transcript()).model_copy(update={"answer": read_answer(answer)})
        self._has_answer = True
        known = {"transcript": said, "impossible_usage": count.impossible, **self._price(call.model, count)}
        self._open = call.model_copy(update=known)
        self._note(began, _ANSWERED)

    def _note(self, began: float, verdict: str) -> None:
        call = self._open or self._blank
        cost = {} if self._has_answer else self._price(call.model, TokenCount(0, 0))
        took = {"verdict": verdict, "latency_ms": round((time.perf_counter() - began) * 1000, 1)}
        self._open = call.model_copy(update=cost | took)

    def _price(self, model: str, count: TokenCount) -> dict[str, int]:
        cost = self._prices.get(model, FREE).compute_micros(count.given, count.made)
        return {"tokens_in": count.given, "tokens_out": count.made, "cost_micros": cost}


def read_answer(answer: Any) -> str:
    """Read the words of an answer, those of its tool call where it made one; empty when there are none."""
    choices = getattr(answer, "choices", None) or ()
    message = getattr(choices[0], "message", None) if choices else None
    calls = getattr(message, "tool_calls", None) or ()
    parts = [str(getattr(getattr(call, "function", None), "arguments", "")) for call in calls]
    words = getattr(message, "content", None) or getattr(message, "refusal", None) or ""
    return "\n".join([*parts, str(words)]).strip()
