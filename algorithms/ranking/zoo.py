"""The rankers that there are, by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from algorithms.ranking import deep, inner
from algorithms.ranking.als import Als
from algorithms.ranking.cohorts import Cohorts
from algorithms.ranking.data import Algorithm
from algorithms.ranking.ease import Ease
from algorithms.ranking.fallback import OrRecent
from algorithms.ranking.hybrid import Hybrid
from algorithms.ranking.inner import Inner
from algorithms.ranking.item_cosine import ItemCosine
from algorithms.ranking.own_history import OwnHistory
from algorithms.ranking.popularity import HALF_LIFE_DAYS, ContextPopularity, Popularity
from algorithms.ranking.stacked import Champion
from algorithms.ranking.transitions import Transitions
from algorithms.ranking.two_tower import TwoTower
from algorithms.ranking.wide_deep import WideDeep
from algorithms.ranking.word_taste import WordTaste
from errors import BadInput

CHAMPION: Final = "champion"
RECENT: Final = "recent"
"""The baseline to beat: popularity of 30 days by context."""
ALL: Final = "all"

PLAIN: Final[dict[str, Callable[[], Algorithm]]] = {
    "popularity": Popularity,
    "decayed": lambda: Popularity(HALF_LIFE_DAYS),
    RECENT: ContextPopularity,
    "cohorts": Cohorts,
    "words": WordTaste,
    "own": OwnHistory,
    "cosine": lambda: OrRecent(ItemCosine()),
    "transitions": lambda: OrRecent(Transitions()),
    "ease": lambda: OrRecent(Ease()),
    "als": lambda: OrRecent(Als()),
    "hybrid": Hybrid,
}
DEEP: Final[dict[str, Callable[[], Algorithm]]] = {"two-tower": TwoTower, "wide-deep": WideDeep}
"""Learning needs the extra `deep`."""
NAMES: Final = (*PLAIN, *(DEEP if deep.INSTALLED else ()), CHAMPION)


def names(chosen: str) -> tuple[str, ...]:
    """The names in a list with commas, or all. Raises BadInput for one that there is not."""
    wanted = NAMES if chosen == ALL else tuple(dict.fromkeys(name.strip() for name in chosen.split(",")))
    for name in wanted:
        known(name, "algorithms")
    return wanted


def known(name: str, field: str) -> None:
    """Raises BadInput for a name that there is not."""
    if name in DEEP and not deep.INSTALLED:
        raise BadInput(f"{name} needs JAX and Optax: pip install 'selvedge[deep]'", field)
    if name not in NAMES:
        raise BadInput(f"no ranker {name!r}; there are {', '.join(NAMES)}", field)


def make(name: str, repeats: bool, splits: Inner = inner.by_time) -> Algorithm:
    """A ranker that has learnt nothing yet. `splits`: what the champion learns its weights from. Raises BadInput."""
    known(name, "algorithm")
    return Champion(repeats, splits) if name == CHAMPION else (PLAIN | DEEP)[name]()
