"""Which campaigns go out in parts, and at which pace."""

from __future__ import annotations

import pytest

from domain.broadcasts import LANES, PART, count_lanes, may_broadcast, share_pace
from models.campaign import CampaignSpec

SPEC = CampaignSpec(slug="spring", name="Spring")


@pytest.mark.parametrize(
    ("waiting", "broadcasts", "lanes"), [(0, 0, 0), (1, 1, 1), (PART + 1, 1, 2), (10**6, 1, LANES), (10**6, 9, 1)]
)
def test_lanes_follow_who_waits(waiting: int, broadcasts: int, lanes: int) -> None:
    assert count_lanes(waiting, broadcasts) == lanes


@pytest.mark.parametrize("broadcasts", [1, 2, 3, 4, 9])
def test_all_parts_together_keep_the_pace(broadcasts: int) -> None:
    lanes = broadcasts * count_lanes(10**6, broadcasts)
    assert lanes * share_pace(200.0, broadcasts) <= 200.0


def test_a_model_or_a_reader_keeps_a_campaign_from_parts() -> None:
    assert may_broadcast(SPEC, None, "house")
    assert not may_broadcast(SPEC, None, "model")
    assert not may_broadcast(SPEC.model_copy(update={"review": "sample:20"}), None, "house")
