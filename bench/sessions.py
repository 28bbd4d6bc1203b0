"""The house's order of a page, on visitors that are made up: what it brings over the ranking as it stands and over
chance, how fast it learns, and whether the chances that it states are true. And on logs that are not ours, whether its
first places would have been clicked. Every figure comes from a seed.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import timedelta

import numpy as np

from algorithms.bandit_logs import Log
from algorithms.sessions.bandit import Bandit
from algorithms.sessions.features import features, shown
from algorithms.sessions.posterior import NOISE, Beliefs
from bench.outcomes import carried
from domain.arrays import Floats, Ints
from domain.blend import PARTS
from domain.statistics.intervals import mean_interval
from domain.statistics.off_policy import ips, snips
from models.base import utc
from models.slots import Candidate, SessionQuestion, Touch

SEEDS = range(3)
SESSIONS = 2_000
WORLDS = {"alike": 0.12, "other": -0.12}
"""What it does to an item's clicks that the visitor touched others of its category: `other` is what nobody expects."""
ITEMS, OFFERED, SHOWN = 200, 30, 8
EVERY = 50
"""Sessions after which the beliefs in service are renewed: lessons come late."""
NOW = utc(2026, 6, 1)


@dataclass(frozen=True)
class Visitor:
    """A page to be ordered, and how likely each item is clicked if it is seen, shape (OFFERED,)."""

    question: SessionQuestion
    appeal: Floats


def measure() -> dict[str, float]:
    """Mean clicks a page."""
    told = {f"session_{world}_{name}": value for world in WORLDS for name, value in _world(world).items()}
    return {name: round(float(value), 5) for name, value in told.items()} | _stated() | _time() | _logs()


def _world(world: str) -> dict[str, float]:
    """Clicks a page in the later half, and what is missed of the best order's as it learns."""
    runs = [_lived(seed, WORLDS[world]) for seed in SEEDS]
    late = slice(SESSIONS // 2, None)
    bandit, static, chance, best = (np.concatenate([run[name][late] for run in runs]) for name in _NAMES)
    regret = np.mean([run["best"] - run["bandit"] for run in runs], axis=0)
    return {
        "clicks": bandit.mean(),
        "clicks_static": static.mean(),
        "clicks_uniform": chance.mean(),
        "clicks_best": best.mean(),
        "over_static_low": mean_interval(bandit - static).low,
        "over_uniform_low": mean_interval(bandit - chance).low,
        **{f"regret_to_{n}": regret[n // 2 : n].mean() for n in (100, 500, SESSIONS)},
        "regret_static": (best - static).mean(),
    }


_NAMES = ("bandit", "static", "chance", "best")


def visitor(rng: np.random.Generator, items: list[Candidate], charm: Floats, alike: float = 0.12) -> Visitor:
    """Someone with a category, a colour and a price in mind, who has shown some of it; `charm` of the items, shape
    (ITEMS,), is what no house's score knows. `alike`: see WORLDS."""
    mine = items[int(rng.integers(ITEMS))]
    liked = [item for item in items if item.category == mine.category]
    touched = [liked[int(rng.integers(len(liked)))] for _ in range(int(rng.integers(0, 5)))]
    chosen = rng.choice(ITEMS, OFFERED, replace=False).tolist()
    offered = [items[place] for place in sorted(chosen, key=lambda place: -items[place].house_score)]
    known = {each.item_id: place for place, each in enumerate(items)}
    price = np.array([abs(np.log2(each.price_cents / mine.price_cents)) for each in offered])
    appeal = (
        0.02
        + max(-alike, 0.0)
        + alike * np.array([each.category == mine.category for each in offered])
        + 0.04 * np.array([each.colour == mine.colour for each in offered])
        + 0.04 * 0.5**price
        + 0.06 * np.array([each.parts["freshness"] for each in offered]) / 0.1
        + 0.06 * charm[[known[each.item_id] for each in offered]]
    )
    touches = [_touch(each, minutes) for minutes, each in enumerate(touched)]
    seed = int(rng.integers(2**52))
    asked = SessionQuestion(client_id="v", now=NOW, seed=seed, n=SHOWN, items=tuple(offered), touches=tuple(touches))
    return Visitor(asked, appeal)


def shop(rng: np.random.Generator) -> tuple[list[Candidate], Floats]:
    """Items, and the charm of each: the house's parts know some of it."""
    charm = rng.random(ITEMS)
    parts = rng.random((ITEMS, len(PARTS))) * 0.1
    parts[:, 0] += 0.1 * charm
    items = [
        Candidate(
            item_id=f"i{place}",
            category=f"c{rng.integers(6)}",
            colour=f"k{rng.integers(5)}",
            price_cents=int(2_000 * 2 ** rng.uniform(0, 4)),
            house_score=float(parts[place].sum()),
            parts=dict(zip(PARTS, parts[place].tolist(), strict=True)),
        )
        for place in range(ITEMS)
    ]
    return items, charm


def clicks(visitor: Visitor, places: Ints, luck: Floats) -> Floats:
    """Which of the items shown are clicked, first to last: lower ones are looked at less. `luck`: by place."""
    seen = 1.0 / np.log2(np.arange(len(places)) + 2)
    return np.asarray((luck[: len(places)] < visitor.appeal[places] * seen).astype(np.float64))


def _lived(seed: int, alike: float) -> dict[str, Floats]:
    """Clicks a session, by who ordered it; all see the same visitors with the same luck."""
    rng = np.random.default_rng(seed)
    items, charm = shop(rng)
    beliefs, lessons = Beliefs.first(), list[tuple[Floats, Floats]]()
    found: dict[str, list[float]] = {name: [] for name in _NAMES}
    for session in range(SESSIONS):
        one, luck = visitor(rng, items, charm, alike), rng.random(SHOWN)
        orders = {
            "bandit": _places(one.question, beliefs.answer(one.question).items),
            "static": np.arange(SHOWN),
            "chance": rng.permutation(OFFERED)[:SHOWN],
            "best": np.argsort(-one.appeal)[:SHOWN],
        }
        for name, places in orders.items():
            found[name].append(float(clicks(one, places, luck).sum()))
        mine = orders["bandit"]
        lessons.append((shown(features(one.question), mine.tolist()), 0.2 * clicks(one, mine, luck)))
        if session % EVERY == EVERY - 1:
            beliefs = beliefs.learnt(*(np.concatenate(column) for column in zip(*lessons, strict=True)))
            lessons.clear()
    return {name: np.array(values) for name, values in found.items()}


def _stated() -> dict[str, float]:
    """What the house's order as it stands would earn in the first place, told from a log of the bandit by the chances
    that it states, over what it does earn: 1 where they are true."""
    rng = np.random.default_rng(42)
    items, charm = shop(rng)
    rows = [_first(visitor(rng, items, charm), rng) for _ in range(8_000)]
    reward, logged, target, truth = (np.array(column) for column in zip(*rows, strict=True))
    found = ips(reward, logged, target)
    told = {"ips": found.value, "ips_low": found.low, "ips_high": found.high}
    return {f"session_{name}_over_truth": round(value / truth.mean(), 4) for name, value in told.items()}


def _first(one: Visitor, rng: np.random.Generator) -> tuple[float, float, float, float]:
    answer = Beliefs.first().answer(one.question)
    place = int(_places(one.question, answer.items[:1])[0])
    reward = float(rng.random() < one.appeal[place])
    return reward, float(answer.propensity or 1), float(place == 0), float(one.appeal[0])


def _time() -> dict[str, float]:
    """Milliseconds of CPU an answer, of 30 and of 200 items."""
    rng = np.random.default_rng(1)
    items, charm = shop(rng)
    pages = [visitor(rng, items, charm).question for _ in range(200)]
    whole = [page.model_copy(update={"items": tuple(items)}) for page in pages]
    return {"session_answer_ms": _ms(pages), "session_answer_200_items_ms": _ms(whole)}


def _ms(pages: list[SessionQuestion]) -> float:
    beliefs, begun = Beliefs.first(), time.process_time()
    for page in pages:
        beliefs.answer(page)
    return round(1_000 * (time.process_time() - begun) / len(pages), 3)


def _logs() -> dict[str, float]:
    """On the Open Bandit logs: beliefs of each item and place, learnt from one half of the uniform log, and what their
    first places would have earned on the other half. Some 20 clicks a half: the interval tells most."""
    log = carried("random")
    half = np.random.default_rng(42).random(len(log.item)) < 0.5
    learnt = _of_items(_rows(log, half))
    asked = _rows(log, ~half)
    target = learnt[asked.item]
    found = snips(asked.click, asked.chance, target)
    rows = {"value": found.value, "low": found.low, "high": found.high, "enough": float(found.enough)}
    told = {f"session_open_bandit_ctr_pct_{name}": round(100 * value, 4) for name, value in rows.items()}
    return told | {"session_open_bandit_ctr_pct_shown": round(100 * float(asked.click.mean()), 4)}


def _rows(log: Log, which: np.ndarray) -> Log:
    return Log(log.item[which], log.place[which], log.click[which], log.chance[which])


def _of_items(log: Log) -> Floats:
    """How likely each item is to come first, by what this log taught."""
    count = int(log.item.max()) + 1
    bandit = Bandit.prior(np.full(count, float(log.click.mean())), np.full(count, 1 / NOISE), NOISE)
    bandit.observe(np.eye(count)[log.item], log.click)
    return bandit.chances(np.eye(count), np.random.default_rng(42))


def _places(question: SessionQuestion, ids: tuple[str, ...]) -> Ints:
    known = {each.item_id: place for place, each in enumerate(question.items)}
    return np.array([known[each] for each in ids], np.int64)


def _touch(item: Candidate, minutes: int) -> Touch:
    at = NOW - timedelta(minutes=minutes)
    told = {"category": item.category, "colour": item.colour, "price_cents": item.price_cents}
    return Touch.model_validate({"item_id": item.item_id, "kind": "item_clicked", "at": at, **told})
