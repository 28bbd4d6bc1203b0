"""A campaign's mails sent to staff, so that people see them in a real inbox."""

from __future__ import annotations

from pydantic import Field

from models.base import CampaignSlug, ClientId, Contract, StrictInput


class StaffSendOrder(StrictInput):
    """Sends one mail of each text to addresses of the team. `client`: written as for this client; none: for a reader of
    whom nothing is known, so that no client's data leave."""

    to: tuple[str, ...] = Field(min_length=1, max_length=10)
    version: int | None = Field(default=None, ge=1)
    client: ClientId | None = None


class StaffSend(Contract):
    """One mail that the mail server took."""

    step: str
    variant: str
    subject: str
    message_id: str


class StaffSendResult(Contract):
    """What was sent, to each of the addresses."""

    slug: CampaignSlug
    version: int | None
    mails: tuple[StaffSend, ...]
