"""The servers that the tests stand on are real and have what the tests need."""

from __future__ import annotations

import socket
import subprocess
import sys
from datetime import timedelta

import psycopg
import pytest
from temporalio import workflow
from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.operatorservice.v1 import ListSearchAttributesRequest
from temporalio.client import Client
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from demo.servers import SEARCH_ATTRIBUTES
from tests.support.ports import free_ports
from tests.support.temporal import DevServer, new_dev_server


@workflow.defn
class Sleeper:
    """Sleeps the given number of days, then says how long it took by the server's clock."""

    @workflow.run
    async def run(self, days: int) -> float:
        """Seconds slept."""
        began = workflow.now()
        await workflow.sleep(timedelta(days=days))
        return (workflow.now() - began).total_seconds()


def test_free_ports_are_all_different_and_none_is_given_out_by_the_system() -> None:
    ports = free_ports(20) + free_ports(20)
    assert len(set(ports)) == 40
    with socket.socket() as stranger:
        stranger.bind(("127.0.0.1", 0))
        assert max(ports) < stranger.getsockname()[1]


def test_a_port_that_one_process_holds_is_given_to_no_other() -> None:
    ours = set(free_ports(200))
    script = "from tests.support.ports import _hold; import sys; print([p for p in map(int, sys.argv[1:]) if _hold(p)])"
    other = subprocess.run([sys.executable, "-c", script, *map(str, ours)], capture_output=True, text=True, check=True)
    assert other.stdout.strip() == "[]"


def test_each_database_is_empty_and_writable(postgres_url: str) -> None:
    with psycopg.connect(postgres_url.replace("+psycopg", "")) as connection:
        connection.execute("CREATE TABLE t (n integer)")
        connection.execute("INSERT INTO t VALUES (7)")
        assert connection.execute("SELECT n FROM t").fetchone() == (7,)
        assert connection.execute("SHOW server_encoding").fetchone() == ("UTF8",)


async def test_dev_server_knows_our_search_attributes(dev_server: DevServer) -> None:
    client = await Client.connect(dev_server.address)
    known = await client.operator_service.list_search_attributes(ListSearchAttributesRequest(namespace="default"))
    assert set(SEARCH_ATTRIBUTES) <= set(known.custom_attributes)
    assert known.custom_attributes["NextTouchAt"] == IndexedValueType.INDEXED_VALUE_TYPE_DATETIME


async def test_killed_dev_server_remembers(tmp_path_factory: pytest.TempPathFactory) -> None:
    server = new_dev_server(tmp_path_factory.mktemp("killed"))
    try:
        await server.start_async()
        client = await Client.connect(server.address)
        await client.start_workflow(Sleeper.run, 30, id="sleeper", task_queue="nobody")
        server.kill()
        await server.start_async()
        client = await Client.connect(server.address)
        assert (await client.get_workflow_handle("sleeper").describe()).id == "sleeper"
    finally:
        server.stop()


async def test_time_skips(time_skipping: WorkflowEnvironment) -> None:
    async with Worker(time_skipping.client, task_queue="q", workflows=[Sleeper]):
        slept = await time_skipping.client.execute_workflow(Sleeper.run, 90, id="s", task_queue="q")
    assert 90 * 86_400 <= slept < 90 * 86_400 + 60
