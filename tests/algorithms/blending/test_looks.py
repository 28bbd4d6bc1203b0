"""Looks in arrays score as pairs do, one by one."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from algorithms.blending.looks import Looks
from domain.fixes.outfits import PieceLook, may_wear_together, score_pair
from models.box_roles import BoxRole
from models.catalogue import Season

LOOK = st.builds(
    PieceLook,
    role=st.sampled_from(BoxRole),
    colour=st.sampled_from(["navy", "rust", "olive", "pink", "", "many hues"]),
    styles=st.frozensets(st.sampled_from(["boho", "classic", "sport", "party"])),
    season=st.sampled_from(Season),
)


@given(st.lists(LOOK, min_size=1, max_size=12))
def test_they_agree_with_pairs(looks: list[PieceLook]) -> None:
    arrays = Looks.of(looks)
    for index, look in enumerate(looks):
        assert np.allclose(arrays.score_with(index), [score_pair(look, other) for other in looks])
        wearable = [may_wear_together(look.role, other.role) for other in looks]
        assert arrays.find_wearable(index).tolist() == wearable
