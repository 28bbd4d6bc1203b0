"""Returned mails a second through the port: an LMTP client pushes a mixed set at `selvedge returns`, another process.

The set is made of the files of tests/mail/returns, each signed with this run's key and about a mail of its own, and of
reports that bring our whole mail of 36 KB back. Beside it, in the same run, aiosmtpd takes the same mails and only
stores them, one commit each. On SQLite and, where PostgreSQL is installed, on PostgreSQL, by one process and by two.
"""

from __future__ import annotations

import asyncio
import itertools
import re
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import psutil
from sqlalchemy import func, insert, select

from bench.opt_outs import REPORT, build_settings
from bench.postgres import serve_postgres
from mail.links import Links
from mail.returns.reading import read_return
from models.clients import ClientRow
from services.clients import registration
from settings import Settings
from store.database import connect, read_transaction, write_transaction
from store.mail.policy import ShopPolicy
from store.mail.suppressions import hash_mailbox
from store.migrate import upgrade
from store.tables import outreaches, returns
from tests.support.ports import free_port
from tests.support.worker import ROOT, environment

RETURNS: Final = 3_000
SESSIONS: Final = 20
"""As many as Postfix opens to one destination (default_destination_concurrency_limit). Two processes of ours get twice
as many, as from two mail servers."""
FILES: Final = ("cases/*.eml", "forms/3*.eml", "forms/7[78]*.eml", "forms/8[12]*.eml", "forms/9[1-9]*.eml")
LARGE_SHARE: Final = 5
"""One mail in so many brings 36 KB back."""
_OLD: Final = re.compile(rb"[a-z2-7]{26}\.1(?=@(bounce\.)?selvedge\.example)")
_TO: Final = re.compile(rb"^(?:Delivered-To|To): (?:[^<\n]*<)?([^>\s]+)", re.MULTILINE)


@dataclass(frozen=True)
class PushedMail:
    """A mail as it is pushed at the port."""

    recipient: str
    raw: bytes

    @property
    def data(self) -> bytes:
        """What follows DATA."""
        text = self.raw.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n").replace(b"\r\n.", b"\r\n..")
        return text + (b".\r\n" if text.endswith(b"\r\n") else b"\r\n.\r\n")


def build_mails(links: Links, count: int) -> list[PushedMail]:
    """Build the mixed set: `count` mails, the k-th about the mail 1 of client `r<k>`."""
    files = [path.read_bytes() for glob in FILES for path in sorted((ROOT / "tests/mail/returns").glob(glob))]
    turns = itertools.cycle(files)
    return [_build_large(links, k) if k % LARGE_SHARE == 0 else _sign(links, next(turns), k) for k in range(count)]


def _sign(links: Links, raw: bytes, k: int) -> PushedMail:
    path, message_id = links.build_return_path(f"r{k}", 1), links.build_message_id(f"r{k}", 1)
    for token, value in ((b"@@RP@@", path), (b"@@MID@@", message_id), (b"@@TO@@", f"r{k}@example.com")):
        raw = raw.replace(token, value.encode())
    raw = _OLD.sub(path.partition("@")[0].removeprefix("b+").encode(), raw)
    raw = raw.replace(b"selvedge.example", links.mail_domain.encode())
    to = _TO.search(raw)
    known = to is not None and to[1].decode().endswith(f"@{links.bounce_domain}")
    return PushedMail(to[1].decode() if to is not None and known else path, raw)


def _build_large(links: Links, k: int) -> PushedMail:
    path, body = links.build_return_path(f"r{k}", 1), "A line of a mail that came back whole.\n" * 900
    text = REPORT.format(n=f"r{k}", path=path, message_id=links.build_message_id(f"r{k}", 1), body=body)
    return PushedMail(path, text.encode())


def fill_ledger(settings: Settings, count: int) -> None:
    """Fill an empty database with `count` clients who were mailed a day ago."""
    engine, policy, links = (
        connect(settings.database),
        ShopPolicy.from_settings(settings),
        Links.from_settings(settings),
    )
    upgrade(engine)
    now = datetime.now(UTC)
    sent_at = now - timedelta(days=1)
    rows = [
        ClientRow(client_id=f"r{k}", email=f"r{k}@example.com", consent=True, time_zone="UTC") for k in range(count)
    ]
    mail = {"n": 1, "reason_key": "r", "kind": "welcome", "assessment_id": "a", "score": 1.0, "phase": "active"}
    mail |= {"state": "sent", "created_at": sent_at, "updated_at": sent_at, "sent_at": sent_at}
    key, fold = settings.keys.signing, policy.fold_tags
    sent: list[dict[str, Any]] = [
        mail
        | {"client_id": row.client_id, "mailbox": hash_mailbox(key, row.email, fold)}
        | {"message_id": links.build_message_id(row.client_id, 1)}
        for row in rows
    ]
    with write_transaction(engine) as connection:
        registration.upsert_clients(connection, rows, policy, sent_at, sent_at, start=False)
        connection.execute(insert(outreaches), sent)
    engine.dispose()


@contextmanager
def serve_process(command: Sequence[str], port: int, variables: dict[str, str]) -> Iterator[psutil.Process]:
    """Run a server until the block ends, once its port answers."""
    process = subprocess.Popen(command, env=variables, cwd=ROOT, stderr=subprocess.PIPE)
    try:
        wait_for_port(port, process)
        yield psutil.Process(process.pid)
    finally:
        process.terminate()
        process.communicate(timeout=30)


def wait_for_port(port: int, process: subprocess.Popen[bytes]) -> None:
    """Wait until a server's port answers. Raises RuntimeError with what it wrote when it ended instead."""
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 5).close()
        except OSError:
            if process.poll() is not None:
                raise RuntimeError(f"the server did not start: {process.communicate()[1].decode()[-500:]}") from None
            time.sleep(0.05)
        else:
            return


def _note_nothing(_mail: PushedMail, _code: int) -> None:
    """Leave the answer to a mail unnoticed."""


async def push_mails(
    port: int,
    mails: Sequence[PushedMail],
    greeting: str = "LHLO",
    note: Callable[[PushedMail, int], None] = _note_nothing,
    sessions: int = SESSIONS,
) -> Counter[int]:
    """Push mails over so many connections, MAIL, RCPT and DATA in one write each, as Postfix does; count the codes of
    the answers to the texts, and tell `note` of each at once."""
    left, codes = iter(mails), Counter[int]()

    def count(mail: PushedMail, code: int) -> None:
        codes[code] += 1
        note(mail, code)

    await asyncio.gather(*(_push_share(port, left, greeting, count) for _ in range(sessions)))
    return codes


async def _push_share(
    port: int, left: Iterator[PushedMail], greeting: str, note: Callable[[PushedMail, int], None]
) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        await _read_answer(reader)
        writer.write(f"{greeting} bench\r\n".encode())
        await _read_answer(reader)
        for mail in left:
            note(mail, await _push_mail(reader, writer, mail))
    finally:
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()


async def _push_mail(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, mail: PushedMail) -> int:
    writer.write(f"MAIL FROM:<>\r\nRCPT TO:<{mail.recipient}>\r\nDATA\r\n".encode())
    answers = [await _read_answer(reader) for _ in range(3)]
    if answers[-1] != 354:
        raise RuntimeError(f"the server answered {answers}")
    writer.write(mail.data)
    return await _read_answer(reader)


async def _read_answer(reader: asyncio.StreamReader) -> int:
    while (line := await reader.readline())[3:4] == b"-":
        pass
    return int(line[:3])  # ValueError where the server hung up


def measure_port(settings: Settings, count: int = RETURNS, processes: int = 1) -> tuple[float, float]:
    """Measure returns a second, and processor milliseconds of the server for each. Raises RuntimeError unless each was
    taken in, once, as what it is."""
    fill_ledger(settings, count)
    links = Links.from_settings(settings)
    mails, port = build_mails(links, count), settings.returns_port
    command = [sys.executable, "-m", "cli", "returns", "--workers", str(processes)]
    with serve_process(command, port, environment(settings)) as server:
        rate, cpu_ms = _time(server, port, mails, sessions=SESSIONS * processes)
    expected = Counter(str(read_return(mail.raw, mail.recipient, links).kind) for mail in mails)
    engine = connect(settings.database)
    with read_transaction(engine) as connection:
        rows = [tuple(row) for row in connection.execute(select(returns.c.kind, func.count()).group_by(returns.c.kind))]
        moved = connection.scalar(select(func.count()).where(outreaches.c.state != "sent"))
    engine.dispose()
    if dict(expected) != dict(rows) or moved != expected["failed"] + expected["complaint"]:
        raise RuntimeError(f"{expected} were pushed; {rows} were taken in, {moved} mails moved")
    return rate, cpu_ms


def _time(
    server: psutil.Process, port: int, mails: Sequence[PushedMail], greeting: str = "LHLO", sessions: int = SESSIONS
) -> tuple[float, float]:
    used = _sum_used(server)
    begun = time.perf_counter()
    codes = asyncio.run(push_mails(port, mails, greeting, sessions=sessions))
    took = time.perf_counter() - begun
    if codes != {250: len(mails)}:
        raise RuntimeError(f"the server answered {codes}")
    return len(mails) / took, (_sum_used(server) - used) / len(mails) * 1e3


def _sum_used(server: psutil.Process) -> float:
    """Sum the processor seconds of a server and its processes."""
    return float(sum(sum(one.cpu_times()[:2]) for one in (server, *server.children())))


def measure_bare(folder: Path, mails: Sequence[PushedMail]) -> tuple[float, float]:
    """Measure the listener that only stores."""
    port = free_port()
    command = [sys.executable, "-m", "bench.bare_listener", str(port), str(folder / "mails.db")]
    with serve_process(command, port, environment(Settings(_env_file=None, home=folder))) as server:
        return _time(server, port, mails, "EHLO")


def measure() -> dict[str, float]:
    """Measure the port on each database by one process and by two, and the bare listener."""
    results = {}
    with TemporaryDirectory() as folder:
        home = Path(folder)
        mails = build_mails(Links.from_settings(build_settings(home / "bare")), RETURNS)
        results["returns_bare_listener_per_s"], results["returns_bare_listener_cpu_ms"] = measure_bare(home, mails)
    for processes, share in ((1, ""), (2, "_by_two")):
        with TemporaryDirectory() as folder:
            rates = _measure_empty(Path(folder), "", processes)
            results[f"returns{share}_read_per_s"], results[f"returns{share}_cpu_ms"] = rates
        with TemporaryDirectory() as folder, serve_postgres() as url:
            if url:
                rates = _measure_empty(Path(folder), url, processes)
                results[f"returns_postgresql{share}_read_per_s"], results[f"returns_postgresql{share}_cpu_ms"] = rates
    return results


def _measure_empty(home: Path, url: str, processes: int) -> tuple[float, float]:
    settings = build_settings(home, url) if url else build_settings(home)
    return measure_port(settings.model_copy(update={"returns_port": free_port()}), processes=processes)
