"""Opt-outs against sends over mailboxes that several clients share: how often DATA began after an opt-out was
acknowledged, which must be never.

Workers and leavers are threads that call the services of the product; only the mail server is left out.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import compress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from sqlalchemy import Engine, insert

from bench.postgres import serve_postgres
from domain.grounding import compute_digest
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
from services.returns.reading import ReturnedMail, ReturnReader
from services.returns.settling import are_settled, require_settled, wait_until_settled
from settings import Settings
from store.database import connect, write_transaction
from store.mail.policy import ShopPolicy
from store.migrate import upgrade
from store.tables import outreaches

PEOPLE: Final = 1_000
IDS_EACH: Final = 2
THREADS: Final = 4
IN_DATA_S: Final = 0.002
TOGETHER: Final = 3
"""Opt-outs by mail that share a transaction."""
BY_MAIL: Final = 2
"""From this way of leaving on."""
Leaver = tuple[int, int, int]
"""Mailbox, which of its ids, and the way of leaving."""
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
        leaving = self._group_leavers()
        self.chance.shuffle(sends)
        self.chance.shuffle(leaving)
        with ThreadPoolExecutor(2 * THREADS) as pool:
            jobs = [pool.submit(self._run_share, self._send, sends, k) for k in range(THREADS)]
            jobs += [pool.submit(self._run_share, self._leave, leaving, k) for k in range(THREADS)]
            for job in jobs:
                job.result()
        return self.record

    def _group_leavers(self) -> list[tuple[Leaver, ...]]:
        """Give everybody a way to leave; those who leave by mail do so in groups."""
        ways = [(person, self.chance.randrange(IDS_EACH), self.chance.randrange(4)) for person in range(self.people)]
        by_mail = [one for one in ways if one[2] >= BY_MAIL]
        groups = [tuple(by_mail[start : start + TOGETHER]) for start in range(0, len(by_mail), TOGETHER)]
        return groups + [(one,) for one in ways if one[2] < BY_MAIL]

    def _run_share(self, act: Callable[..., None], todo: Sequence[tuple[Any, ...]], share: int) -> None:
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

    def _leave(self, *group: Leaver) -> None:
        people = [person for person, _, _ in group]
        settled = self._leave_by_mail(group) if group[0][2] >= BY_MAIL else [self._leave_alone(*one) for one in group]
        with self._lock:
            self.record.acknowledged |= dict.fromkeys(compress(people, settled), time.monotonic())

    def _leave_alone(self, person: int, k: int, way: int) -> bool:
        """Leave by the link of a mail (0), or through the API (1)."""
        client_id, now = f"p{person}.{k}", datetime.now(UTC)
        wait_s = self.settings.unsubscribe_wait_s
        if way == 0:
            with write_transaction(self.engine) as connection:
                mail_links.withdraw_consent(connection, client_id, 1, now, now, self.policy)
                boxes = mail_links.list_leaving_mailboxes(connection, client_id, 1, now)
            return wait_until_settled(self.engine, boxes, [client_id], wait_s)
        event = ClientUnsubscribed(event_id=f"left.{client_id}", client_id=client_id, occurred_at=now)
        ingest_events(self.engine, SYSTEM, [event], self.policy, now, now)
        require_settled(self.engine, [event], wait_s)
        return True

    def _leave_by_mail(self, group: Sequence[Leaver]) -> list[bool]:
        """Leave by mails that are taken in together: to the address that unsubscribes (2), or complaints (3)."""
        mails = []
        for person, k, way in group:
            client_id = f"p{person}.{k}"
            path = self.links.build_return_path(client_id, 1)
            unsubscribes = ReturnedMail(b"\n\n", self.links.build_unsubscribe_address(client_id, 1))
            complaint = ReturnedMail(COMPLAINT.format(n=client_id, path=path).encode())
            mails.append(unsubscribes if way == BY_MAIL else complaint)
        taken = self.reader.take_all(mails, "listener")
        return are_settled(self.engine, taken, self.settings.unsubscribe_wait_s)

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
        mail |= {"brief": brief | words, "draft": draft, "digest": compute_digest(draft, brief | words)}
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
    """Measure the race on SQLite and, where PostgreSQL is installed, on PostgreSQL."""
    results: dict[str, float] = {}
    for name in ("sqlite", "postgresql"):
        with TemporaryDirectory() as folder, serve_postgres() as url:
            if name == "postgresql" and not url:
                continue
            settings = build_settings(Path(folder), url if name == "postgresql" else "")
            record = run_race(settings, PEOPLE, seed=1)
        results |= {
            f"opt_outs_{name}_acknowledged": len(record.acknowledged),
            f"opt_outs_{name}_mails": len(record.began),
            f"opt_outs_{name}_data_after": record.late,
        }
    return results
