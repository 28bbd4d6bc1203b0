"""Temporal's server on PostgreSQL, as a shop runs it: for `pytest --production`, and for the bench.

It has the dev server's interface (`tests.support.temporal`), so that a test does not know which one it runs on.
"""

from __future__ import annotations

import subprocess
import sys
import uuid
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

from psycopg import sql
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest
from temporalio.api.workflowservice.v1 import RegisterNamespaceRequest
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from demo.servers import SEARCH_ATTRIBUTES
from scripts.production_server import SCHEMA_TOOL
from tests.support.ports import free_ports
from tests.support.postgres import USER, Cluster, share_cluster
from tests.support.temporal import INDEXED, DevServer
from tests.support.worker import ROOT

RETENTION = timedelta(days=30)
STORES = ("temporal", "visibility")
SERVICES = ("frontend", "history", "matching", "worker")

CONFIG = """
log: {{stdout: true, level: error}}
persistence:
  defaultStore: temporal
  visibilityStore: visibility
  numHistoryShards: {shards}
  datastores:
    temporal: {{sql: {{databaseName: {temporal}, maxConns: {connections}, maxIdleConns: {connections}, {sql}}}}}
    visibility: {{sql: {{databaseName: {visibility}, maxConns: 10, maxIdleConns: 10, {sql}}}}}
global:
  membership: {{maxJoinDuration: 30s, broadcastAddress: 127.0.0.1}}
services:
{services}
clusterMetadata:
  enableGlobalNamespace: false
  failoverVersionIncrement: 10
  masterClusterName: active
  currentClusterName: active
  clusterInformation:
    active: {{enabled: true, initialFailoverVersion: 1, rpcName: frontend, rpcAddress: "127.0.0.1:{port}"}}
dynamicConfigClient: {{filepath: "{folder}/dynamic.yaml", pollInterval: 10s}}
"""
SERVICE = "  {name}: {{rpc: {{grpcPort: {port}, membershipPort: {membership}, bindOnLocalHost: true}}}}"
SQL = 'pluginName: postgres12, connectAddr: "127.0.0.1:{port}", connectProtocol: tcp, user: {user}, password: none'


_run = {"production": False}


def choose(production: bool) -> None:
    """Say on which stack this run's whole processes stand."""
    _run["production"] = production


def is_chosen() -> bool:
    """Whether this run was started with `--production`."""
    return _run["production"]


def new_database() -> str:
    """The URL of a new database with our tables, on the PostgreSQL of this run. It goes with that server."""
    cluster = share_cluster()
    return cluster.url(cluster.copy_database(cluster.template))


def new_server(folder: Path, cluster: Cluster, **options: Any) -> ProductionServer:
    """A server with its databases in `cluster`, not yet started. The program is built where it is absent. Raises
    FileNotFoundError where it cannot be had, saying why."""
    command = [sys.executable, "-m", "scripts.production_server"]
    built = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False)
    if built.returncode:
        raise FileNotFoundError(f"Temporal's server cannot be had; {' '.join(command[1:])} says why")
    ports = free_ports(2 * len(SERVICES))
    return ProductionServer(Path(built.stdout.strip()), folder, ports, cluster=cluster, **options)


@dataclass(kw_only=True)
class ProductionServer(DevServer):
    """A server whose two databases lie in `cluster`; killed and started again, it goes on from them."""

    cluster: Cluster
    shards: int = 4
    connections: int = 20
    _saved: dict[str, str] = field(default_factory=dict, init=False)

    @cached_property
    def databases(self) -> dict[str, str]:
        """The names of its databases by what they store; their tables are made at the first call."""
        names = {store: f"{store}_{uuid.uuid4().hex[:12]}" for store in STORES}
        for store, name in names.items():
            self.cluster.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
            for step in (["setup-schema", "-v", "0.0"], ["update-schema", "--schema-name", f"postgresql/v12/{store}"]):
                self._make_tables(name, step)
        return names

    def save_state(self) -> None:
        """Copy its databases, while it is stopped."""
        for name in self.databases.values():
            self._end_sessions(name)
            self._saved[name] = self.cluster.copy_database(name)

    def forget_state(self) -> None:
        """Lose its databases, while it is stopped."""
        del self.databases

    def recall_state(self) -> None:
        """Go back to the copies, while it is stopped. Each takes the old name, which stands in its tables."""
        for name, copy in self._saved.items():
            self.cluster.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
            rename = sql.SQL("ALTER DATABASE {} RENAME TO {}")
            self.cluster.execute(rename.format(sql.Identifier(copy), sql.Identifier(name)))

    def _end_sessions(self, name: str) -> None:
        """End those that a killed server left; wait until they are gone."""
        left = sql.SQL("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = {}")
        self.cluster.execute(left.format(sql.Literal(name)))

    def _make_tables(self, database: str, step: list[str]) -> None:
        where = ["--plugin", "postgres12", "--ep", "127.0.0.1", "-p", str(self.cluster.port), "-u", USER]
        command = [str(self.binary.parent / SCHEMA_TOOL), *where, "--pw", "none", "--db", database, *step]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"Temporal's tables were not made: {(done.stdout + done.stderr)[-2000:]}")

    def _build_command(self) -> list[str]:
        half = len(SERVICES)
        places = zip(SERVICES, self.ports[:half], self.ports[half:], strict=True)
        text = CONFIG.format(
            shards=self.shards,
            connections=self.connections,
            services="\n".join(SERVICE.format(name=name, port=port, membership=other) for name, port, other in places),
            port=self.ports[0],
            folder=self.folder,
            sql=SQL.format(port=self.cluster.port, user=USER),
            **self.databases,
        )
        (self.folder / "test.yaml").write_text(text)
        values = "".join(f"{name}:\n  - value: {value}\n" for name, value in self.dynamic.items())
        (self.folder / "dynamic.yaml").write_text(values)
        return [str(self.binary), "--root", str(self.folder), "--config", ".", "--env", "test", "start"]

    async def _prepare(self, client: Client) -> None:
        namespace = RegisterNamespaceRequest(namespace="default")
        namespace.workflow_execution_retention_period.FromTimedelta(RETENTION)
        attributes = AddSearchAttributesRequest(
            namespace="default", search_attributes={name: INDEXED[kind] for name, kind in SEARCH_ATTRIBUTES.items()}
        )
        for register in (
            client.workflow_service.register_namespace(namespace),
            client.operator_service.add_search_attributes(attributes),
        ):
            try:
                await register
            except RPCError as refused:
                if refused.status is not RPCStatusCode.ALREADY_EXISTS:
                    raise
