"""What somebody who is responsible is told, whether or not they look."""

from __future__ import annotations

from enum import StrEnum


class Fault(StrEnum):
    """What is wrong, one word each."""

    MAIL_SERVER = "mail_server"
    WORKFLOWS = "workflows"
    OUTBOX = "outbox"
    BACKUP = "backup"
    REFRESH = "refresh"
    DRIFT = "drift"
    CLICKS = "clicks"
    CERTIFICATE = "certificate"
    KEY = "key"
    STOCK = "stock"


class NoticeChannel(StrEnum):
    """How it is told."""

    MAIL = "mail"
    WEBHOOK = "webhook"
