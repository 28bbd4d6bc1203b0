"""How well each item of a catalogue is worn with one of them: `domain.fixes.outfits.score_pair` in arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from scipy import sparse

from domain.arrays import Flags, Floats, Ints
from domain.fixes.colours import score_colours
from domain.fixes.outfits import COLOURS, SEASONS, STYLES, PieceLook, may_wear_together
from models.box_roles import BoxRole
from models.catalogue import Season


@dataclass(frozen=True)
class Looks:
    """The looks of n items: numbers of colour, role and season, shape (n,); styles as a sparse matrix (n, styles).

    `colours`: how well each two colours go together; `together`: which roles may be worn together.
    """

    colour: Ints
    role: Ints
    season: Ints
    styles: sparse.csr_array
    style_counts: Ints
    colours: Floats
    together: Flags

    @classmethod
    def of(cls, looks: Sequence[PieceLook]) -> Self:
        """Turn looks into arrays."""
        roles, seasons = list(BoxRole), list(Season)
        names = list(dict.fromkeys(look.colour for look in looks))
        numbers = {name: number for number, name in enumerate(names)}
        return cls(
            colour=np.array([numbers[look.colour] for look in looks], np.int64),
            role=np.array([roles.index(look.role) for look in looks], np.int64),
            season=np.array([seasons.index(look.season) for look in looks], np.int64),
            styles=_list_styles(looks),
            style_counts=np.array([len(look.styles) for look in looks], np.int64),
            colours=np.array([[score_colours(one, other) for other in names] for one in names]).reshape(len(names), -1),
            together=np.array([[may_wear_together(one, other) for other in roles] for one in roles]),
        )

    def score_with(self, index: int) -> Floats:
        """Score how well each item goes with the one at `index`, 0 to 1, shape (n,)."""
        shared = self.styles @ self.styles[[index]].toarray()[0]
        fewest = np.maximum(1, np.minimum(self.style_counts, self.style_counts[index]))
        any_season = list(Season).index(Season.ALL)
        fits = (self.season == self.season[index]) | (self.season == any_season) | (self.season[index] == any_season)
        colours = self.colours[self.colour[index]][self.colour]
        return np.asarray(COLOURS * colours + STYLES * np.minimum(1.0, 2 * shared / fewest) + SEASONS * fits)

    def find_wearable(self, index: int) -> Flags:
        """Find which items may be parts of one outfit with the one at `index`, shape (n,)."""
        return np.asarray(self.together[self.role[index]][self.role])


def _list_styles(looks: Sequence[PieceLook]) -> sparse.csr_array:
    numbers: dict[str, int] = {}
    columns = [numbers.setdefault(style, len(numbers)) for look in looks for style in sorted(look.styles)]
    rows = np.repeat(np.arange(len(looks)), [len(look.styles) for look in looks])
    shape = (len(looks), max(1, len(numbers)))
    return sparse.csr_array((np.ones(len(columns)), (rows, np.array(columns, np.int64))), shape=shape)
