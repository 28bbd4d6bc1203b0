"""Which model is asked, in which way, at which price; and what an endpoint's impossible counts do."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.model_circuit import FAILURES, ModelChain
from agents.writer import write_draft
from domain.model_prices import MOST_TOKENS, TokenCount, count_tokens, estimate_tokens, parse_prices
from errors import ConfigError, RateLimited, Unavailable
from models.states import TouchKind
from settings import Settings, load
from tests.agents.briefs import brief

DOWN = Unavailable("it is down")


class Hands:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def name_ready(chain: ModelChain) -> list[str]:
    return [circuit.name for circuit in chain.list_ready()]


def test_a_model_that_fails_rests_and_is_tried_again() -> None:
    clock = Hands()
    chain = ModelChain(["a", "b", "a"], clock)
    assert name_ready(chain) == ["a", "b"]
    for _ in range(FAILURES):
        chain.circuits[0].note_failure(DOWN)
    assert name_ready(chain) == ["b"]
    for _ in range(FAILURES):
        chain.circuits[1].note_failure(DOWN)
    assert name_ready(chain) == ["a"], "where all rest, the first is tried all the same"
    clock.now = 31.0
    assert name_ready(chain) == ["a", "b"]
    chain.circuits[0].note_success()
    chain.circuits[0].note_failure(DOWN)
    assert name_ready(chain) == ["a", "b"], "counted in a row"


def test_no_model_is_asked_before_the_time_that_it_asked_for() -> None:
    clock = Hands()
    chain = ModelChain(["a"], clock)
    chain.circuits[0].note_failure(RateLimited("wait", retry_after=90.0))
    with pytest.raises(RateLimited) as refused:
        chain.list_ready()
    assert refused.value.retry_after == 90.0
    clock.now = 90.0
    assert name_ready(chain) == ["a"]


async def test_the_next_model_is_asked_while_the_first_is_down(open_desk: Any) -> None:
    desk = open_desk(fallbacks="second, third", prices="second=1/2")
    desk.server.next("writer", "error")
    await write_draft(desk.session, brief())
    assert [(call.model, call.verdict) for call in desk.calls] == [("test-model", "unavailable"), ("second", "ok")]
    assert [request.body["model"] for request in desk.server.requests] == ["test-model", "second"]
    good = desk.calls[1]
    assert good.cost_micros == good.tokens_in + 2 * good.tokens_out > 0
    assert desk.calls[0].cost_micros == 0
    assert good.transcript.messages[0]["role"] == "system"
    assert "A short selection" in good.transcript.answer


async def test_a_way_of_asking_that_is_refused_gives_way_to_the_next(open_desk: Any) -> None:
    desk = open_desk(mode="auto")
    desk.server.next("any", "bad_request")
    await write_draft(desk.session, brief())
    await write_draft(desk.session, brief())
    assert ["tools" in request.body for request in desk.server.requests] == [True, False, False]
    assert [call.verdict for call in desk.calls] == ["http_400", "ok", "ok"]


@pytest.mark.parametrize("number", [-1, -(10**9), 10**12, "7", 1.5, True])
def test_an_impossible_count_gives_way_to_the_estimate(number: Any) -> None:
    usage = SimpleNamespace(prompt_tokens=number, completion_tokens=7)
    assert count_tokens(usage, TokenCount(30, 40)) == TokenCount(30, 7, impossible=True)


@given(st.integers(), st.integers())
def test_no_count_is_negative_or_absurd(given_: int, made: int) -> None:
    count = count_tokens(SimpleNamespace(prompt_tokens=given_, completion_tokens=made), TokenCount(30, 40))
    assert 0 <= count.given <= MOST_TOKENS
    assert 0 <= count.made <= MOST_TOKENS


def test_prices_and_estimates() -> None:
    prices = parse_prices("a=0.15/0.60, b=3/15")
    assert prices["a"].compute_micros(1_000_000, 1_000_000) == 750_000
    assert estimate_tokens([{"content": "x" * 30}, {"content": None}], 100) == TokenCount(11, 100)
    with pytest.raises(ValueError, match="MODEL=IN/OUT"):
        parse_prices("a=cheap")


def test_a_limit_of_money_needs_the_price_of_every_model() -> None:
    with pytest.raises(ConfigError, match=r"SELVEDGE_LLM_PRICES: .* the price of second"):
        load(_env_file=None, llm_money_total=5, llm_fallbacks="second", llm_prices="gpt-4o-mini=0.15/0.60")
    assert Settings(_env_file=None, llm_money_total=5, llm_prices="gpt-4o-mini=0.15/0.60").llm_money_total == 5


def test_a_policy_of_review_names_a_kind_that_there_is() -> None:
    kinds = [kind for kind in TouchKind if kind is not TouchKind.CAMPAIGN]
    for kind in kinds:
        assert load(_env_file=None, review=f"{kind}=all").review
    with pytest.raises(ConfigError, match="SELVEDGE_REVIEW: 'welcom=all' is not"):
        load(_env_file=None, review="welcom=all")
