"""Questions to ask in tests."""

from __future__ import annotations

from pathlib import Path

from algorithms.slots.processes import Target
from models.base import utc
from models.slots import Candidate, RankingQuestion

HERE = Path(__file__).parent
NOW = utc(2026, 3, 1, 9)


def build_ranking_question(client_id: str = "c1", n: int = 5, candidates: int = 50) -> RankingQuestion:
    """Build a ranking question whose blend scores rise with the number of the item, so the best come last."""
    offered = tuple(
        Candidate(item_id=f"item-{i}", category=f"cat-{i % 4}", price_cents=1_000 + i, on_hand=3, house_score=i / 1_000)
        for i in range(candidates)
    )
    return RankingQuestion(client_id=client_id, now=NOW, n=n, candidates=offered)


def build_target(name: str, **more: object) -> Target:
    """One of the faulty algorithms."""
    return Target(name, f"faulty_algorithms:{name}", paths=(str(HERE),), **more)  # type: ignore[arg-type]
