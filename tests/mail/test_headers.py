from __future__ import annotations

from email import message_from_bytes, policy
from email.header import decode_header, make_header

import pytest
from hypothesis import given
from hypothesis import strategies as st

from errors import BadInput
from mail import message

HOSTILE = [
    "one\r\nBcc: bob@shop.com",
    "one\nBcc: bob@shop.com",
    "one\rtwo",
    "tab\tbed",
    "nul\x00",
    "del\x7f",
    "next line\x85here",
    "line\u2028separator",
    "=?utf-8?q?one=0D=0ABcc:_bob=40shop.com?=",
    "spoof\u202emoc.elgoog",
    "half\ud800",
]


@pytest.mark.parametrize("hostile", HOSTILE)
def test_what_could_make_another_header_is_refused_naming_the_field(hostile: str) -> None:
    with pytest.raises(BadInput) as refused:
        message.encode_text(hostile, "subject")
    assert refused.value.field == "subject"


@pytest.mark.parametrize("hostile", HOSTILE)
def test_a_name_like_that_is_left_out_and_the_address_stays(hostile: str) -> None:
    assert message.format_mailbox(hostile, "ann@shop.com") == "ann@shop.com"


@pytest.mark.parametrize("name", ["Ann", "Zoë", "O'Hara, Ann", 'Ann "A" <x@y.com>', "안나", ""])
def test_a_name_reads_back_as_it_was_and_the_address_stays_the_only_one(name: str) -> None:
    raw = f"{message.format_header('To', message.format_mailbox(name, 'ann@shop.com'))}\r\n\r\n"
    parsed = message_from_bytes(raw.encode("ascii"), policy=policy.default)["To"]
    assert [(address.display_name, address.addr_spec) for address in parsed.addresses] == [(name, "ann@shop.com")]


def test_a_long_name_is_written_in_words_of_the_length_that_is_allowed() -> None:
    value = message.format_mailbox("Ж" * 64, "ann@shop.com")
    assert all(len(word) <= 75 for word in value.split())
    assert str(make_header(decode_header(value))) == "Ж" * 64 + " <ann@shop.com>"


@given(st.text(min_size=1, max_size=90))
def test_any_subject_is_refused_or_reads_back_as_it_was(subject: str) -> None:
    try:
        line = message.format_header("Subject", message.encode_text(subject, "subject"))
    except BadInput:
        return
    assert all(len(row) <= 120 for row in line.split("\r\n"))
    parsed = message_from_bytes(f"{line}\r\nX-Next: yes\r\n\r\n".encode("ascii"), policy=policy.default)
    assert parsed.keys() == ["Subject", "X-Next"]
    assert " ".join(str(parsed["Subject"]).split()) == " ".join(subject.split())


def test_a_long_line_is_folded_at_spaces_and_never_into_an_empty_line() -> None:
    line = message.format_header("Subject", "word  word " * 20)
    rows = line.split("\r\n")
    assert len(rows) > 1
    assert all(row.strip() and len(row) <= 78 for row in rows)
