"""The labels that pages show for roles, accounts and ways."""

from __future__ import annotations

from typing import Final

CHANNELS: Final[dict[str, str]] = {
    "page": "on a page",
    "api": "by API",
    "command": "by command",
    "temporal": "through Temporal",
    "mcp": "by an agent",
    "system": "by itself",
}
"""The way by which a change came in."""

ROLES: Final[dict[str, str]] = {
    "viewer": "Viewer",
    "marketer": "Marketer",
    "stylist": "Stylist",
    "data_scientist": "Data scientist",
    "operator": "Operator",
    "owner": "Owner",
    "client": "Client",
}

ACCOUNTS: Final[dict[str, str]] = {"invited": "Invited", "active": "Active", "disabled": "Disabled"}
