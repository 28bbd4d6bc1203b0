"""The words that pages use for the codes of phases, states and kinds."""

from __future__ import annotations

from typing import Final

PHASES: Final[dict[str, str]] = {
    "new": "New",
    "onboarding": "Onboarding",
    "active": "Active",
    "cooling": "Cooling",
    "at_risk": "At risk",
    "lapsed": "Lapsed",
    "won_back": "Won back",
    "dormant": "Dormant",
    "erased": "Erased",
}
"""In the order in which a client may pass through them."""

STATES: Final[dict[str, str]] = {
    "briefed": "Briefed",
    "picked": "Items picked",
    "drafted": "Drafted",
    "in_review": "In review",
    "awaiting_person": "Awaiting a person",
    "scheduled": "Scheduled",
    "parked": "Parked",
    "claimed": "Being sent",
    "data": "On the wire",
    "sent": "Sent",
    "suppressed": "Suppressed",
    "rejected": "Rejected",
    "expired": "Expired",
    "failed": "Failed",
    "unknown": "Unknown",
}
"""In the order in which a mail may pass through them."""

KINDS: Final[dict[str, str]] = {
    "welcome": "Welcome",
    "quiz": "Style quiz",
    "missed": "Missed you",
    "new_in": "New in",
    "stylist": "Stylist's choice",
    "win_back": "Win back",
    "won_back": "Welcome back",
    "campaign": "Campaign",
}

CAMPAIGNS: Final[dict[str, str]] = {"running": "Running", "paused": "Paused", "ended": "Ended"}
ENROLMENTS: Final[dict[str, str]] = {
    "pending": "Waiting",
    "queued": "Mail on its way",
    "done": "Done",
    "dropped": "Dropped",
    "held_out": "Held out",
}

ACTIONS: Final[dict[str, str]] = {
    "email": "a mail",
    "stylist_call": "a call",
    "offer": "an offer",
    "nothing": "nothing",
}
"""What the slot next_action chose."""

FIXES: Final[dict[str, str]] = {
    "proposed": "To decide",
    "requested": "Requested",
    "ranked": "Items ranked",
    "assembled": "Assembled",
    "approved": "Approved",
    "shipped": "Shipped",
    "closed": "Closed",
    "cancelled": "Cancelled",
    "expired": "Expired",
    "failed": "Failed",
}
"""Those on which somebody must decide come first."""

CALLS: Final[dict[str, str]] = {"open": "To call", "done": "Done", "dropped": "Dropped"}
CALLED: Final[dict[str, str]] = {
    "reached": "Reached",
    "no_answer": "No answer",
    "by_stylist": "Dropped by a stylist",
    "came_back": "Came back by themselves",
    "too_late": "Not made in time",
    "no_consent": "Withdrew consent",
    "client_wants_none": "Wants to hear nothing",
    "held_by_client": "Asked us to pause",
    "held_by_operator": "Held by an operator",
    "held_by_campaign": "Held by a campaign",
    "erased": "Is being erased",
}
"""How a call ended."""

BOXED: Final[dict[str, str]] = {"expired": "No longer held", "kept": "Kept", "returned": "Returned"}
"""The states of an item of a box that a stylist wants to be told."""

LEFT_OUT: Final[dict[str, str]] = {
    "out_of_stock": "None free in their size",
    "not_in_size": "Not made in their size",
    "too_dear": "Too dear",
    "excluded_category": "Category not wanted",
    "excluded_colour": "Colour not wanted",
    "excluded_item": "Item not wanted",
    "owned": "Owned already",
    "in_another_fix": "In another box",
    "sent_back": "Sent back lately",
    "not_ranked": "Ranked lower",
}

VERDICTS: Final[dict[str, str]] = {
    "first": "First model, serves",
    "better": "Better, serves",
    "not_better": "Not better beyond noise",
    "too_few": "Too few to judge by",
    "young": "Too young to be judged",
    "changed": "Replaced meanwhile",
    "nothing_to_learn": "Nothing to learn from",
    "learnt": "Learnt, not tried yet",
    "failed": "Given up",
}
"""What became of a challenger at night."""

NIGHTS: Final[dict[str, str]] = {
    "learning": "Learning",
    "picking": "Making lists",
    "comparing": "Looking for drift",
    "done": "Done",
}

HOLDERS: Final[dict[str, str]] = {
    "client": "the client",
    "operator": "an operator",
    "campaign": "a campaign",
    "erasure": "its erasure",
}

EVENTS: Final[dict[str, str]] = {
    "signed_up": "Signed up",
    "quiz_answered": "Took the style quiz",
    "item_viewed": "Looked at",
    "item_clicked": "Clicked",
    "added_to_cart": "Put in the cart",
    "searched": "Searched",
    "wishlisted": "Wished for",
    "order_placed": "Bought",
    "order_returned": "Sent back",
    "fix_requested": "Asked for a Fix",
    "fix_feedback": "Gave feedback on",
    "email_opened": "Opened a mail",
    "email_clicked": "Clicked in a mail",
    "email_bounced": "A mail bounced",
    "email_complained": "Complained of a mail",
    "unsubscribed": "Unsubscribed",
    "consent_changed": "Changed consent",
}

PARTS: Final[dict[str, str]] = {
    "match": "match with taste",
    "trend": "trend",
    "inventory": "stock",
    "margin": "margin",
    "freshness": "freshness",
    "season": "season",
}

GOOD: Final = frozenset({"sent", "done", "running", "active", "won_back", "shipped", "closed", "kept"})
WAITING: Final = frozenset(
    {
        "briefed",
        "picked",
        "drafted",
        "in_review",
        "awaiting_person",
        "scheduled",
        "claimed",
        "data",
        "open",
        "pending",
        "queued",
        "requested",
        "ranked",
        "assembled",
        "proposed",
        "approved",
    }
)
BAD: Final = frozenset({"failed", "unknown", "rejected"})


def word(code: object, words: dict[str, str]) -> str:
    """The word for `code`; the code itself, readable, when it is a new one."""
    return words.get(str(code), str(code).replace("_", " "))


def tone(state: str) -> str:
    """Which of four colours a state is shown in: good, waiting, bad or quiet."""
    for name, states in (("good", GOOD), ("waiting", WAITING), ("bad", BAD)):
        if state in states:
            return name
    return "quiet"
