from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from errors import NotFound
from mail import summaries
from mail.mailbox import Arrival, Mailbox
from mail.summaries import HEAD
from tests.mail.samples import NOW, brief, build_envelope_builder, client, draft, items

WHEN = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)


@pytest.fixture
def mailbox(tmp_path: Path) -> Mailbox:
    return Mailbox(tmp_path / "deep" / "mailbox.db")


def arrival(to: str = "ann@example.com", raw: bytes = b"Subject: hello\r\n\r\nwords\r\n") -> Arrival:
    return Arrival(WHEN, "b+1@bounce.shop.com", to, raw)


def test_a_mail_of_ours_is_told_in_full(mailbox: Mailbox, tmp_path: Path) -> None:
    envelope = build_envelope_builder(tmp_path).build(
        client(first_name="Zoë"), brief(), draft(subject="Schöne Stücke"), items(), NOW
    )
    mailbox.append([Arrival(WHEN, envelope.return_path, envelope.recipient, envelope.message)])
    (mail,) = mailbox.list_newest(1)
    body = mail.as_json()
    assert body.keys() == {"id", "to", "subject", "headers", "text", "html", "received_at"}
    assert (body["id"], body["to"], body["subject"]) == (1, "c1@example.com", "Schöne Stücke")
    assert body["received_at"] == "2026-11-21T09:30:00+00:00"
    assert body["headers"]["Message-ID"] == envelope.message_id
    assert body["headers"]["To"] == "Zoë <c1@example.com>"
    assert "Linen Wrap Dress" in body["text"]
    assert body["html"].startswith("<!doctype html>")
    assert mail.date == NOW
    assert mail.summary.snippet == "It has been six weeks since your order."


@pytest.mark.parametrize("head", [HEAD, 1_900])
def test_a_list_reads_the_beginning_of_a_mail_and_says_the_same(
    mailbox: Mailbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, head: int
) -> None:
    """Where the text is longer than the beginning, all of the mail is read."""
    monkeypatch.setattr(summaries, "HEAD", head)
    told = draft(subject="Schöne Stücke für dich, und noch eine Zeile, die umbrochen wird")
    envelope = build_envelope_builder(tmp_path).build(client(first_name="Zoë"), brief(), told, items(), NOW)
    mailbox.append([Arrival(WHEN, envelope.return_path, envelope.recipient, envelope.message)])
    [listed], whole = mailbox.list_newest(1), mailbox.get(1)
    summary = listed.summary
    assert (summary.subject, summary.message_id, summary.date) == (whole.subject, whole.message_id, whole.date)
    assert summary.snippet == summaries.cut_snippet(whole.text) != ""
    assert ("message" in vars(listed)) == (head < HEAD), "a list parses no whole mail of ours"


def test_pages_run_from_the_newest_back(mailbox: Mailbox) -> None:
    mailbox.append([arrival() for _ in range(7)])
    first = mailbox.list_newest(3)
    assert [mail.id for mail in first] == [7, 6, 5]
    assert [mail.id for mail in mailbox.list_newest(3, before=5)] == [4, 3, 2]
    assert [mail.id for mail in mailbox.iterate_since(4)] == [5, 6, 7]


def test_all_of_a_large_mailbox_can_be_run_through(mailbox: Mailbox) -> None:
    mailbox.append([arrival() for _ in range(250)])
    assert [mail.id for mail in mailbox.iterate_since()] == list(range(1, 251))


def test_recipients_are_found_by_a_part_taken_literally(mailbox: Mailbox) -> None:
    mailbox.append([arrival("ann_lee@example.com"), arrival("annxlee@example.com"), arrival("bob@example.com")])
    assert [mail.recipient for mail in mailbox.list_newest(9, recipient="ann_")] == ["ann_lee@example.com"]
    assert mailbox.count("ann") == 2
    assert mailbox.count("%") == 0
    assert mailbox.count() == 3


def test_an_unknown_mail_is_said_to_be_unknown(mailbox: Mailbox) -> None:
    with pytest.raises(NotFound, match="no mail 7"):
        mailbox.get(7)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"no headers at all",
        b"Subject: =?utf-8?q?broken\r\n\r\n\xff\xfe",
        b"Content-Type: text/plain; charset=nonesuch\r\n\r\nx",
        b"Content-Type: multipart/alternative; boundary=x\r\n\r\n--x\r\n",
        b"Content-Type: multipart/mixed\r\n\r\nno boundary",
        b"Date: yesterday\r\nReceived: a\r\nReceived: b\r\n\r\n",
        b"To: \xc3\xa9 <\x00>\r\nSubject: \xff\r\n\r\n",
    ],
)
def test_a_broken_mail_breaks_no_page(mailbox: Mailbox, raw: bytes) -> None:
    mailbox.append([arrival(raw=raw)])
    mail = mailbox.get(1)
    assert mail.as_json()["id"] == 1
    assert isinstance(mail.summary.snippet, str)
    assert mail.date is None
    assert mail.raw == raw


def test_repeated_headers_are_all_told(mailbox: Mailbox) -> None:
    mailbox.append([arrival(raw=b"Received: a\r\nReceived: b\r\n\r\nx")])
    assert mailbox.get(1).headers["Received"] == "a\nb"
