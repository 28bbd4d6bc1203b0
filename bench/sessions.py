"""The built-in order of a page, on simulated visitors: what it brings over the ranking as it stands and over
chance, how fast it learns, and whether its propensities are true. And on logs that are not ours, whether its
first places would have been clicked. Every figure comes from a seed.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import timedelta

import numpy as np

from algorithms.evaluation.bandit_logs import BanditLog
from algorithms.sessions.bandit import ThompsonBandit
from algorithms.sessions.features import build_features, build_position_rows
from algorithms.sessions.posterior import NOISE, SessionPosterior
from bench.outcomes import read_bandit_log
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
"""Sessions after which the posterior in service is renewed: training examples come late."""
NOW = utc(2026, 6, 1)


@dataclass(frozen=True)
class Visitor:
    """A page to be ordered, and how likely each item is clicked if it is seen, shape (OFFERED,)."""

    question: SessionQuestion
    appeal: Floats


def measure() -> dict[str, float]:
    """Measure mean clicks a page."""
    figures = {f"session_{world}_{name}": value for world in WORLDS for name, value in _measure_world(world).items()}
    return (
        {name: round(float(value), 5) for name, value in figures.items()}
        | _measure_propensities()
        | _measure_time()
        | _measure_logs()
    )


def _measure_world(world: str) -> dict[str, float]:
    """Measure clicks a page in the later half, and what is missed of the best order's as it learns."""
    runs = [_simulate_sessions(seed, WORLDS[world]) for seed in SEEDS]
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


def simulate_visitor(rng: np.random.Generator, items: list[Candidate], charm: Floats, alike: float = 0.12) -> Visitor:
    """Simulate someone with a category, a colour and a price in mind, who has shown some of it.

    Args: `charm` of the items, shape (ITEMS,), is what no score knows; `alike`: see WORLDS.
    """
    favourite = items[int(rng.integers(ITEMS))]
    liked = [item for item in items if item.category == favourite.category]
    touched = [liked[int(rng.integers(len(liked)))] for _ in range(int(rng.integers(0, 5)))]
    chosen = rng.choice(ITEMS, OFFERED, replace=False).tolist()
    offered = [items[index] for index in sorted(chosen, key=lambda index: -items[index].house_score)]
    index_of = {item.item_id: index for index, item in enumerate(items)}
    price = np.array([abs(np.log2(item.price_cents / favourite.price_cents)) for item in offered])
    appeal = (
        0.02
        + max(-alike, 0.0)
        + alike * np.array([item.category == favourite.category for item in offered])
        + 0.04 * np.array([item.colour == favourite.colour for item in offered])
        + 0.04 * 0.5**price
        + 0.06 * np.array([item.parts["freshness"] for item in offered]) / 0.1
        + 0.06 * charm[[index_of[item.item_id] for item in offered]]
    )
    touches = [_build_touch(item, minutes) for minutes, item in enumerate(touched)]
    seed = int(rng.integers(2**52))
    question = SessionQuestion(client_id="v", now=NOW, seed=seed, n=SHOWN, items=tuple(offered), touches=tuple(touches))
    return Visitor(question, appeal)


def simulate_shop(rng: np.random.Generator) -> tuple[list[Candidate], Floats]:
    """Simulate items and the charm of each: the parts of the score know some of it."""
    charm = rng.random(ITEMS)
    parts = rng.random((ITEMS, len(PARTS))) * 0.1
    parts[:, 0] += 0.1 * charm
    items = [
        Candidate(
            item_id=f"i{index}",
            category=f"c{rng.integers(6)}",
            colour=f"k{rng.integers(5)}",
            price_cents=int(2_000 * 2 ** rng.uniform(0, 4)),
            house_score=float(parts[index].sum()),
            parts=dict(zip(PARTS, parts[index].tolist(), strict=True)),
        )
        for index in range(ITEMS)
    ]
    return items, charm


def simulate_clicks(visitor: Visitor, indexes: Ints, luck: Floats) -> Floats:
    """Simulate which items shown are clicked, first to last: lower ones are looked at less. `luck`: by position."""
    seen = 1.0 / np.log2(np.arange(len(indexes)) + 2)
    return np.asarray((luck[: len(indexes)] < visitor.appeal[indexes] * seen).astype(np.float64))


def _simulate_sessions(seed: int, alike: float) -> dict[str, Floats]:
    """Simulate clicks a session, by who ordered it; all see the same visitors with the same luck."""
    rng = np.random.default_rng(seed)
    items, charm = simulate_shop(rng)
    posterior, examples = SessionPosterior.build_prior(), list[tuple[Floats, Floats]]()
    clicks_by_order: dict[str, list[float]] = {name: [] for name in _NAMES}
    for session in range(SESSIONS):
        page_visitor, luck = simulate_visitor(rng, items, charm, alike), rng.random(SHOWN)
        orders = {
            "bandit": _find_indexes(page_visitor.question, posterior.answer(page_visitor.question).items),
            "static": np.arange(SHOWN),
            "chance": rng.permutation(OFFERED)[:SHOWN],
            "best": np.argsort(-page_visitor.appeal)[:SHOWN],
        }
        for name, places in orders.items():
            clicks_by_order[name].append(float(simulate_clicks(page_visitor, places, luck).sum()))
        order = orders["bandit"]
        examples.append(
            (
                build_position_rows(build_features(page_visitor.question), order.tolist()),
                0.2 * simulate_clicks(page_visitor, order, luck),
            )
        )
        if session % EVERY == EVERY - 1:
            posterior = posterior.update(*(np.concatenate(column) for column in zip(*examples, strict=True)))
            examples.clear()
    return {name: np.array(values) for name, values in clicks_by_order.items()}


def _measure_propensities() -> dict[str, float]:
    """Estimate what the unchanged order would earn in the first position from a log of the bandit by its propensities,
    over what it does earn: 1 where they are true."""
    rng = np.random.default_rng(42)
    items, charm = simulate_shop(rng)
    rows = [_measure_first(simulate_visitor(rng, items, charm), rng) for _ in range(8_000)]
    reward, logged, target, truth = (np.array(column) for column in zip(*rows, strict=True))
    estimate = ips(reward, logged, target)
    figures = {"ips": estimate.value, "ips_low": estimate.low, "ips_high": estimate.high}
    return {f"session_{name}_over_truth": round(value / truth.mean(), 4) for name, value in figures.items()}


def _measure_first(page_visitor: Visitor, rng: np.random.Generator) -> tuple[float, float, float, float]:
    answer = SessionPosterior.build_prior().answer(page_visitor.question)
    index = int(_find_indexes(page_visitor.question, answer.items[:1])[0])
    reward = float(rng.random() < page_visitor.appeal[index])
    return reward, float(answer.propensity or 1), float(index == 0), float(page_visitor.appeal[0])


def _measure_time() -> dict[str, float]:
    """Measure milliseconds of CPU an answer, of 30 and of 200 items."""
    rng = np.random.default_rng(1)
    items, charm = simulate_shop(rng)
    pages = [simulate_visitor(rng, items, charm).question for _ in range(200)]
    whole = [page.model_copy(update={"items": tuple(items)}) for page in pages]
    return {"session_answer_ms": _measure_ms(pages), "session_answer_200_items_ms": _measure_ms(whole)}


def _measure_ms(pages: list[SessionQuestion]) -> float:
    posterior, begun = SessionPosterior.build_prior(), time.process_time()
    for page in pages:
        posterior.answer(page)
    return round(1_000 * (time.process_time() - begun) / len(pages), 3)


def _measure_logs() -> dict[str, float]:
    """Fit the posterior of each item and position on one half of the uniform Open Bandit log, and estimate what its
    first positions would have earned on the other half. Some 20 clicks a half: the interval tells most."""
    log = read_bandit_log("random")
    half = np.random.default_rng(42).random(len(log.item)) < 0.5
    first_chances = _fit_first_chances(_select_rows(log, half))
    other_half = _select_rows(log, ~half)
    target = first_chances[other_half.item]
    estimate = snips(other_half.click, other_half.propensity, target)
    rows = {"value": estimate.value, "low": estimate.low, "high": estimate.high, "enough": float(estimate.enough)}
    figures = {f"session_open_bandit_ctr_pct_{name}": round(100 * value, 4) for name, value in rows.items()}
    return figures | {"session_open_bandit_ctr_pct_shown": round(100 * float(other_half.click.mean()), 4)}


def _select_rows(log: BanditLog, which: np.ndarray) -> BanditLog:
    return BanditLog(log.item[which], log.position[which], log.click[which], log.propensity[which])


def _fit_first_chances(log: BanditLog) -> Floats:
    """Compute how likely each item is to come first, after this log."""
    count = int(log.item.max()) + 1
    bandit = ThompsonBandit.from_prior(np.full(count, float(log.click.mean())), np.full(count, 1 / NOISE), NOISE)
    bandit.observe(np.eye(count)[log.item], log.click)
    return bandit.estimate_propensities(np.eye(count), np.random.default_rng(42))


def _find_indexes(question: SessionQuestion, ids: tuple[str, ...]) -> Ints:
    index_of = {item.item_id: index for index, item in enumerate(question.items)}
    return np.array([index_of[item_id] for item_id in ids], np.int64)


def _build_touch(item: Candidate, minutes: int) -> Touch:
    at = NOW - timedelta(minutes=minutes)
    fields = {"category": item.category, "colour": item.colour, "price_cents": item.price_cents}
    return Touch.model_validate({"item_id": item.item_id, "kind": "item_clicked", "at": at, **fields})
