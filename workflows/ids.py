"""Workflow ids, in fixed forms, so that anyone can name a client's workflow."""

from __future__ import annotations

from models.base import CampaignSlug, ClientId, Id
from models.fixes import FixId
from models.refreshes import RefreshId

WAVES = "fix-wave:"
REFRESHES = "refresh:"


def client(client_id: ClientId) -> str:
    """Return the workflow id of one client."""
    return f"client:{client_id}"


def outreach(client_id: ClientId, n: int) -> str:
    """Return the workflow id of one mail."""
    return f"outreach:{client_id}:{n}"


def summarise_outreach(kind: str, n: int) -> str:
    """Return the summary under which a mail's workflow is listed."""
    return f"{kind} mail {n}"


def campaign(slug: CampaignSlug) -> str:
    """Return the workflow id of one campaign."""
    return f"campaign:{slug}"


def fix(fix_id: FixId) -> str:
    """Return the workflow id of one Fix."""
    return f"fix:{fix_id}"


def erasure(client_id: ClientId) -> str:
    """Return the workflow id of one erasure."""
    return f"erasure:{client_id}"


def fix_wave(wave: Id) -> str:
    """Return the workflow id of one wave of Fixes."""
    return f"{WAVES}{wave}"


def wave_of(workflow_id: str) -> Id:
    """Parse the wave from a workflow id. A schedule adds the moment to the id, with characters that no wave id has."""
    return workflow_id.removeprefix(WAVES).replace(":", "")[:64]


def refresh(refresh_id: RefreshId) -> str:
    """Return the workflow id of one Refresh."""
    return f"{REFRESHES}{refresh_id}"


def refresh_of(workflow_id: str) -> RefreshId:
    """Parse the Refresh from a workflow id, as `wave_of`."""
    return workflow_id.removeprefix(REFRESHES).replace(":", "")[:64]
