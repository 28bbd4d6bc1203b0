"""A withdrawal ends every consent that was received before it, by whichever way and whatever the clocks say."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from models.returns import ReturnKind
from store.database import read_transaction
from store.mail.mailboxes import has_campaign_mail
from store.mail.suppressions import hash_mailbox
from tests.services.returns.test_mailboxes import NOW, Shop, shop

__all__ = ["shop"]

FAST = NOW + timedelta(minutes=4)
"""What a clock says that is four minutes ahead, as far as one may be."""
WITHDRAWALS: dict[str, Callable[[Shop], object]] = {
    "event": lambda shop: shop.event("a", "unsubscribed"),
    "changed": lambda shop: shop.event("a", "consent_changed", consent=False),
    "complaint event": lambda shop: shop.event("a", "email_complained", outreach="a.1"),
    "link": lambda shop: shop.link("a"),
    "mailto": lambda shop: shop.take("a", ReturnKind.OPT_OUT),
    "complaint": lambda shop: shop.take("a", ReturnKind.COMPLAINT),
}


@pytest.fixture
def agreed(shop: Shop) -> Shop:
    """Two ids of one mailbox, mailed a month ago, of which the first just agreed again by a fast clock."""
    for name in "ab":
        shop.client(name, "ann@example.com", NOW - timedelta(days=60))
    shop.put_mail("a", at=NOW - timedelta(days=30))
    shop.event("a", "consent_changed", FAST, consent=True)
    assert [shop.gate(name) for name in "ab"] == ["", ""]
    return shop


@pytest.mark.parametrize("way", WITHDRAWALS)
def test_it_holds_for_all_ids_of_the_mailbox(agreed: Shop, way: str) -> None:
    WITHDRAWALS[way](agreed)
    assert all(agreed.gate(name) for name in "ab")
    agreed.client("a", "ann@example.com")
    agreed.client("c", "Ann@Example.com")
    assert all(agreed.gate(name) for name in "abc"), "a list gives nothing back"


@pytest.mark.parametrize("way", ["event", "changed", "link", "mailto"])
def test_the_earlier_consent_sent_again_changes_nothing_and_a_later_one_counts(agreed: Shop, way: str) -> None:
    WITHDRAWALS[way](agreed)
    assert agreed.gate("a")
    agreed.event("a", "consent_changed", FAST, consent=True)  # its own event id: the shop's queue delivered it twice
    assert agreed.gate("a")
    agreed.event("a", "consent_changed", FAST + timedelta(minutes=1), consent=True)
    assert agreed.gate("a") == ""


def test_a_list_that_says_no_holds_against_a_fast_clock(agreed: Shop) -> None:
    agreed.client("a", "ann@example.com", consent=False)
    assert agreed.gate("a")
    agreed.client("a", "ann@example.com", consent=True)
    assert agreed.gate("a")


def test_one_campaign_mails_one_mailbox_once_whatever_ids_carry_it(shop: Shop) -> None:
    for n in range(20):
        shop.client(f"shop-{n}", "Ann.Lee@Example.com" if n % 2 else "ann.lee@example.com")
    shop.put_mail("shop-0", campaign="sale")
    mailbox = hash_mailbox("k", "ann.lee@example.com", True)
    with read_transaction(shop.engine) as connection:
        mailed = [has_campaign_mail(connection, mailbox, "sale", f"shop-{n}") for n in range(20)]
        assert not has_campaign_mail(connection, mailbox, "other", "shop-1")
    assert mailed == [False] + [True] * 19
    assert {shop.gate(f"shop-{n}") for n in range(20)} == {"cap"}
