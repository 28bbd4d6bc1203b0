"""Webhooks that go out: endpoints of other systems, the messages to them, and what they answered."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Final, NamedTuple

from pydantic import Field

from models.base import ONE_LINE, ClientId, Contract, Id, StrictInput, Utc


class WebhookType(StrEnum):
    """What a message tells."""

    MAIL_SENT = "mail.sent"
    MAIL_BOUNCED = "mail.bounced"
    MAIL_COMPLAINED = "mail.complained"
    MAIL_CLICKED = "mail.clicked"
    CAMPAIGN_STATE = "campaign.state_changed"
    CLIENT_PHASE = "client.phase_changed"
    FIX_STATE = "fix.state_changed"
    TEST = "webhook.test"
    """Sent on request alone, to see whether an endpoint answers."""


CHOOSABLE: Final = tuple(kind for kind in WebhookType if kind is not WebhookType.TEST)
"""What an endpoint may ask for."""


class EndpointState(StrEnum):
    """Whether messages are sent to an endpoint."""

    ENABLED = "enabled"
    DISABLED = "disabled"


class MessageState(StrEnum):
    """How far a message is. Held: its endpoint is disabled; failed: every try was used up."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    FAILED = "failed"
    HELD = "held"


class Announcement(NamedTuple):
    """Something that endpoints are told: `at` in business time, `data` ids and codes alone. `n`: the client's mail."""

    type: WebhookType
    at: datetime
    data: dict[str, Any]
    client_id: ClientId | None = None
    n: int | None = None


class WebhookOrder(StrictInput):
    """An endpoint that is to be added. `types`: what it is told; empty: everything."""

    name: Id
    url: Annotated[str, Field(min_length=1, max_length=500, pattern=ONE_LINE)]
    types: tuple[WebhookType, ...] = ()


class WebhookRotation(StrictInput):
    """How long the secret before signs too, in hours; 0: it is void at once, as when somebody else knows it."""

    hours: Annotated[float, Field(ge=0, le=168)] = 24.0


class WebhookTest(StrictInput):
    """How long to wait for the answer to a test."""

    seconds: Annotated[float, Field(ge=1, le=15)] = 10.0


class WebhookChange(StrictInput):
    """Whether messages are to be sent to an endpoint."""

    state: EndpointState


class WebhookReplay(StrictInput):
    """What is to be sent again: one message by its id, or all since a moment of business time that failed or were held;
    `everything`: the delivered ones too."""

    message_id: Annotated[str, Field(max_length=64)] | None = None
    since: Utc | None = None
    everything: bool = False


class WebhookEndpoint(Contract):
    """An endpoint. `why`: why it is disabled; `failing_since`: no try succeeded since. Times are real time."""

    name: Id
    url: str
    types: tuple[WebhookType, ...]
    state: EndpointState
    why: str
    created_at: datetime
    created_by: str
    failing_since: datetime | None
    counts: dict[MessageState, int] = Field(default_factory=dict)


class WebhookList(Contract):
    """All endpoints, by name."""

    endpoints: tuple[WebhookEndpoint, ...]


class WebhookSecret(Contract):
    """An endpoint with its secret, which is shown this one time."""

    endpoint: WebhookEndpoint
    secret: str


class WebhookTry(Contract):
    """One try: the status that the endpoint answered, or why there was no answer. `at`: real time."""

    at: Utc
    status: int | None
    fault: str
    ms: int


class WebhookMessage(Contract):
    """One message to one endpoint. `at`: when it happened, business time; `due_at`: of the next try, real time."""

    message_id: str
    type: WebhookType
    at: datetime
    state: MessageState
    attempts: int
    due_at: datetime | None
    data: dict[str, Any]
    tries: tuple[WebhookTry, ...]


class WebhookLog(Contract):
    """The latest messages of an endpoint, the newest first."""

    endpoint: WebhookEndpoint
    messages: tuple[WebhookMessage, ...]


class WebhookReplayed(Contract):
    """How many messages are sent again."""

    messages: int
