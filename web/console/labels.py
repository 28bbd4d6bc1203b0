"""The labels that pages show for the codes of phases, states and kinds."""

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
"""In the order in which a client may go through them."""

STATES: Final[dict[str, str]] = {
    "briefed": "Briefed",
    "picked": "Items picked",
    "drafted": "Drafted",
    "in_review": "In review",
    "awaiting_person": "Awaiting a person",
    "scheduled": "Scheduled",
    "parked": "Parked",
    "claimed": "Being sent",
    "data": "Being transmitted",
    "sent": "Sent",
    "suppressed": "Suppressed",
    "rejected": "Rejected",
    "expired": "Expired",
    "failed": "Failed",
    "unknown": "Unknown",
    "bounced": "Came back",
    "complained": "Called spam",
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

CAMPAIGNS: Final[dict[str, str]] = {
    "draft": "Draft",
    "awaiting_approval": "Awaiting approval",
    "scheduled": "Scheduled",
    "running": "Running",
    "paused": "Paused",
    "finishing": "Finishing",
    "finished": "Finished",
    "ended": "Ended",
}
VERSIONS: Final[dict[str, str]] = {
    "draft": "Draft",
    "awaiting_approval": "Awaiting approval",
    "approved": "Approved",
    "live": "Live",
    "set_aside": "Set aside",
}
VERSIONS_DONE: Final[dict[str, str]] = {
    "saved": "The draft is saved. Nothing of it runs yet.",
    "submit": "Approval is asked for.",
    "approve": "This version is approved. Nothing runs before somebody starts it.",
    "send_back": "It is sent back.",
    "schedule": "It will start by itself.",
    "start": "It runs.",
}
SIMULATIONS: Final[dict[str, str]] = {
    "running": "Running",
    "done": "Done",
    "failed": "Failed",
    "cancelled": "Stopped",
    "interrupted": "Interrupted",
}
STEP_ACTIONS: Final[dict[str, str]] = {
    "mail": "Mail",
    "wait": "Wait",
    "wait_for": "Wait for something they do",
    "branch": "Part ways",
    "call": "Call by a stylist",
    "stop": "The end",
}
AUTONOMIES: Final[dict[str, str]] = {
    "approved": "approved sentences only",
    "grounded": "writes, each sentence on facts",
    "free": "writes, and a person lets each out",
}
ENROLMENTS: Final[dict[str, str]] = {
    "waiting": "Waiting",
    "in_step": "Mail on its way",
    "held_out": "Held out",
    "completed": "Completed",
    "exited": "Left early",
    "dropped": "Dropped",
    "failed": "Failed",
}

ACTIONS: Final[dict[str, str]] = {
    "email": "a mail",
    "stylist_call": "a call",
    "offer": "an offer",
    "nothing": "nothing",
}
"""What the slot next_action chose."""
SLOTS: Final[dict[str, str]] = {
    "engagement": "How engaged",
    "risk": "Risk of leaving",
    "ranking": "Items for them",
    "session": "Order of a page",
    "assembly": "The box",
    "send_time": "Time to send",
    "next_action": "What to do next",
}
"""What each slot decides, on the page of a client."""

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
"""Those that wait for a decision are first."""

FLAGS: Final[dict[str, str]] = {"draft": "Draft", "running": "Running", "stopped": "Stopped"}
OFFERS: Final[dict[str, str]] = {"draft": "Draft", "live": "Live", "expired": "Over", "retired": "Retired"}
CALLS: Final[dict[str, str]] = {"open": "To call", "done": "Done", "dropped": "Dropped"}
CALL_OUTCOMES: Final[dict[str, str]] = {
    "reached": "Reached",
    "no_answer": "No answer",
    "by_stylist": "Dropped by a stylist",
    "came_back": "Came back by themselves",
    "too_late": "Not made in time",
    "no_consent": "Withdrew consent",
    "client_wants_none": "Wants to hear nothing",
    "held_by_client": "Asked us to pause",
    "topic_unwanted": "Wants no mail about this",
    "held_by_operator": "Held by an operator",
    "erased": "Is being erased",
}
"""How a call ended."""
OVERDUE: Final[dict[str, str]] = {
    "replan": "is planned anew, at a good time",
    "send_late": "goes out now, late",
    "expire": "is dropped",
}
"""What becomes of mail that fell due during a pause."""
TOPICS: Final[dict[str, str]] = {
    "news": "What is new in the shop",
    "selection": "A stylist's selection for them",
    "campaign": "Campaigns",
}
DONE: Final[dict[str, str]] = {
    "pause": "Their mail is paused; nothing more goes out.",
    "resume": "Their mail goes on.",
    "wishes": "Their wishes are saved and hold from now on.",
    "fix": "The Fix is requested.",
    "new": "The client is saved; their workflow starts.",
    "edit": "The changes are saved.",
}
"""What the next page says of an act that was done."""

IMPORT_KINDS: Final[dict[str, str]] = {
    "clients": "Clients",
    "catalogue": "Catalogue",
    "stock": "Stock",
    "events": "Events: orders, views, returns and so on",
}
IMPORTS: Final[dict[str, str]] = {
    "uploaded": "To confirm",
    "running": "Going in",
    "stopped": "Cut off",
    "done": "In",
    "failed": "Failed",
}
"""The states of an import; one that runs in no process any more is cut off."""

REJECT_REASONS: Final[dict[str, str]] = {
    "taste": "Not their taste",
    "fit": "Would not fit",
    "price": "Too expensive",
    "request": "Not what they asked for",
    "client": "The client called it off",
    "other": "Another reason",
}
"""Why a stylist rejects a box."""

DRAFT_REASONS: Final[dict[str, str]] = {
    "refused": "the reviewer refused it",
    "sample": "one of the first, as a sample",
    "all": "every such mail is read",
}
"""Why a draft awaits a person."""
DRAFT_STAGES: Final[dict[str, str]] = {"fresh": "New", "reminded": "Waits long", "escalated": "Waits too long"}

BOX_STATES: Final[dict[str, str]] = {"expired": "No longer reserved", "kept": "Kept", "returned": "Returned"}
"""The states of an item of a box that the Fix page shows."""

BOX_ROLES: Final[dict[str, str]] = {
    "top": "Top",
    "bottom": "Bottom",
    "dress": "Dress",
    "knitwear": "Knitwear",
    "outerwear": "Outerwear",
    "shoes": "Shoes",
    "bag": "Bag",
    "accessory": "Accessory",
    "other": "Other",
}
"""What a piece of a box is worn as."""

LEFT_OUT: Final[dict[str, str]] = {
    "out_of_stock": "Out of stock in their size",
    "not_in_size": "Not made in their size",
    "too_dear": "Too expensive",
    "excluded_category": "Category not wanted",
    "excluded_colour": "Colour not wanted",
    "unwanted": "Has what they do not want",
    "unsuited": "Does not suit what they ask",
    "out_of_season": "For another season",
    "excluded_item": "Item not wanted",
    "owned": "Owned already",
    "in_another_fix": "In another box",
    "sent_back": "Returned lately",
    "not_ranked": "Ranked lower",
}

VERDICTS: Final[dict[str, str]] = {
    "first": "First model, now champion",
    "better": "Better, now champion",
    "not_better": "Not significantly better",
    "too_few": "Too few to judge by",
    "young": "Too new to judge",
    "changed": "Champion changed meanwhile",
    "nothing_to_learn": "No data to train on",
    "learnt": "Trained, not compared yet",
    "failed": "Failed",
}
"""The result of a challenger in nightly training."""

REFRESH_STATES: Final[dict[str, str]] = {
    "learning": "Training",
    "picking": "Preparing recommendations",
    "comparing": "Checking for drift",
    "done": "Done",
}

HOLD_SOURCES: Final[dict[str, str]] = {
    "client": "the client",
    "operator": "an operator",
    "erasure": "its erasure",
}

EVENTS: Final[dict[str, str]] = {
    "signed_up": "Signed up",
    "quiz_answered": "Took the style quiz",
    "item_viewed": "Looked at",
    "item_clicked": "Clicked",
    "added_to_cart": "Put in the cart",
    "searched": "Searched",
    "wishlisted": "Added to the wish list",
    "order_placed": "Bought",
    "order_returned": "Sent back",
    "fix_requested": "Asked for a Fix",
    "fix_feedback": "Gave feedback on",
    "email_opened": "Opened a mail",
    "email_clicked": "Clicked in a mail",
    "email_bounced": "A mail bounced",
    "email_complained": "Complained about a mail",
    "unsubscribed": "Unsubscribed",
    "consent_changed": "Changed consent",
}
SCORE_PARTS: Final[dict[str, str]] = {
    "match": "match with preferences",
    "trend": "trend",
    "inventory": "stock",
    "margin": "margin",
    "freshness": "freshness",
    "season": "season",
}


def get_label(code: object, labels: dict[str, str]) -> str:
    """Return the label of `code`; a new code is shown readably."""
    return labels.get(str(code), str(code).replace("_", " "))
