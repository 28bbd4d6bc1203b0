"""Whether the Temporal namespace knows the search attributes that our workflows set.

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


async def registered(client: Client) -> None:
    """Raises ConfigError naming what is missing and how to register it.

    A server that does not let us list them, as Temporal Cloud may, is taken at its word.
    """
    try:
        known = await client.operator_service.list_search_attributes(
            ListSearchAttributesRequest(namespace=client.namespace)
        )
    except RPCError:
        return
    if missing := lacking(set(known.custom_attributes)):
        raise ConfigError(
            f"SELVEDGE_TEMPORAL_NAMESPACE: {client.namespace} lacks search attributes that workflows set; run "
            f"temporal operator search-attribute create --namespace {client.namespace} {missing}"
        )


def lacking(known: set[str]) -> str:
    """The arguments of the `temporal` command for what is not known; empty when all are."""
    return " ".join(
        f"--name {key.name} --type {key.indexed_value_type.name.capitalize()}" for key in KEYS if key.name not in known
    )
