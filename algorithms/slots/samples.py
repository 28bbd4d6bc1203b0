"""Made-up questions for each slot, drawn from a seed: what the conformance suite asks. No client is in them."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from models.slots import (
    AssemblyQuestion,
    Candidate,
    EngagementQuestion,
    NextActionQuestion,
    Occurrence,
    Piece,
    Question,
    RankingQuestion,
    RiskQuestion,
    SendTimeQuestion,
    SessionQuestion,
    Touch,
    Window,
)

NOW: Final = datetime(2026, 3, 1, 9, tzinfo=UTC)
CATEGORIES: Final = ("tops", "trousers", "dresses", "shoes", "knitwear")
COLOURS: Final = ("", "black", "navy", "ecru", "rust")
KINDS: Final = ("order_placed", "item_clicked", "item_viewed", "fix_kept", "order_returned")


def question(slot: str, seed: int, size: int) -> Question:
    """One question of a slot with `size` things to judge; 0: as empty as a question may be."""
    rng = random.Random(f"{slot}/{seed}/{size}")
    return _MAKERS[slot](rng, f"sample-{seed}", size)


def _candidates(rng: random.Random, size: int) -> tuple[Candidate, ...]:
    return tuple(
        Candidate(
            item_id=f"item.{i}-{rng.randrange(10**6)}",
            category=rng.choice(CATEGORIES),
            price_cents=rng.randrange(500, 30_000),
            on_hand=rng.randrange(40),
            house_score=round(rng.random(), 6),
            colour=rng.choice(COLOURS),
        )
        for i in range(size)
    )


def _touches(rng: random.Random, of: tuple[Candidate, ...], size: int) -> tuple[Touch, ...]:
    drawn = [rng.choice(of) for _ in range(min(size, 200))] if of else []
    return tuple(
        Touch(item_id=each.item_id, kind=rng.choice(KINDS), at=_ago(rng), **_known(each, rng)) for each in drawn
    )


def _known(item: Candidate, rng: random.Random) -> dict[str, Any]:
    """Of one item in ten the catalogue knows nothing any more."""
    gone = rng.random() < 0.1
    return {} if gone else {"category": item.category, "colour": item.colour, "price_cents": item.price_cents}


def _ago(rng: random.Random) -> datetime:
    return NOW - timedelta(minutes=rng.randrange(1, 500_000))


def _events(rng: random.Random, size: int) -> tuple[Occurrence, ...]:
    at = sorted(_ago(rng) for _ in range(size))
    return tuple(Occurrence(kind=rng.choice(KINDS), at=each, value_cents=rng.randrange(20_000)) for each in at)


def _ranking(rng: random.Random, client: str, size: int) -> Question:
    of = _candidates(rng, size)
    n = rng.randint(1, 10)
    return RankingQuestion(client_id=client, now=NOW, n=n, candidates=of, touches=_touches(rng, of, size // 4))


def _session(rng: random.Random, client: str, size: int) -> Question:
    of = _candidates(rng, min(size, 1_000))
    n = rng.choice((None, 5))
    return SessionQuestion(client_id=client, now=NOW, n=n, items=of, touches=_touches(rng, of, size // 4))


def _assembly(rng: random.Random, client: str, size: int) -> Question:
    pieces = tuple(
        Piece(
            sku=candidate.item_id,
            category=candidate.category,
            colour=candidate.colour,
            price_cents=candidate.price_cents,
            score=candidate.house_score,
        )
        for candidate in _candidates(rng, size)
    )
    budget, colour_cap = rng.choice((None, 20_000, 60_000)), rng.choice((None, 1, 3))
    must_have = tuple(sorted({piece.category for piece in pieces[: rng.randint(0, 3)]}))
    return AssemblyQuestion(
        client_id=client,
        now=NOW,
        pieces=pieces,
        budget_cents=budget,
        category_cap=2,
        colour_cap=colour_cap,
        must_have=must_have,
    )


def _engagement(rng: random.Random, client: str, size: int) -> Question:
    return EngagementQuestion(client_id=client, now=NOW, events=_events(rng, size), thresholds=(60.0, 35.0, 15.0))


def _risk(rng: random.Random, client: str, size: int) -> Question:
    return RiskQuestion(client_id=client, now=NOW, orders=_events(rng, size))


def _send_time(rng: random.Random, client: str, size: int) -> Question:
    days = [NOW + timedelta(days=day) for day in range(max(1, min(size, 30)))]
    windows = tuple(Window(start=day, until=day + timedelta(hours=rng.randint(1, 11))) for day in days)
    return SendTimeQuestion(client_id=client, now=NOW, windows=windows, opened=tuple(_ago(rng) for _ in range(size)))


def _next_action(rng: random.Random, client: str, size: int) -> Question:
    allowed = rng.choice((("email", "nothing"), ("stylist_call", "offer", "nothing"), ("nothing",)))
    return NextActionQuestion(
        client_id=client, now=NOW, allowed=allowed, p_alive=rng.random(), events=_events(rng, size)
    )


_MAKERS: Final[dict[str, Callable[[random.Random, str, int], Question]]] = {
    "engagement": _engagement,
    "risk": _risk,
    "ranking": _ranking,
    "session": _session,
    "assembly": _assembly,
    "send_time": _send_time,
    "next_action": _next_action,
}
