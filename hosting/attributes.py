"""Check that the Temporal namespace knows the search attributes that our workflows set.

Without one of them every workflow task fails for ever, and nothing but a warning of the SDK's core says so.
"""

from __future__ import annotations

from typing import Any, Final

from temporalio.api.operatorservice.v1 import ListSearchAttributesRequest
from temporalio.client import Client
from temporalio.common import SearchAttributeKey
from temporalio.service import RPCError

from errors import ConfigError
from workflows import attributes

KEYS: Final[tuple[SearchAttributeKey[Any], ...]] = (
    attributes.CLIENT_PHASE,
    attributes.RISK_BAND,
    attributes.CAMPAIGN_ID,
    attributes.OUTREACH_STATE,
    attributes.FIX_STATE,
    attributes.NEXT_TOUCH_AT,
    attributes.PAUSED,
)


async def require_attributes(client: Client) -> None:
    """Require all search attributes. Raises ConfigError naming what is missing and how to register it.

    A server that does not let us list them, as Temporal Cloud may, is taken at its word.
    """
    try:
        registered = await client.operator_service.list_search_attributes(
            ListSearchAttributesRequest(namespace=client.namespace)
        )
    except RPCError:
        return
    if missing := format_missing(set(registered.custom_attributes)):
        raise ConfigError(
            f"SELVEDGE_TEMPORAL_NAMESPACE: {client.namespace} lacks search attributes that workflows set; run "
            f"temporal operator search-attribute create --namespace {client.namespace} {missing}"
        )


def format_missing(names: set[str]) -> str:
    """Format the arguments of the `temporal` command that register what is missing; empty when nothing is."""
    return " ".join(
        f"--name {key.name} --type {key.indexed_value_type.name.capitalize()}" for key in KEYS if key.name not in names
    )
