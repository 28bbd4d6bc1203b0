"""Updates as the Temporal CLI sends them."""

from __future__ import annotations

from temporalio.client import Client

from models.campaign import CampaignChange, CampaignProgress
from models.clients import ClientPolicy
from workflows import handles, ids


async def adjust_campaign(client: Client, slug: str, change: CampaignChange) -> CampaignProgress:
    """Change a running campaign. Raises BadInput with the workflow's reason when it refuses."""
    answer: CampaignProgress = await handles.update(client, ids.campaign(slug), "set_policy", change, CampaignProgress)
    return answer


async def set_policy(client: Client, client_id: str, policy: ClientPolicy) -> ClientPolicy:
    """Set a client's mail policy. Raises BadInput with the workflow's reason when it refuses."""
    answer: ClientPolicy = await handles.update(client, ids.client(client_id), "set_policy", policy, ClientPolicy)
    return answer
