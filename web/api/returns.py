"""`POST /v1/returns/<provider>`: what providers post about our mail. Their signature stands in for the API key."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import Depends, Path, Request
from fastapi.concurrency import run_in_threadpool

from models.returns import ReturnsAnswer
from services.returns.webhooks import take_webhook
from web.actors import PROVIDER
from web.api.requests import RawBody
from web.api.routing import create_router, declare_errors
from web.context import Here

router: Final = create_router("returns", open_to_all="the provider's signature stands in for a key")

ProviderPath = Annotated[str, Path(description="ses, sendgrid, postmark, mailgun or standard.", max_length=16)]


@router.post("/returns/{provider}", responses=declare_errors(401, 404, 413))
async def take_returns(
    request: Request, context: Here, provider: ProviderPath, body: Annotated[bytes, Depends(RawBody(Any))]
) -> ReturnsAnswer:
    """Take in bounces, complaints and opt-outs that a provider posts, in its own signed form.

    401: the signature is missing, wrong or old; nothing was changed. 404: no key is set for the provider.
    """
    headers = {name.lower(): value for name, value in request.headers.items()}
    now, real_now = context.business_now(), context.real_now()
    taken = await run_in_threadpool(
        take_webhook, context.engine, PROVIDER, context.settings, provider, headers, body, now, real_now
    )
    return ReturnsAnswer(outcomes=tuple(one.outcome for one in taken))
