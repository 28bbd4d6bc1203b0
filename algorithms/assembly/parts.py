"""A wave in parts, as arrays that can be stored: the problem of each part, the stock, the progress and the answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from algorithms.assembly.model import NO_LIMIT, BoxWishes, Ints, Wave
from algorithms.assembly.offers import Offers
from algorithms.assembly.variety import count_needs
from algorithms.assembly.wave import AssemblyResult, PartAnswer, WavePart, WaveProgress
from models.slots import AssemblyQuestion

Arrays: TypeAlias = dict[str, NDArray[Any]]
_COLUMNS: Final = ("slots", "budget", "item_cap", "category_cap", "category", "price", "score")


def build_problem(questions: Sequence[AssemblyQuestion]) -> Arrays:
    """Build the arrays of the questions of one part. Shapes: limits (n), `client` and the like (m), `skus` (u)."""
    pieces = [(index, piece) for index, question in enumerate(questions) for piece in question.pieces]
    must = [piece.category in questions[index].must_have for index, piece in pieces]
    skus, sku = _encode([piece.sku for _, piece in pieces])
    colour = _encode([piece.colour for _, piece in pieces])[1]
    return {
        "slots": np.array([question.slots for question in questions], np.int64),
        "budget": _fill_limits([question.budget_cents for question in questions]),
        "item_cap": _fill_limits([question.item_cap_cents for question in questions]),
        "category_cap": _fill_limits([question.category_cap for question in questions]),
        "colour_cap": _fill_limits([question.colour_cap for question in questions]),
        "client": np.array([index for index, _ in pieces], np.int64),
        "skus": skus,
        "sku": sku,
        "category": _encode([piece.category for _, piece in pieces])[1],
        "colour": np.where(np.array([bool(piece.colour) for _, piece in pieces], np.bool_), colour, -1),
        "must": np.array(must, np.bool_),
        "price": np.array([piece.price_cents for _, piece in pieces], np.int64),
        "score": np.array([piece.score for _, piece in pieces], np.float64),
    }


def build_wave(problem: Arrays, skus: NDArray[Any], on_hand: Ints) -> Wave:
    """Build one part as a wave against the whole stock: `skus` (s) in order, and the units of each."""
    wishes = BoxWishes(problem["colour"], problem["colour_cap"], problem["must"], np.zeros_like(problem["slots"]))
    sku = np.searchsorted(skus, problem["skus"])[problem["sku"]] if len(problem["sku"]) else problem["sku"]
    columns = {name: problem[name] for name in _COLUMNS}
    return count_needs(Wave(**columns, on_hand=on_hand, sku=sku, client=problem["client"], wishes=wishes))


def build_layout(problems: Sequence[Arrays]) -> Arrays:
    """Return the index in the whole of each part's first client and first candidate, and the end of the last part."""
    clients = np.cumsum([0, *(len(problem["slots"]) for problem in problems)])
    candidates = np.cumsum([0, *(len(problem["sku"]) for problem in problems)])
    return {"clients": clients, "candidates": candidates}


def build_part(problem: Arrays, stock: Arrays, index: int) -> WavePart:
    """Build the part at `index` of the wave. `stock`: skus, on_hand and the layout."""
    wave = build_wave(problem, stock["skus"], stock["on_hand"])
    return WavePart(wave, int(stock["clients"][index]), int(stock["candidates"][index]))


def join_parts(parts: Sequence[WavePart]) -> Wave:
    """Join all parts (at least one) to one wave."""
    waves = [part.wave for part in parts]
    wishes = [wave.wishes for wave in waves if wave.wishes is not None]
    columns = {name: np.concatenate([getattr(wave, name) for wave in waves]) for name in (*_COLUMNS, "sku")}
    shown = {name: np.concatenate([getattr(wish, name) for wish in wishes]) for name in BoxWishes.__dataclass_fields__}
    client = np.concatenate([part.wave.client + part.client for part in parts])
    return Wave(**columns, on_hand=waves[0].on_hand, client=client, wishes=BoxWishes(**shown))


def select_own(part: WavePart, chosen: Ints) -> Ints:
    """Select the part's own candidates from those of the whole, as indices in the part."""
    begin = part.candidate
    return chosen[(chosen >= begin) & (chosen < begin + len(part.wave.sku))] - begin


def list_boxes(problem: Arrays, chosen: Ints) -> dict[str, tuple[str, ...]]:
    """List the chosen skus of each Fix of a part, the best first; a Fix without any is left out.

    `problem` holds the ids of the Fixes as `fixes` (n).
    """
    skus: dict[str, list[str]] = {}
    for index in sorted(chosen.tolist(), key=lambda index: (-problem["score"][index], index)):
        fix = str(problem["fixes"][problem["client"][index]])
        skus.setdefault(fix, []).append(str(problem["skus"][problem["sku"][index]]))
    return {fix: tuple(box) for fix, box in sorted(skus.items())}


def dump_progress(progress: WaveProgress) -> Arrays:
    """Turn the progress of a wave into arrays to store."""
    best = progress.best
    numbers = np.array([progress.turn, progress.done, best.objective, best.bound, progress.usual], np.float64)
    return {"numbers": numbers, "chosen": best.chosen, "dual": best.prices, "prices": progress.prices}


def load_progress(arrays: Arrays) -> WaveProgress:
    """Read the progress of a wave from stored arrays."""
    turn, done, objective, bound, usual = arrays["numbers"].tolist()
    best = AssemblyResult(arrays["chosen"], objective, bound, arrays["dual"])
    return WaveProgress(int(turn), best, arrays["prices"], bool(done), usual)


def dump_answer(answer: PartAnswer) -> Arrays:
    """Turn the answer of a part into arrays to store; indices fit into 32 bits."""
    offers = answer.offers
    small = {"client": offers.client, "goods": offers.goods, "candidates": offers.candidates}
    rest = {"score": offers.score, "bound": np.array(answer.bound)}
    return {name: indices.astype(np.int32) for name, indices in small.items()} | rest


def load_answer(arrays: Arrays) -> PartAnswer:
    """Read the answer of a part from stored arrays."""
    client, goods, candidates = (arrays[name].astype(np.int64) for name in ("client", "goods", "candidates"))
    return PartAnswer(Offers(client, goods, candidates, arrays["score"]), float(arrays["bound"]))


def _fill_limits(values: Sequence[int | None]) -> Ints:
    return np.array([NO_LIMIT if value is None else value for value in values], np.int64)


def _encode(names: Sequence[str]) -> tuple[NDArray[Any], Ints]:
    """Return the distinct names in order, and for each given name its index among them."""
    known, codes = np.unique(np.array(names, np.str_), return_inverse=True)
    return known, codes.reshape(-1).astype(np.int64)
