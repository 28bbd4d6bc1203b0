"""The calls that one question to a model takes, each within the client's budget and each on record."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from typing import Any

from agents.faults import checked_completion, translated
from errors import BudgetSpent, ModelFault, SelvedgeError
from models.model_call import Budget, ModelCall, Spent

Recorder = Callable[[ModelCall], None]

_ANSWERED = "answered"


class Account:
    """What a client's mail may still cost, and who is told of each call."""

    def __init__(self, budget: Budget, record: Recorder) -> None:
        self.budget = budget
        self._record = record

    def check(self) -> None:
        """Raises BudgetSpent when no further call may be made."""
        if self.budget.is_spent:
            raise BudgetSpent("the client's model calls or tokens for the day are used up")

    def charge(self, call: ModelCall) -> None:
        """Take one call off the budget and put it on record."""
        self.budget = self.budget.after(Spent(calls=1, tokens=call.tokens_in + call.tokens_out))
        self._record(call)


class Attempts:
    """One question's calls of `complete`. A call is on record when the next begins or the question is settled.

    Whether an answer was any good is known only after it was read, so a call stays open until then.
    """

    def __init__(self, complete: Callable[..., Awaitable[Any]], blank: ModelCall, account: Account) -> None:
        self._complete, self._blank, self._account = complete, blank, account
        self._open: ModelCall | None = None
        self._fault = "invalid"
        self.count = 0

    async def call(self, **request: Any) -> Any:
        """One attempt. Raises the house's errors."""
        self.settle()
        self._account.check()
        self.count, self._fault = self.count + 1, "invalid"
        self._open, began = self._blank.model_copy(update={"verdict": "cancelled"}), time.perf_counter()
        try:
            answer = await self._complete(**request)
            self._note(began, _ANSWERED, getattr(answer, "usage", None))
            checked_completion(answer)
        except Exception as error:
            known = translated(error)
            self._note(began, known.code if isinstance(known, SelvedgeError) else "error")
            raise known from None
        return answer

    def holding(self, check: Callable[[Any], list[str]] | None) -> Callable[[Any], list[str]]:
        """`check`, noting that an answer kept to the schema, and whether it kept to the rules."""

        def held(value: Any) -> list[str]:
            faults = check(value) if check else []
            self._fault = "ungrounded" if faults else "ok"
            return faults

        return held

    def failure(self, cause: BaseException | None) -> BaseException:
        """The error that ends the question, given why the last attempt was not taken."""
        if isinstance(cause, SelvedgeError):
            return cause
        if isinstance(cause, ValueError):  # of the schema or the rules: the re-asks are used up
            return ModelFault(f"the model's answer was {self._fault} {self.count} times", code=self._fault)
        return cause or ModelFault("the model's answer could not be used")

    def settle(self) -> None:
        """Put the open call on record."""
        if self._open is not None:
            call, self._open = self._open, None
            verdict = self._fault if call.verdict == _ANSWERED else call.verdict
            self._account.charge(call.model_copy(update={"verdict": verdict}))

    def _note(self, began: float, verdict: str, usage: Any = None) -> None:
        update: dict[str, Any] = {"verdict": verdict, "latency_ms": round((time.perf_counter() - began) * 1000, 1)}
        if usage is not None:
            update |= {"tokens_in": usage.prompt_tokens or 0, "tokens_out": usage.completion_tokens or 0}
        self._open = (self._open or self._blank).model_copy(update=update)
