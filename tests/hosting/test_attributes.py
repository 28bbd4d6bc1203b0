"""A worker tells at its start what the namespace lacks, instead of failing every workflow task for ever."""

from __future__ import annotations

from temporalio.api.operatorservice.v1 import ListSearchAttributesRequest

from demo.servers import SEARCH_ATTRIBUTES
from hosting.attributes import KEYS, format_missing, require_attributes
from tests.support.temporal import DevServer
from workflows import handles


def test_what_is_missing_is_told_as_it_is_typed() -> None:
    assert format_missing(set()) == " ".join(f"--name {name} --type {kind}" for name, kind in SEARCH_ATTRIBUTES.items())
    assert format_missing({key.name for key in KEYS} - {"Paused"}) == "--name Paused --type Bool"


async def test_a_namespace_with_all_of_them_is_taken(dev_server: DevServer) -> None:
    client = await handles.connect(dev_server.address, "default")
    await require_attributes(client)
    listed = await client.operator_service.list_search_attributes(ListSearchAttributesRequest(namespace="default"))
    assert format_missing(set(listed.custom_attributes)) == ""
