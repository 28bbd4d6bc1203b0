"""`GET /v1/activity`: who changed what."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import Query

from domain.permissions import Disclosure
from models.activity_queries import ActivityPage, ActivityQuery
from services.activity.lists import find_changes
from web.api.routing import create_router
from web.auth.rules import needs
from web.context import Here

router: Final = create_router("activity")


@router.get("/activity", dependencies=[needs(Disclosure.ACTIVITY)])
def list_activity(context: Here, query: Annotated[ActivityQuery, Query()]) -> ActivityPage:
    """List who changed what, the latest first, for `SELVEDGE_ACTIVITY_DAYS`. No personal data is in it; of an erased
    client it stays on record that somebody changed something, and no id.

    `changed` in `data` holds for each field that was replaced what it was and what it is.
    """
    return find_changes(context.engine, query)
