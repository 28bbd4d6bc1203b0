"""The health page names what is down, and asks no more often than it must."""

from __future__ import annotations

import asyncio
from pathlib import Path

from fastapi.testclient import TestClient
from pydantic import SecretStr

from errors import Unavailable
from models.base import utc
from models.mail_servers import ServerState
from models.model_call import ModelCall
from store.database import connect, write_transaction
from store.mail import mail_servers
from tests.support.model_calls import save_calls
from tests.support.ports import free_ports
from tests.web.conftest import prepare_home
from web.app import create_app
from web.public.health import HealthChecks


async def serve_status(port: int, status: str) -> asyncio.Server:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        writer.write(f"HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n".encode())
        await writer.drain()
        writer.close()

    return await asyncio.start_server(answer, "127.0.0.1", port)


async def healthz(home: Path, worker: str, temporal: bool) -> tuple[int, dict[str, str]]:
    temporal_port, worker_port, mailbox_port = free_ports(3)
    settings = prepare_home(
        home,
        temporal_address=f"127.0.0.1:{temporal_port}",
        worker_health_port=worker_port,
        mailbox_port=mailbox_port,
    )
    servers = [await serve_status(worker_port, worker)] if worker else []
    servers += [await serve_status(temporal_port, "200 OK")] if temporal else []
    try:
        return await asyncio.to_thread(ask, settings)
    finally:
        for server in servers:
            server.close()


def ask(settings: object) -> tuple[int, dict[str, str]]:
    with TestClient(create_app(settings), base_url="http://127.0.0.1:8000") as client:  # type: ignore[arg-type]
        answer = client.get("/healthz")
        return answer.status_code, answer.json()


async def test_all_is_up(tmp_path: Path) -> None:
    status, parts = await healthz(tmp_path, "200 OK", temporal=True)
    assert (status, set(parts.values())) == (200, {"up"})
    assert set(parts) == {"status", "database", "home", "temporal", "workflows", "worker", "mailbox"}


async def test_what_is_down_is_named(tmp_path: Path) -> None:
    status, parts = await healthz(tmp_path, "503 Service Unavailable", temporal=False)
    assert status == 503
    assert parts["status"] == "down"
    assert parts["database"] == parts["mailbox"] == "up"
    assert parts["worker"] == "its health page answers 503"
    assert "refused" in parts["temporal"] or "failed" in parts["temporal"]


async def test_a_language_model_that_is_down_is_named_and_alone_no_fault(tmp_path: Path) -> None:
    temporal_port, mailbox_port = free_ports(2)
    settings = prepare_home(
        tmp_path,
        temporal_address=f"127.0.0.1:{temporal_port}",
        worker_health_url="none",
        mailbox_port=mailbox_port,
        llm_api_key=SecretStr("test-key"),
        llm_base_url="http://127.0.0.1:9",
    )
    engine = connect(settings.database)
    call = ModelCall(at=utc(2026, 6, 1), client_id="ann", agent="writer", prompt_version="w", model="m", verdict="ok")
    with write_transaction(engine) as connection:
        save_calls(connection, [call.model_copy(update={"verdict": "unavailable"})] * 5)
    server = await serve_status(temporal_port, "200 OK")
    try:
        status, parts = await asyncio.to_thread(ask, settings)
        assert (status, parts["status"]) == (200, "up")
        assert "unavailable" in parts["model"]
        assert "SELVEDGE_LLM_BASE_URL" in parts["model"]
        with write_transaction(engine) as connection:
            save_calls(connection, [call])
        _, parts = await asyncio.to_thread(ask, settings)
        assert parts["model"] == "up"
    finally:
        engine.dispose()
        server.close()


async def test_a_late_backup_is_named_and_alone_no_fault(tmp_path: Path) -> None:
    temporal_port, mailbox_port = free_ports(2)
    settings = prepare_home(
        tmp_path,
        temporal_address=f"127.0.0.1:{temporal_port}",
        worker_health_url="none",
        mailbox_port=mailbox_port,
        backup_folder=tmp_path / "backups",
    )
    server = await serve_status(temporal_port, "200 OK")
    try:
        status, parts = await asyncio.to_thread(ask, settings)
    finally:
        server.close()
    assert (status, parts["status"]) == (200, "up")
    assert parts["backup"] == "there is no backup yet; run `selvedge backup create`"


async def test_a_mail_server_that_the_workers_cannot_use_is_named(tmp_path: Path) -> None:
    settings = prepare_home(tmp_path, smtp_url="smtp://ann:secret@mail.shop.example:587", worker_health_url="none")
    assert (await asyncio.to_thread(ask, settings))[1]["mail_server"] == "up"
    engine = connect(settings.database)
    state = ServerState(code="smtp_tls", failures=1, since=utc(2026, 6, 1, 12))
    with write_transaction(engine) as connection:
        mail_servers.save_server_state(connection, "mail.shop.example:587", state)
    engine.dispose()
    status, parts = await asyncio.to_thread(ask, settings)
    assert status == 503
    assert parts["mail_server"] == "mail.shop.example:587: TLS refused (smtp_tls), since 2026-06-01 12:00 UTC"
    assert "secret" not in str(parts)


async def test_answers_are_reused_for_a_moment_and_faults_do_not_escape() -> None:
    asked = 0

    async def check() -> None:
        nonlocal asked
        asked += 1
        raise Unavailable("away")

    health = HealthChecks({"part": check})
    assert await health.find_down() == {"part": "away"}
    assert await health.find_down() == {"part": "away"}
    assert asked == 1


async def test_a_part_that_hangs_is_down() -> None:
    async def hang() -> None:
        await asyncio.sleep(60)

    assert await HealthChecks({"part": hang}).find_down() == {"part": "no answer within 2 s"}
