"""How commands write endpoints and messages."""

from __future__ import annotations

from models.webhooks import MessageState, WebhookEndpoint, WebhookMessage, WebhookTry


def format_endpoint(endpoint: WebhookEndpoint) -> str:
    """Write an endpoint as one line."""
    counts = "  ".join(f"{endpoint.counts.get(state, 0)} {state}" for state in MessageState)
    why = f" ({endpoint.why})" if endpoint.why else ""
    failing = f"  fails since {endpoint.failing_since:%Y-%m-%d %H:%M}" if endpoint.failing_since and not why else ""
    return f"{endpoint.name:<20}  {endpoint.state}{why}{failing}  {counts}  {endpoint.url}"


def format_message(message: WebhookMessage) -> str:
    """Write a message as one line, with its last try."""
    last = _format_try(message.tries[-1]) if message.tries else "not tried yet"
    told = " ".join(f"{name}={value}" for name, value in message.data.items() if value not in (None, ""))
    head = f"{message.at:%Y-%m-%d %H:%M}  {message.message_id}  {message.type:<22}  {message.state:<9}"
    return f"{head}  {last}  {told}".rstrip()


def _format_try(one: WebhookTry) -> str:
    return f"{one.status or one.fault} after {one.ms} ms"
