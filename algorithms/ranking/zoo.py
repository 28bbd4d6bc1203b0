"""The rankers by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from algorithms.ranking import deep, inner
from algorithms.ranking.als import Als
from algorithms.ranking.cohorts import Cohorts
from algorithms.ranking.data import RankingAlgorithm
from algorithms.ranking.ease import Ease
from algorithms.ranking.fallback import FallbackToRecent
from algorithms.ranking.hybrid import Hybrid
from algorithms.ranking.inner import Inner
from algorithms.ranking.item_cosine import ItemCosine
from algorithms.ranking.own_history import OwnHistory
from algorithms.ranking.popularity import HALF_LIFE_DAYS, ContextPopularity, Popularity
from algorithms.ranking.stacked import Stacked
from algorithms.ranking.transitions import Transitions
from algorithms.ranking.two_tower import TwoTower
from algorithms.ranking.wide_deep import WideDeep
from algorithms.ranking.word_preferences import WordPreferences
from errors import BadInput

STACKED: Final = "stacked"
ALIASES: Final = {"champion": STACKED}
"""Old names, which commands, settings and saved artefacts may still use."""
RECENT: Final = "recent"
"""The baseline to beat: popularity of 30 days by context."""
ALL: Final = "all"

PLAIN: Final[dict[str, Callable[[], RankingAlgorithm]]] = {
    "popularity": Popularity,
    "decayed": lambda: Popularity(HALF_LIFE_DAYS),
    RECENT: ContextPopularity,
    "cohorts": Cohorts,
    "words": WordPreferences,
    "own": OwnHistory,
    "cosine": lambda: FallbackToRecent(ItemCosine()),
    "transitions": lambda: FallbackToRecent(Transitions()),
    "ease": lambda: FallbackToRecent(Ease()),
    "als": lambda: FallbackToRecent(Als()),
    "hybrid": Hybrid,
}
DEEP: Final[dict[str, Callable[[], RankingAlgorithm]]] = {"two-tower": TwoTower, "wide-deep": WideDeep}
"""Training needs the extra `deep`."""
NAMES: Final = (*PLAIN, *(DEEP if deep.INSTALLED else ()), STACKED)


def parse_names(chosen: str) -> tuple[str, ...]:
    """Parse a list of names with commas, or `all`, into today's names. Raises BadInput for an unknown name."""
    if chosen == ALL:
        return NAMES
    return tuple(dict.fromkeys(require_name(name.strip(), "algorithms") for name in chosen.split(",")))


def resolve_alias(name: str) -> str:
    """Return today's name of a ranker; a name that is no alias stays as it is."""
    return ALIASES.get(name, name)


def require_name(name: str, field: str) -> str:
    """Return today's name of a ranker. Raises BadInput for an unknown name, and without an extra that it needs."""
    name = resolve_alias(name)
    if name in DEEP and not deep.INSTALLED:
        raise BadInput(f"{name} needs JAX and Optax: pip install 'selvedge[deep]'", field)
    if name not in NAMES:
        raise BadInput(f"no ranker {name!r}; there are {', '.join(NAMES)}", field)
    return name


def make(name: str, repeats: bool, splits: Inner = inner.split_by_time) -> RankingAlgorithm:
    """Make an untrained ranker. `splits`: what `stacked` learns its weights from. Raises BadInput."""
    name = require_name(name, "algorithm")
    return Stacked(repeats, splits) if name == STACKED else (PLAIN | DEEP)[name]()
