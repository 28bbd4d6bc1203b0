"""What a client owns, wears and belongs to."""

from __future__ import annotations

import pytest

from domain.histories import ClientSignals, Interaction, Quiz


@pytest.mark.parametrize(
    ("touches", "owned"),
    [
        ([("order_placed", 1)], True),
        ([("order_placed", 1), ("order_returned", 1)], False),
        ([("order_returned", 1), ("order_placed", 1)], False),  # whatever the order of the rows
        ([("order_placed", 2), ("order_returned", 1)], True),
        ([("order_placed", 1), ("order_returned", 1), ("order_placed", 1)], True),
        ([("item_viewed", 1), ("wishlisted", 1), ("added_to_cart", 3)], False),
        ([("fix_kept", 1)], True),
        ([("fix_sent_back", 1)], False),
        ([("order_placed", 1), ("fix_sent_back", 1)], True),  # one was bought; another, in a Fix, went back
    ],
)
def test_owned_is_what_was_bought_or_kept_and_not_sent_back(touches, owned):
    client = ClientSignals("c", touches=tuple(Interaction("i", kind, 10.0, quantity) for kind, quantity in touches))
    assert (client.owned == {"i"}) is owned


def test_lately_sent_back_has_an_end():
    client = ClientSignals(
        "c", touches=(Interaction("a", "order_returned", 0.0), Interaction("b", "fix_sent_back", 864_000.0))
    )
    assert client.list_sent_back(864_000.0, 9) == {"b"}
    assert client.list_sent_back(864_000.0, 11) == {"a", "b"}
    assert client.list_sent_back(864_000.0, 10) == {"a", "b"}
    assert client.list_sent_back(863_999.0) == {"a"}, "what comes later is not known yet"
    assert client.list_sent_back(90 * 86_400.0) == {"a", "b"}
    assert client.list_sent_back(90 * 86_400.0 + 1) == {"b"}


def test_the_quiz_fills_sizes_in_and_the_profile_holds():
    assert ClientSignals("c", quiz=Quiz(sizes=("M",))).wears == ("M",)
    assert ClientSignals("c", sizes=("S",), quiz=Quiz(sizes=("M",))).wears == ("S",)


def test_cohorts_are_compared_without_case():
    client = ClientSignals("c", tags=("VIP", "vip "), quiz=Quiz(styles=("Boho",)))
    assert client.cohorts == ("tag:vip", "style:boho")
