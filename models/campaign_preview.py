"""What a campaign would do if it started now: whom it would mail, what stops the others, what its mails would say."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from models.base import CampaignSlug, ClientId, Contract, StrictInput

MOST_MAILS = 50


class PreviewOrder(StrictInput):
    """What to preview. `version`: of the definition; none: the newest. `mails`: how many; none: one of each text, at
    least five. `clients`: for these clients, each of the texts; none: a sample of those who would be mailed."""

    version: int | None = Field(default=None, ge=1)
    mails: int | None = Field(default=None, ge=0, le=MOST_MAILS)
    clients: tuple[ClientId, ...] = Field(default=(), max_length=MOST_MAILS)
    writer: Literal["shop", "house"] = "shop"
    """Who writes: whoever writes the shop's mails, or the template writer, which costs nothing."""
    deliver: bool = False
    """Whether to put the mails into the embedded mailbox, marked as a preview."""


class PreviewBarrier(Contract):
    """Clients of the audience whom one thing stops, each counted once. `never`: no mail follows; else it would go
    later."""

    code: str
    why: str
    never: bool
    clients: int


class OtherCampaign(Contract):
    """How many of those who would be mailed are in another campaign too."""

    slug: CampaignSlug
    clients: int


class PreviewMail(Contract):
    """One mail as this client would get it. `fault`: why there is none. `own`: this client would get this variant."""

    client_id: ClientId
    step: str = ""
    variant: str = ""
    own: bool = True
    writer: Literal["house", "model"] = "house"
    leaves: str = ""
    """Whether it could leave now, by the send gate; else why not, or when."""
    subject: str = ""
    preheader: str = ""
    text: str = ""
    html: str = ""
    fault: str = ""


class CampaignPreview(Contract):
    """A preview. The audience adds up: `ready` + `held_out` + those of `barriers`. `delivered`: mails put into the
    embedded mailbox."""

    slug: CampaignSlug
    version: int | None = None
    at: datetime
    entry: str = "now"
    audience: int
    ready: int
    held_out: int
    barriers: tuple[PreviewBarrier, ...] = ()
    others: tuple[OtherCampaign, ...] = ()
    already_in: int = 0
    """Clients who are or were in it already."""
    texts: int = 1
    """Mail steps and variants; so many mails show each once."""
    mails: tuple[PreviewMail, ...] = ()
    delivered: int = 0
