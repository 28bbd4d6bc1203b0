"""A wave in parts, as arrays that travel: what parts ask, the one shelf, where the wave stands, what they answer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from algorithms.assembly.model import NO_LIMIT, Ints, Wave, Wishes
from algorithms.assembly.offers import Offers
from algorithms.assembly.variety import with_needs
from algorithms.assembly.wave import Answer, Assembled, Part, WaveProgress
from models.slots import AssemblyQuestion

Arrays: TypeAlias = dict[str, NDArray[Any]]
_COLUMNS: Final = ("slots", "budget", "item_cap", "category_cap", "category", "price", "score")


def problem(asked: Sequence[AssemblyQuestion]) -> Arrays:
    """The questions of one part. Shapes: limits (n), `client` and the like (m), `skus` (u)."""
    pieces = [(place, piece) for place, question in enumerate(asked) for piece in question.pieces]
    must = [each.category in asked[place].must_have for place, each in pieces]
    skus, sku = _coded([each.sku for _, each in pieces])
    colour = _coded([each.colour for _, each in pieces])[1]
    return {
        "slots": np.array([each.slots for each in asked], np.int64),
        "budget": _limits([each.budget_cents for each in asked]),
        "item_cap": _limits([each.item_cap_cents for each in asked]),
        "category_cap": _limits([each.category_cap for each in asked]),
        "colour_cap": _limits([each.colour_cap for each in asked]),
        "client": np.array([place for place, _ in pieces], np.int64),
        "skus": skus,
        "sku": sku,
        "category": _coded([each.category for _, each in pieces])[1],
        "colour": np.where(np.array([bool(each.colour) for _, each in pieces], np.bool_), colour, -1),
        "must": np.array(must, np.bool_),
        "price": np.array([each.price_cents for _, each in pieces], np.int64),
        "score": np.array([each.score for _, each in pieces], np.float64),
    }


def wave_of(asked: Arrays, skus: NDArray[Any], on_hand: Ints) -> Wave:
    """One part against the whole shelf: `skus` (s) in order, and how many units of each may be given."""
    wishes = Wishes(asked["colour"], asked["colour_cap"], asked["must"], np.zeros_like(asked["slots"]))
    sku = np.searchsorted(skus, asked["skus"])[asked["sku"]] if len(asked["sku"]) else asked["sku"]
    columns = {name: asked[name] for name in _COLUMNS}
    return with_needs(Wave(**columns, on_hand=on_hand, sku=sku, client=asked["client"], wishes=wishes))


def layout(asked: Sequence[Arrays]) -> Arrays:
    """Where each part begins in the whole: its first client and its first candidate; one more says where all end."""
    clients = np.cumsum([0, *(len(each["slots"]) for each in asked)])
    candidates = np.cumsum([0, *(len(each["sku"]) for each in asked)])
    return {"clients": clients, "candidates": candidates}


def part_of(asked: Arrays, shelf: Arrays, place: int) -> Part:
    """One part in its place. `shelf`: skus, on_hand and the layout."""
    wave = wave_of(asked, shelf["skus"], shelf["on_hand"])
    return Part(wave, int(shelf["clients"][place]), int(shelf["candidates"][place]))


def whole(parts: Sequence[Part]) -> Wave:
    """All parts as one wave; there is at least one."""
    waves = [part.wave for part in parts]
    wishes = [wave.wishes for wave in waves if wave.wishes is not None]
    columns = {name: np.concatenate([getattr(wave, name) for wave in waves]) for name in (*_COLUMNS, "sku")}
    shown = {name: np.concatenate([getattr(wish, name) for wish in wishes]) for name in Wishes.__dataclass_fields__}
    client = np.concatenate([part.wave.client + part.client for part in parts])
    return Wave(**columns, on_hand=waves[0].on_hand, client=client, wishes=Wishes(**shown))


def mine(part: Part, chosen: Ints) -> Ints:
    """The places, in the part, of those candidates of the whole that are the part's."""
    begin = part.candidate
    return chosen[(chosen >= begin) & (chosen < begin + len(part.wave.sku))] - begin


def boxes(asked: Arrays, chosen: Ints) -> dict[str, tuple[str, ...]]:
    """The chosen skus of each Fix of a part, the best first; those of which nothing was chosen are left out. `asked`
    names them in `fixes` (n)."""
    found: dict[str, list[str]] = {}
    for place in sorted(chosen.tolist(), key=lambda place: (-asked["score"][place], place)):
        name = str(asked["fixes"][asked["client"][place]])
        found.setdefault(name, []).append(str(asked["skus"][asked["sku"][place]]))
    return {name: tuple(skus) for name, skus in sorted(found.items())}


def standing_arrays(standing: WaveProgress) -> Arrays:
    """Where the wave stands, to be kept."""
    best = standing.best
    numbers = np.array([standing.turn, standing.done, best.objective, best.bound], np.float64)
    return {"numbers": numbers, "chosen": best.chosen, "dual": best.prices, "prices": standing.prices}


def standing_of(kept: Arrays) -> WaveProgress:
    """The same, read again."""
    turn, done, objective, bound = kept["numbers"].tolist()
    return WaveProgress(
        int(turn), Assembled(kept["chosen"], objective, bound, kept["dual"]), kept["prices"], bool(done)
    )


def answer_arrays(answer: Answer) -> Arrays:
    """What a part answers, to be kept: places fit into 32 bits."""
    some = answer.offers
    small = {"client": some.client, "goods": some.goods, "candidates": some.candidates}
    rest = {"score": some.score, "bound": np.array(answer.bound)}
    return {name: each.astype(np.int32) for name, each in small.items()} | rest


def answer_of(kept: Arrays) -> Answer:
    """The same, read again."""
    client, goods, candidates = (kept[name].astype(np.int64) for name in ("client", "goods", "candidates"))
    return Answer(Offers(client, goods, candidates, kept["score"]), float(kept["bound"]))


def _limits(values: Sequence[int | None]) -> Ints:
    return np.array([NO_LIMIT if value is None else value for value in values], np.int64)


def _coded(names: Sequence[str]) -> tuple[NDArray[Any], Ints]:
    """The names in order, each once, and the place of each given one."""
    known, codes = np.unique(np.array(names, np.str_), return_inverse=True)
    return known, codes.reshape(-1).astype(np.int64)
