"""The rules on what comes back, line by line, each by a mail pushed at the port."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import select

from bench.opt_outs import build_settings
from bench.returns import PushedMail, fill_ledger, push_mails
from hosting.returns import build_listener
from mail.links import Links
from store.database import connect, read_transaction
from store.tables import clients, outreaches, suppressions

REPORT = """From: MAILER-DAEMON@mx.example
To: {path}
Subject: {subject}
Message-ID: <{client}@mx.example>
MIME-Version: 1.0
Content-Type: multipart/report; report-type={form}; boundary="b"

--b
Content-Type: text/plain

About your mail.

--b
Content-Type: message/{part}

{fields}
--b--
"""
ANSWER = (
    "From: Ann <{client}@example.com>\nTo: {path}\nSubject: {subject}\nAuto-Submitted: auto-replied\n\n5.1.1 away\n"
)
HARD, SOFT, NOTHING = ("bounced", "hard_bounce", True), ("bounced", "", True), ("sent", "", True)
COMPLAINED, LEFT = ("complained", "complaint", False), ("sent", "", False)


def build_report(action: str, status: str, words: str = "") -> tuple[str, str, str]:
    """The form of a report, its part for machines, and its fields."""
    said = f"Diagnostic-Code: smtp; {words}\n" if words else ""
    fields = f"Reporting-MTA: dns; mx.example\n\nFinal-Recipient: rfc822; a@example.com\nAction: {action}\n"
    return "delivery-status", "delivery-status", f"{fields}Status: {status}\n{said}"


def build_feedback(kind: str) -> tuple[str, str, str]:
    return "feedback-report", "feedback-report", f"Feedback-Type: {kind}\nUser-Agent: x/1\nVersion: 1\n"


RULES = [
    *[(build_report("failed", f"5.1.{detail}"), HARD) for detail in (0, 1, 2, 3, 4, 6, 9, 10)],
    (build_report("failed", "5.2.1"), HARD),
    (build_report("failed", "5.4.4"), HARD),
    (build_report("Failed", "5.1.1 (user unknown)"), HARD),
    (build_report("failed", "5.0.0", "550 5.1.1 unknown user"), HARD),
    (build_report("failed", "5.0.0", "550 No such user here"), HARD),
    (build_report("failed", "5.2.2"), SOFT),
    *[(build_report("failed", status), SOFT) for status in ("4.0.0", "4.1.1", "4.2.2", "4.4.1", "4.4.7", "4.7.1")],
    *[(build_report("failed", status), SOFT) for status in ("5.7.0", "5.7.1", "5.7.26", "5.7.124", "5.7.515")],
    (build_report("failed", "5.7.1", "550 5.7.1 user unknown"), SOFT),
    (build_report("failed", "5.3.4"), SOFT),
    (build_report("failed", "5.1.8"), SOFT),
    (build_report("failed", "5.0.0", "554 delivery error"), SOFT),
    *[(build_report("delayed", status), NOTHING) for status in ("4.4.1", "4.2.2", "5.1.1")],
    *[(build_report(action, "2.0.0"), NOTHING) for action in ("delivered", "relayed", "expanded")],
    (("disposition-notification", "disposition-notification", "Disposition: automatic-action; deleted\n"), NOTHING),
    (("auto", "", ""), NOTHING),
    (build_feedback("abuse"), COMPLAINED),
    (build_feedback("fraud"), COMPLAINED),
    (build_feedback("not-spam"), NOTHING),
    (build_feedback("virus"), NOTHING),
    (build_feedback("opt-out"), LEFT),
]
"""What comes, and what follows: the mail's state, the reason of the suppression, and whether the consent stays."""


def build_mail(links: Links, k: int, form: str, part: str, fields: str) -> PushedMail:
    path, client = links.build_return_path(f"r{k}", 1), f"r{k}"
    values = {"path": path, "client": client, "subject": f"Report {k}", "form": form, "part": part, "fields": fields}
    return PushedMail(path, (REPORT if part else ANSWER).format(**values).encode())


def test_each_rule_holds_through_the_port(tmp_path_factory: pytest.TempPathFactory) -> None:
    settings = build_settings(tmp_path_factory.mktemp("rules"))
    fill_ledger(settings, len(RULES))
    links, engine = Links.from_settings(settings), connect(settings.database)
    mails = [build_mail(links, k, *come) for k, (come, _) in enumerate(RULES)]
    with build_listener(engine, settings) as port:
        assert asyncio.run(push_mails(port.port, mails)) == {250: len(mails)}
    with read_transaction(engine) as connection:
        clients_now = connection.execute(
            select(outreaches.c.client_id, outreaches.c.state, clients.c.consent, outreaches.c.mailbox).join(
                clients, clients.c.client_id == outreaches.c.client_id
            )
        ).all()
        reasons = connection.execute(select(suppressions.c.address_hash, suppressions.c.reason)).all()
    engine.dispose()
    listed = {row.address_hash: row.reason for row in reasons}
    found = {row.client_id: (row.state, listed.get(row.mailbox, ""), row.consent) for row in clients_now}
    told = [(come, follows, found[f"r{k}"]) for k, (come, follows) in enumerate(RULES)]
    wrong = [one for one in told if one[1] != one[2]]
    assert wrong == []
