"""All routers of the API, in the order of the OpenAPI document."""

from __future__ import annotations

from typing import Final

from web.api import (
    activity,
    attributes,
    calls,
    campaign_previews,
    campaign_versions,
    campaigns,
    clients,
    drafts,
    events,
    fixes,
    goods,
    metrics,
    privacy,
    recommendations,
    returns,
    search,
    segments,
    sessions,
    slot_policies,
    slots,
    suppressions,
    team,
    visits,
    webhooks,
)

ROUTERS: Final = (
    events.router,
    clients.router,
    privacy.router,
    goods.router,
    attributes.router,
    segments.router,
    suppressions.router,
    returns.router,
    campaigns.router,
    drafts.router,
    fixes.router,
    calls.router,
    campaign_versions.router,
    campaign_previews.router,
    recommendations.router,
    search.router,
    sessions.router,
    visits.router,
    slots.router,
    slot_policies.router,
    metrics.router,
    webhooks.router,
    team.router,
    activity.router,
)
