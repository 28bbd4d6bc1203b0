"""The calls that one question to a model takes, each within the client's budget and each recorded."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from typing import Any

from agents.endpoint_errors import require_completion, translate_error
from errors import BudgetSpent, ModelFault, SelvedgeError
from models.model_call import ModelBudget, ModelCall, ModelUsage

Recorder = Callable[[ModelCall], None]

_ANSWERED = "answered"


class CallAccount:
    """What a client's mail may still cost, and the recorder of each call."""

    def __init__(self, budget: ModelBudget, record: Recorder) -> None:
        self.budget = budget
        self._record = record

    def check(self) -> None:
        """Require that another call may be made. Raises BudgetSpent."""
        if self.budget.is_spent:
            raise BudgetSpent("the client's model calls or tokens for the day are used up")

    def charge(self, call: ModelCall) -> None:
        """Charge one call to the budget and record it."""
        self.budget = self.budget.subtract(ModelUsage(calls=1, tokens=call.tokens_in + call.tokens_out))
        self._record(call)


class Attempts:
    """The calls of `complete` for one question.

    Whether an answer was any good is known only after it was read, so a call stays open, and is recorded when the next
    one begins or the question is settled.
    """

    def __init__(self, complete: Callable[..., Awaitable[Any]], blank: ModelCall, account: CallAccount) -> None:
        self._complete, self._blank, self._account = complete, blank, account
        self._open: ModelCall | None = None
        self._fault = "invalid"
        self.count = 0

    async def call(self, **request: Any) -> Any:
        """Make one attempt. Raises our own errors, as `translate_error` gives them."""
        self.settle()
        self._account.check()
        self.count, self._fault = self.count + 1, "invalid"
        self._open, began = self._blank.model_copy(update={"verdict": "cancelled"}), time.perf_counter()
        try:
            answer = await self._complete(**request)
            self._note(began, _ANSWERED, getattr(answer, "usage", None))
            require_completion(answer)
        except Exception as error:
            known = translate_error(error)
            self._note(began, known.code if isinstance(known, SelvedgeError) else "error")
            raise known from None
        return answer

    def wrap_check(self, check: Callable[[Any], list[str]] | None) -> Callable[[Any], list[str]]:
        """Wrap `check` so that the verdict of the open call follows its result."""

        def check_and_note(value: Any) -> list[str]:
            faults = check(value) if check else []
            self._fault = "ungrounded" if faults else "ok"
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
            self._account.charge(call.model_copy(update={"verdict": verdict}))

    def _note(self, began: float, verdict: str, usage: Any = None) -> None:
        update: dict[str, Any] = {"verdict": verdict, "latency_ms": round((time.perf_counter() - began) * 1000, 1)}
        if usage is not None:
            update |= {"tokens_in": usage.prompt_tokens or 0, "tokens_out": usage.completion_tokens or 0}
        self._open = (self._open or self._blank).model_copy(update=update)
