"""Items and bundles as plain values."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from domain.arrays import Ints


@dataclass(frozen=True)
class Goods:
    """n items. `categories` may be empty texts."""

    ids: tuple[str, ...]
    titles: tuple[str, ...]
    categories: tuple[str, ...]

    @cached_property
    def index(self) -> dict[str, int]:
        """The index of each item by its id."""
        return {item_id: index for index, item_id in enumerate(self.ids)}


@dataclass(frozen=True)
class Bundles:
    """Bundles of two items or more, each an array of indices into the goods; `intents` in the words of whoever made
    them, which may be empty."""

    members: tuple[Ints, ...]
    intents: tuple[str, ...]
