"""How a writing model does on the golden set: briefs with rubrics, results, and scores by rule."""

from __future__ import annotations

from pydantic import Field

from models.base import Contract
from models.mail import Brief


class WriterRubric(Contract):
    """What a good draft of a brief has."""

    language: str
    items: tuple[str, ...]
    """Ids of the items that it shows, all of them."""
    subject_at_most: int
    paragraphs_at_most: int


class GoldenBrief(Contract):
    """A brief that never changes, and its rubric."""

    name: str
    brief: Brief
    rubric: WriterRubric


class WriterResult(Contract):
    """What became of one brief. `rules`: whether each rule was kept; `code`: empty, or why there is no draft."""

    name: str
    kind: str
    language: str
    rules: dict[str, bool]
    code: str = ""
    calls: int = 0
    tokens: int = 0
    micros: int = 0
    seconds: float = 0.0

    @property
    def has_passed(self) -> bool:
        """Whether every rule was kept."""
        return all(self.rules.values())


class RuleScore(Contract):
    """The share of briefs that kept a rule, with its 95 % interval."""

    rule: str
    share: float
    low: float
    high: float


class WriterScore(Contract):
    """The scores of one model with one set of prompts."""

    model: str
    prompts: str
    briefs: int
    rules: tuple[RuleScore, ...]
    """`passed`, which is all of them, first."""
    failures: dict[str, int] = Field(default_factory=dict)
    """Briefs without a draft, by the code of the fault."""
    refusals: int = 0
    calls_a_brief: float = 0.0
    tokens_a_brief: float = 0.0
    cost_a_brief: float = 0.0
    """In the unit of SELVEDGE_LLM_PRICES."""
    median_seconds: float = 0.0


class WriterComparison(Contract):
    """Two writers on the same briefs. `differences`: second less first, paired by brief, with 95 % intervals."""

    first: WriterScore
    second: WriterScore | None = None
    differences: tuple[RuleScore, ...] = ()
