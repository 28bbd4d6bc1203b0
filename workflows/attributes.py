"""Search attributes by which operators find workflows in the Temporal UI."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from temporalio import workflow
from temporalio.common import SearchAttributeKey, SearchAttributePair, TypedSearchAttributes

CLIENT_PHASE: Final = SearchAttributeKey.for_keyword("ClientPhase")
RISK_BAND: Final = SearchAttributeKey.for_keyword("RiskBand")
CAMPAIGN_ID: Final = SearchAttributeKey.for_keyword("CampaignId")
OUTREACH_STATE: Final = SearchAttributeKey.for_keyword("OutreachState")
NEXT_TOUCH_AT: Final = SearchAttributeKey.for_datetime("NextTouchAt")
FIX_STATE: Final = SearchAttributeKey.for_keyword("FixState")
PAUSED: Final = SearchAttributeKey.for_bool("Paused")


def upsert(values: dict[SearchAttributeKey[Any], str | bool | datetime | None]) -> None:
    """Upsert the attributes whose value changed, and only those: each upsert is an event in the history."""
    now = workflow.info().typed_search_attributes
    changed = [
        key.value_unset() if value is None else key.value_set(value)
        for key, value in values.items()
        if now.get(key) != value
    ]
    if changed:
        workflow.upsert_search_attributes(changed)


def build_start_attributes(**values: Any) -> TypedSearchAttributes:
    """Build the attributes to start a workflow with; those that are None are left out."""
    keys = {"campaign": CAMPAIGN_ID, "state": OUTREACH_STATE, "phase": CLIENT_PHASE, "fix": FIX_STATE}
    return TypedSearchAttributes(
        [SearchAttributePair(keys[name], value) for name, value in values.items() if value is not None]
    )
