"""The scheduler: proposes when a mail leaves. `domain.timing` decides."""

from __future__ import annotations

from pydantic import AwareDatetime, ConfigDict, Field

from agents.llm import PromptAnswerer
from agents.prompt import load_instructions, quote_data
from models.mail import SendPlan
from models.scheduling import SchedulingFacts

VERSION = load_instructions("scheduler").version


class Proposal(SendPlan):
    """When the mail should leave, and why."""

    model_config = ConfigDict(extra="forbid", title="SendPlan", hide_input_in_errors=True)

    send_at: AwareDatetime = Field(description="ISO 8601 with an offset, inside the window.")
    why: str = Field(default="", max_length=200, description="A few words, nothing personal.")


async def propose_send_time(model: PromptAnswerer, facts: SchedulingFacts) -> SendPlan:
    """Propose a moment inside the window. Raises what `agents.llm.ModelSession.ask` raises."""

    def check(answer: Proposal) -> list[str]:
        return [] if facts.earliest <= answer.send_at <= facts.latest else ["send_at: outside the window"]

    data = quote_data("facts", facts.model_dump(mode="json", exclude={"client_id", "n"}))
    answer = await model.ask(load_instructions("scheduler").build_prompt(data), Proposal, check)
    return SendPlan(send_at=answer.value.send_at, why=answer.value.why)
