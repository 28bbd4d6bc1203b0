"""Opt-outs against sends over mailboxes that several clients share: how often DATA began after an opt-out was
acknowledged, which must be never; and how many returned mails a second are read and taken in.

Workers and leavers are threads that call the services of the product; only the mail server is left out.
"""

from __future__ import annotations

import os
import random
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from sqlalchemy import Engine, insert

from errors import InFlight
from mail.links import Links
from mail.message import Envelope
from models.actors import SYSTEM
from models.clients import ClientRow
from models.events import ClientUnsubscribed
from models.outreach import OutreachStep, StepDone
from services.clients import mail_links, registration
from services.context import ServiceContext
from services.ingestion.events import ingest_events
from services.mailing import sending
from services.returns.reading import ReturnReader
from services.returns.settling import is_settled, require_settled, wait_until_settled
from settings import Settings
from store.database import connect, write_transaction
from store.mail.policy import ShopPolicy
from store.migrate import upgrade
from store.tables import outreaches

PEOPLE: Final = 1_000
IDS_EACH: Final = 2
THREADS: Final = 4
IN_DATA_S: Final = 0.002
RETURNS: Final = 600
REPORT: Final = """From: MAILER-DAEMON@mx.example
To: {path}
Subject: Undelivered Mail Returned to Sender
Message-ID: <{n}@mx.example>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain

<{n}@example.com>: host mx said: 552 5.2.2 full

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example

Final-Recipient: rfc822; {n}@example.com
Action: failed
Status: 5.2.2
Diagnostic-Code: smtp; 552 5.2.2 full

--b
Content-Type: message/rfc822

Message-ID: {message_id}
Subject: Hello

{body}
--b--
"""
COMPLAINT: Final = """From: fbl@isp.example
Message-ID: <{n}@isp.example>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=feedback-report; boundary="b"

--b
Content-Type: message/feedback-report

Feedback-Type: abuse
Original-Mail-From: <{path}>

--b--
"""


@dataclass
class RaceRecord:
    """When DATA began for a mailbox, and when an opt-out of it was acknowledged, in seconds of one clock."""

    began: list[tuple[int, float]] = field(default_factory=list)
    acknowledged: dict[int, float] = field(default_factory=dict)

    @property
    def late(self) -> int:
        """How often DATA began after the acknowledgement."""
        return sum(at > self.acknowledged.get(person, float("inf")) for person, at in self.began)


class PlainPost:
    """Builds an envelope without a text, in place of `EnvelopeBuilder`."""

    def __init__(self, links: Links) -> None:
        self._links = links

    def build(self, client: Any, brief: Any, *_rest: Any) -> Envelope:
        """Build it."""
        message_id = self._links.build_message_id(client.client_id, brief.n)
        return Envelope(message_id, "", client.email, b"")


class OptOutRace:
    """`people` mailboxes, each carried by IDS_EACH clients, each with a mail that is due."""

    def __init__(self, engine: Engine, settings: Settings, people: int, seed: int) -> None:
        self.engine, self.settings, self.people = engine, settings, people
        self.context = ServiceContext(settings=settings, engine=engine)
        self.links, self.policy = Links.from_settings(settings), ShopPolicy.from_settings(settings)
        self.reader, self.chance = ReturnReader(engine, settings), random.Random(seed)
        self.record, self._lock = RaceRecord(), threading.Lock()
        self._fill(datetime.now(UTC))

    def run(self) -> RaceRecord:
        """Send and leave at once, and return when what happened."""
        sends = [(person, k) for person in range(self.people) for k in range(IDS_EACH)]
        leaving = [(person, self.chance.randrange(IDS_EACH), self.chance.randrange(4)) for person in range(self.people)]
        self.chance.shuffle(sends)
        self.chance.shuffle(leaving)
        with ThreadPoolExecutor(2 * THREADS) as pool:
            jobs = [pool.submit(self._run_share, self._send, sends, k) for k in range(THREADS)]
            jobs += [pool.submit(self._run_share, self._leave, leaving, k) for k in range(THREADS)]
            for job in jobs:
                job.result()
        return self.record

    def _run_share(self, act: Callable[..., None], todo: Sequence[tuple[int, ...]], share: int) -> None:
        for entry in todo[share::THREADS]:
            act(*entry)

    def _send(self, person: int, k: int) -> None:
        step, post = OutreachStep(client_id=f"p{person}.{k}", n=2, at=datetime.now(UTC)), PlainPost(self.links)
        try:
            with write_transaction(self.engine) as connection:
                claim = sending.claim_mail(self.context, post, connection, step)  # type: ignore[arg-type]
        except InFlight:
            return
        if isinstance(claim, StepDone):
            return
        with write_transaction(self.engine) as connection:
            if not sending.pass_send_gate(self.context, connection, step, claim, timedelta(minutes=1)):
                return
        with self._lock:
            self.record.began.append((person, time.monotonic()))
        time.sleep(IN_DATA_S)
        with write_transaction(self.engine) as connection:
            sending.settle_accepted(self.context, connection, step, claim)

    def _leave(self, person: int, k: int, way: int) -> None:
        client_id, now = f"p{person}.{k}", datetime.now(UTC)
        wait_s = self.settings.unsubscribe_wait_s
        match way:
            case 0:
                with write_transaction(self.engine) as connection:
                    mail_links.withdraw_consent(connection, client_id, 1, now, now, self.policy)
                    boxes = mail_links.list_leaving_mailboxes(connection, client_id, 1, now)
                settled = wait_until_settled(self.engine, boxes, [client_id], wait_s)
            case 1:
                event = ClientUnsubscribed(event_id=f"left.{client_id}", client_id=client_id, occurred_at=now)
                ingest_events(self.engine, SYSTEM, [event], self.policy, now, now)
                require_settled(self.engine, [event], wait_s)
                settled = True
            case 2:
                address = self.links.build_unsubscribe_address(client_id, 1)
                settled = is_settled(self.engine, self.reader.take(b"\n\n", "listener", address), wait_s)
            case _:
                raw = COMPLAINT.format(n=client_id, path=self.links.build_return_path(client_id, 1)).encode()
                settled = is_settled(self.engine, self.reader.take(raw, "listener"), wait_s)
        if settled:
            with self._lock:
                self.record.acknowledged[person] = time.monotonic()

    def _fill(self, now: datetime) -> None:
        ids = [(person, f"p{person}.{k}") for person in range(self.people) for k in range(IDS_EACH)]
        rows = [
            ClientRow(client_id=name, email=f"p{person}@example.com", consent=True, time_zone="UTC")
            for person, name in ids
        ]
        with write_transaction(self.engine) as connection:
            registration.upsert_clients(connection, rows, self.policy, now, now, start=False)
            mails = [self._build_mail(name, n, now) for _, name in ids for n in (1, 2)]
            for mail in mails:
                connection.execute(insert(outreaches).values(**mail))

    def _build_mail(self, client_id: str, n: int, now: datetime) -> dict[str, Any]:
        sent, old = n == 1, now - timedelta(days=20)
        mail = {"client_id": client_id, "n": n, "reason_key": f"r{n}", "kind": "welcome", "assessment_id": "a"}
        mail |= {"score": 1.0, "phase": "active", "state": "sent" if sent else "scheduled", "created_at": old}
        mail |= {"updated_at": old, "sent_at": old if sent else None}
        brief = {"client_id": client_id, "n": n, "kind": "welcome", "phase": "active", "assessment_id": "a", "score": 1}
        words = {"first_name": "", "locale": "en", "shop_name": "s", "voice": "v"}
        draft = {"subject": "Hello", "preheader": "Hello", "greeting": "Hello", "paragraphs": ["Hello"]}
        draft["call_to_action"] = "Look"
        mail |= {"brief": brief | words, "draft": draft}
        return mail | {"message_id": self.links.build_message_id(client_id, n) if sent else None}


def build_settings(home: Path, database_url: str = "") -> Settings:
    """Build settings under which only an opt-out stands in the way of a mail."""
    free: dict[str, Any] = {
        "quiet_from_hour": 0,
        "quiet_until_hour": 0,
        "max_mails_per_week": 7,
        "min_days_between_mails": 0,
    }
    return Settings(_env_file=None, home=home, database_url=database_url, unsubscribe_wait_s=30.0, **free)


def run_race(settings: Settings, people: int, seed: int) -> RaceRecord:
    """Run the race of `people` mailboxes on an empty database."""
    engine = connect(settings.database)
    try:
        upgrade(engine)
        return OptOutRace(engine, settings, people, seed).run()
    finally:
        engine.dispose()


def measure() -> dict[str, float]:
    """Measure the race on SQLite, on PostgreSQL where SELVEDGE_BENCH_POSTGRES names an empty database, and the rate of
    returned mails."""
    results: dict[str, float] = {}
    databases = {"sqlite": "", "postgresql": os.environ.get("SELVEDGE_BENCH_POSTGRES", "")}
    for name, url in databases.items():
        if name == "postgresql" and not url:
            continue
        with TemporaryDirectory() as folder:
            record = run_race(build_settings(Path(folder), url), PEOPLE, seed=1)
        results |= {
            f"opt_outs_{name}_acknowledged": len(record.acknowledged),
            f"opt_outs_{name}_mails": len(record.began),
            f"opt_outs_{name}_data_after": record.late,
        }
    with TemporaryDirectory() as folder:
        return results | _measure_reading(build_settings(Path(folder)))


def _measure_reading(settings: Settings) -> dict[str, float]:
    engine = connect(settings.database)
    upgrade(engine)
    race = OptOutRace(engine, settings, RETURNS // IDS_EACH, seed=1)
    names = [f"p{person}.{k}" for person in range(race.people) for k in range(IDS_EACH)]
    body = "A line of a mail that came back whole, as most of them do.\n" * 600
    raws = [
        REPORT.format(
            n=name,
            path=race.links.build_return_path(name, 1),
            message_id=race.links.build_message_id(name, 1),
            body=body,
        ).encode()
        for name in names
    ]
    begun, cpu = time.perf_counter(), time.process_time()
    outcomes = [race.reader.take(raw, "listener").outcome for raw in raws]
    took, used = time.perf_counter() - begun, time.process_time() - cpu
    engine.dispose()
    if set(outcomes) != {"applied"}:
        raise RuntimeError(f"a return was not applied: {set(outcomes)}")
    return {"returns_read_per_s": len(raws) / took, "returns_cpu_ms": used / len(raws) * 1e3}
