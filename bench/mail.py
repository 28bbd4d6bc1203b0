"""Mails a second without Temporal: rendered, signed and sent over real SMTP by one process, and by one a core, to
the embedded mail server in another, which keeps each on the disk (its own SQLite file) before it answers. The store is
not involved."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import resource
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Barrier
from pathlib import Path
from tempfile import TemporaryDirectory

from mail.mailbox import Mailbox
from mail.message import EnvelopeBuilder
from mail.sink import Sink
from mail.transport import Transport
from models.base import ItemId, utc
from models.catalogue import Item, Season
from models.clients import Client
from models.mail import Brief, EmailDraft, ItemBlurb
from models.states import Phase, TouchKind
from settings import Settings

MAILS = 2_000
WARM_UP = 100
CONNECTIONS = 8
NOW = utc(2026, 6, 1, 12)


def measure() -> dict[str, float]:
    """Measure `mails_render_send_per_s` of one sender with the processor time of both sides, and the rate of as many
    senders as there are cores."""
    with _run_server() as server:
        rate, cpu_ms = asyncio.run(_send_all(server.settings))
    one = {"mails_render_send_per_s": rate, "mail_sender_cpu_ms": cpu_ms}
    one["mail_sink_cpu_ms"] = server.cpu_s / (MAILS + WARM_UP) * 1e3
    senders = os.cpu_count() or 1
    with _run_server(senders) as server:
        pools = [server.spawn.Process(target=_send_share, args=(server.settings, server.start)) for _ in range(senders)]
        for process in pools:
            process.start()
        server.start.wait()
        begun = time.perf_counter()
        for process in pools:
            process.join()
        took = time.perf_counter() - begun
    return one | {"mails_by_all_cores_per_s": senders * MAILS / took}


class _Server:
    """The mail server in a process of its own. `start`: senders begin together."""

    def __init__(self, home: Path, senders: int) -> None:
        self.spawn = multiprocessing.get_context("spawn")
        self.start = self.spawn.Barrier(senders + 1)
        self.wire, theirs = self.spawn.Pipe()
        self.process = self.spawn.Process(target=_serve, args=(home / "mailbox.db", theirs))
        self.process.start()
        # A catcher of mail: towards clients' servers the pace of each domain would be measured.
        url = f"smtp://127.0.0.1:{self.wire.recv()}"
        self.settings = Settings(_env_file=None, home=home, smtp_url=url, smtp_delivers=False)
        EnvelopeBuilder.from_settings(self.settings)  # its keys are made once, not by each sender
        self.cpu_s = 0.0


@contextmanager
def _run_server(senders: int = 1) -> Iterator[_Server]:
    """Run the mail server until the block ends. Raises RuntimeError unless each mail arrived."""
    with TemporaryDirectory() as folder:
        server = _Server(Path(folder), senders)
        yield server
        kept, sent = Mailbox(Path(folder) / "mailbox.db").count(), senders * (MAILS + WARM_UP)
        server.wire.send("end")
        server.cpu_s = server.wire.recv()
        server.process.join()
    if kept != sent:
        raise RuntimeError(f"{sent} mails were sent and {kept} arrived")


def _send_share(settings: Settings, start: Barrier) -> None:
    """Send as many mails as one sender does, together with others."""
    asyncio.run(_send_all(settings, start))


def _serve(path: Path, wire: Connection) -> None:
    """Run the mail server until stopped; then report the processor seconds that it took."""
    with Sink(Mailbox(path), 0) as sink:
        begun = _cpu_s()
        wire.send(sink.port)
        wire.recv()
        wire.send(_cpu_s() - begun)


def _cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


async def _send_all(settings: Settings, start: Barrier | None = None) -> tuple[float, float]:
    """Measure mails a second, and processor milliseconds a mail on this side. With `start`, wait for the others once
    warm."""
    post = EnvelopeBuilder.from_settings(settings)
    async with Transport.from_settings(settings, connections=CONNECTIONS) as transport:
        await _send(post, transport, range(WARM_UP))
        if start:
            start.wait()
        begun, cpu = time.perf_counter(), _cpu_s()
        await _send(post, transport, range(WARM_UP, WARM_UP + MAILS))
        return MAILS / (time.perf_counter() - begun), (_cpu_s() - cpu) / MAILS * 1e3


async def _send(post: EnvelopeBuilder, transport: Transport, numbers: range) -> None:
    left = iter(numbers)

    async def sender() -> None:
        for number in left:
            client = _client(number)
            envelope = post.build(client, _brief(client), _draft(client), ITEMS, NOW)
            await transport.deliver(envelope, _yes)

    await asyncio.gather(*(sender() for _ in range(CONNECTIONS)))


async def _yes() -> bool:
    return True


def _client(number: int) -> Client:
    return Client(
        client_id=f"client{number:06}",
        email=f"client{number:06}@example.com",
        first_name="Zoë" if number % 5 == 0 else "Ann",
        time_zone="UTC",
        time_zone_assumed=False,
        locale="en",
        signed_up_at=NOW,
        consent=True,
    )


def _brief(client: Client) -> Brief:
    return Brief(
        client_id=client.client_id,
        n=1,
        kind=TouchKind.MISSED,
        phase=Phase.COOLING,
        assessment_id="a",
        score=21.0,
        first_name=client.first_name,
        locale="en",
        shop_name="Selvedge & Co",
        voice="",
    )


def _draft(client: Client) -> EmailDraft:
    return EmailDraft(
        subject=f"{client.first_name}, what goes with your linen trousers",
        preheader="Three pieces chosen from what you already own.",
        greeting=f"Dear {client.first_name},",
        paragraphs=(
            "It has been six weeks since your wide linen trousers went out to you, and the season has turned.",
            "We looked at what you kept and what you sent back, and picked three pieces that work with it.",
        ),
        items=tuple(
            ItemBlurb(item_id=item_id, text="Cut from the same weight of linen, it needs nothing else.")
            for item_id in ITEMS
        ),
        call_to_action="See your selection",
    )


def _item(item_id: ItemId, title: str) -> Item:
    return Item(
        item_id=item_id,
        title=title,
        category="dress",
        brand="Maison Ortell",
        colour="ecru",
        price_cents=14_900,
        cost_cents=None,
        season=Season.ALL,
        sizes=(),
        tags=(),
        sustainability=None,
        added_at=NOW,
    )


ITEMS = {
    item.item_id: item
    for item in (_item("i1", "Linen Wrap Dress"), _item("i2", "Boxy Oxford Shirt"), _item("i3", "Merino Crew Knit"))
}
