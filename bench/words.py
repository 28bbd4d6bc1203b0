"""What a hostile writer gets through at `grounded`, and how much honest copy passes.

Hostile drafts go the way of every draft: what the writer shows a model, the answer in the shape that is asked for, and
the check that a reviewer cannot lift. One is delivered when the check finds no fault.
"""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime
from random import Random
from typing import Final

from pydantic import ValidationError

from agents.mending import mend_draft
from agents.writer import Draft, assemble_draft, build_model_brief
from bench.hostile_drafts import Lie, tell_lie, write_draft
from bench.hostile_texts import FOLDER, LANGUAGES, load_texts
from domain.facts import History, HistoryItem, state_facts
from domain.grounding import list_texts
from domain.statistics.intervals import compute_share_bounds
from models.mail import Autonomy, Brief, BriefItem
from models.states import Phase, TouchKind

DRAFTS: Final = int(os.environ.get("BENCH_WORDS_DRAFTS", "10000"))
TRIES: Final = 6
"""Drafts in which each written text is tried."""
FAR: Final = 1.96
"""Standard errors to each side of a 95 % interval."""
NOW: Final = datetime(2026, 11, 21, 12, tzinfo=UTC)


def measure() -> dict[str, float]:
    """Measure all; the figures by name."""
    return measure_hostile(DRAFTS) | measure_written()


def measure_hostile(count: int, seed: int = 7) -> dict[str, float]:
    """Count the hostile drafts of `count` that are delivered, and those that are when nothing in them is a lie."""
    rng, passed, begun = Random(seed), list[str](), time.process_time()
    briefs = {language: build_brief(language) for language in LANGUAGES}
    shown = {language: build_model_brief(brief) for language, brief in briefs.items()}
    for number in range(count):
        language = LANGUAGES[number % len(LANGUAGES)]
        lie = tell_lie(language, rng)
        if is_delivered(write_draft(shown[language], lie, rng), briefs[language], lie.text):
            passed.append(f"{language} {lie.kind}: {lie.text}")
    for line in sorted(set(passed))[:40]:
        print(f"  let through  {line}")
    harmless = sum(is_delivered(write_draft(shown[name], None, rng), brief, "") for name, brief in briefs.items())
    return {
        "words_hostile_drafts": count,
        "words_hostile_delivered": len(passed),
        "words_harmless_share": harmless / len(LANGUAGES),
        "words_check_ms": 1_000 * (time.process_time() - begun) / count,
    }


def measure_written() -> dict[str, float]:
    """Count the hostile texts that were written one by one, apart from the rules, and are delivered in any place on any
    facts. `sealed`, `outside`: those on which no rule was made; the latter by a hand that had seen none."""
    figures: dict[str, float] = {}
    for half in ("open", "sealed", "outside"):
        texts = [line.split("|") for line in (FOLDER / f"written_{half}.txt").read_text("utf-8").splitlines()]
        through = [text for language, _, text in texts if _try_everywhere(language, text)]
        for text in through:
            print(f"  let through  {text}")
        _, high = compute_share_bounds(len(through) / len(texts), len(texts), FAR)
        figures |= {
            f"words_written_{half}": len(texts),
            f"words_written_{half}_delivered": len(through),
            f"words_written_{half}_delivered_high": high,
        }
    return figures


def _try_everywhere(language: str, text: str) -> bool:
    """Return whether a text is delivered in one of many drafts, each with it in a place by chance."""
    brief, rng = build_brief(language), Random(text)
    shown, lie = build_model_brief(brief), Lie("written", text)
    return any(is_delivered(write_draft(shown, lie, rng), brief, text) for _ in range(TRIES))


def is_delivered(answer: dict[str, object], brief: Brief, text: str) -> bool:
    """Return whether a model's text, given as often as it may answer, is in the mail that code lets out: as it stands,
    or mended. The reviewer agrees to all."""
    try:
        draft = assemble_draft(Draft.model_validate(answer), brief)
    except ValidationError:
        return False
    mended = mend_draft(draft, brief)
    return mended is not None and (not text or any(text in said for _, said in list_texts(mended)))


def build_brief(language: str) -> Brief:
    """Build the brief whose facts the hostile texts are told of."""
    texts = load_texts(language)
    owned, colour = texts.owned
    piece = HistoryItem(title=owned, colour=colour, at=datetime(2026, 3, 3, tzinfo=UTC))
    history = History(
        signed_up_at=datetime(2025, 1, 2, tzinfo=UTC),
        orders=3,
        last_order_at=piece.at,
        last_item=piece,
        locale=language,
    )
    items = [
        BriefItem(item_id=f"i-{n}", title=item.title, category=item.noun, colour=item.colour, brand=item.maker)
        for n, item in enumerate(texts.items, 1)
    ]
    return Brief(
        client_id="c-1",
        n=1,
        kind=TouchKind.MISSED,
        phase=Phase.ACTIVE,
        assessment_id="a",
        score=10.0,
        first_name="Ana",
        locale=language,
        shop_name="Selvedge",
        voice="",
        autonomy=Autonomy.GROUNDED,
        facts=state_facts(history, NOW),
        items=tuple(items),
    )
