"""Take in what a provider posts about our mail, once its signature is checked."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Engine

from errors import NotFound, Unavailable
from mail.links import Links
from mail.returns.providers import PROVIDERS
from models.actors import Actor
from models.returns import TakenReturn
from services.returns.intake import ReturnArrival, take_returns
from services.returns.settling import are_settled
from settings import Settings
from store.mail.policy import ShopPolicy


def take_webhook(
    engine: Engine,
    actor: Actor,
    settings: Settings,
    provider: str,
    headers: Mapping[str, str],
    body: bytes,
    now: datetime,
    real_now: datetime,
) -> list[TakenReturn]:
    """Take in a provider's message.

    Args: names of `headers` are in lower case; `now` is business time.

    Raises: NotFound for a provider that nobody knows or that has no key; Forbidden for a wrong signature; BadInput for
        a body of another form; Unavailable while a mail to somebody who left is under way: to be sent again.
    """
    known, key = PROVIDERS.get(provider), find_key(settings, provider)
    if known is None or not key:
        raise NotFound(f"no key is set for this provider (SELVEDGE_RETURNS_{provider.upper()[:16]}_KEY)", "provider")
    known.check(headers, body, key, real_now)
    links, policy = Links.from_settings(settings), ShopPolicy.from_settings(settings)
    batch = [ReturnArrival(reading, body if k == 0 else b"") for k, reading in enumerate(known.read(body, links))]
    taken = take_returns(engine, actor, policy, batch, "webhook", now, real_now)
    if not all(are_settled(engine, taken, settings.unsubscribe_wait_s)):
        raise Unavailable("a last mail to somebody who left is being handed over; send this again", retry_after=10)
    return taken


def find_key(settings: Settings, provider: str) -> str:
    """Find the key of a provider; empty where none is set."""
    keys = {
        "ses": settings.returns_ses_key,
        "sendgrid": settings.returns_sendgrid_key,
        "postmark": settings.returns_postmark_key,
        "mailgun": settings.returns_mailgun_key,
        "standard": settings.returns_standard_key,
    }
    secret = keys.get(provider)
    return "" if secret is None else secret.get_secret_value()
