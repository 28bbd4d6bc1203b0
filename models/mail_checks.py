"""What has to be in place so that receivers believe our mail."""

from __future__ import annotations

from models.base import Contract


class MailCheck(Contract):
    """One thing that receivers look at. `publish`: what is to be done where it is not `ok`, such as a DNS record."""

    name: str
    ok: bool
    found: str
    publish: str = ""
