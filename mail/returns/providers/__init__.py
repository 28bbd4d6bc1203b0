"""What sending providers post about our mail: each checks its signature and reads its form, behind one interface."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from mail.returns.providers.base import Provider
from mail.returns.providers.mailgun import Mailgun
from mail.returns.providers.postmark import Postmark
from mail.returns.providers.sendgrid import SendGrid
from mail.returns.providers.ses import Ses
from mail.returns.providers.standard import StandardWebhook

PROVIDERS: Final[Mapping[str, Provider]] = {
    "ses": Ses(),
    "sendgrid": SendGrid(),
    "postmark": Postmark(),
    "mailgun": Mailgun(),
    "standard": StandardWebhook(),
}
