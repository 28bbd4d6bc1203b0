"""What webhooks tell and how far they are, in words."""

from __future__ import annotations

from typing import Final

WEBHOOK_TYPES: Final[dict[str, str]] = {
    "mail.sent": "A mail was sent",
    "mail.bounced": "A mail bounced",
    "mail.complained": "A client complained of a mail",
    "mail.clicked": "A client followed a link",
    "campaign.state_changed": "A campaign changed its state",
    "client.phase_changed": "A client changed their phase",
    "fix.state_changed": "A Fix changed its state",
    "webhook.test": "A test",
}
MESSAGE_STATES: Final[dict[str, str]] = {
    "waiting": "Waiting",
    "delivered": "Delivered",
    "failed": "Given up",
    "held": "Held",
}
ENDPOINT_STATES: Final[dict[str, str]] = {"enabled": "On", "disabled": "Off"}
TRY_FAULTS: Final[dict[str, str]] = {
    "late": "no answer in time",
    "unreachable": "cannot be reached",
    "broken_answer": "the answer breaks off or is none",
    "forbidden_address": "its address is private, or without TLS: SELVEDGE_WEBHOOK_NETWORKS allows networks",
    "redirects": "it redirects, which is not followed",
}
