"""Invented questions for each slot, drawn from a seed, for the conformance suite. They hold no client's data."""

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
    RankingQuestion,
    RiskQuestion,
    SendTimeQuestion,
    SendWindow,
    SessionQuestion,
    SlotQuestion,
    Touch,
)

NOW: Final = datetime(2026, 3, 1, 9, tzinfo=UTC)
CATEGORIES: Final = ("tops", "trousers", "dresses", "shoes", "knitwear")
COLOURS: Final = ("", "black", "navy", "ecru", "rust")
KINDS: Final = ("order_placed", "item_clicked", "item_viewed", "fix_kept", "order_returned")


def build_sample_question(slot: str, seed: int, size: int) -> SlotQuestion:
    """Build one question of a slot with `size` candidates or events; 0 gives the emptiest question there can be."""
    rng = random.Random(f"{slot}/{seed}/{size}")
    return _MAKERS[slot](rng, f"sample-{seed}", size)


def _build_candidates(rng: random.Random, size: int) -> tuple[Candidate, ...]:
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


def _build_touches(rng: random.Random, of: tuple[Candidate, ...], size: int) -> tuple[Touch, ...]:
    items = [rng.choice(of) for _ in range(min(size, 200))] if of else []
    return tuple(
        Touch(item_id=item.item_id, kind=rng.choice(KINDS), at=_draw_moment(rng), **_describe_item(item, rng))
        for item in items
    )


def _describe_item(item: Candidate, rng: random.Random) -> dict[str, Any]:
    """Return the catalogue's facts of an item, or nothing for one in ten: items that left the catalogue."""
    gone = rng.random() < 0.1
    return {} if gone else {"category": item.category, "colour": item.colour, "price_cents": item.price_cents}


def _draw_moment(rng: random.Random) -> datetime:
    return NOW - timedelta(minutes=rng.randrange(1, 500_000))


def _build_events(rng: random.Random, size: int) -> tuple[Occurrence, ...]:
    at = sorted(_draw_moment(rng) for _ in range(size))
    return tuple(Occurrence(kind=rng.choice(KINDS), at=moment, value_cents=rng.randrange(20_000)) for moment in at)


def _build_ranking(rng: random.Random, client: str, size: int) -> SlotQuestion:
    of = _build_candidates(rng, size)
    n = rng.randint(1, 10)
    return RankingQuestion(client_id=client, now=NOW, n=n, candidates=of, touches=_build_touches(rng, of, size // 4))


def _build_session(rng: random.Random, client: str, size: int) -> SlotQuestion:
    of = _build_candidates(rng, min(size, 1_000))
    n = rng.choice((None, 5))
    return SessionQuestion(client_id=client, now=NOW, n=n, items=of, touches=_build_touches(rng, of, size // 4))


def _build_assembly(rng: random.Random, client: str, size: int) -> SlotQuestion:
    pieces = tuple(
        Piece(
            sku=candidate.item_id,
            category=candidate.category,
            colour=candidate.colour,
            price_cents=candidate.price_cents,
            score=candidate.house_score,
        )
        for candidate in _build_candidates(rng, size)
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


def _build_engagement(rng: random.Random, client: str, size: int) -> SlotQuestion:
    return EngagementQuestion(client_id=client, now=NOW, events=_build_events(rng, size), thresholds=(60.0, 35.0, 15.0))


def _build_risk(rng: random.Random, client: str, size: int) -> SlotQuestion:
    return RiskQuestion(client_id=client, now=NOW, orders=_build_events(rng, size))


def _build_send_time(rng: random.Random, client: str, size: int) -> SlotQuestion:
    days = [NOW + timedelta(days=day) for day in range(max(1, min(size, 30)))]
    windows = tuple(SendWindow(start=day, until=day + timedelta(hours=rng.randint(1, 11))) for day in days)
    return SendTimeQuestion(
        client_id=client, now=NOW, windows=windows, opened=tuple(_draw_moment(rng) for _ in range(size))
    )


def _build_next_action(rng: random.Random, client: str, size: int) -> SlotQuestion:
    allowed = rng.choice((("email", "nothing"), ("stylist_call", "offer", "nothing"), ("nothing",)))
    return NextActionQuestion(
        client_id=client, now=NOW, allowed=allowed, p_alive=rng.random(), events=_build_events(rng, size)
    )


_MAKERS: Final[dict[str, Callable[[random.Random, str, int], SlotQuestion]]] = {
    "engagement": _build_engagement,
    "risk": _build_risk,
    "ranking": _build_ranking,
    "session": _build_session,
    "assembly": _build_assembly,
    "send_time": _build_send_time,
    "next_action": _build_next_action,
}
