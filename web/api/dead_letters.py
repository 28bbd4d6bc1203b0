"""`/v1/dead-letters`: what could not be taken in of streams."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import Depends, Path, Query

from domain.permissions import Action, Disclosure
from ingest.replays import retry_letter
from models.dead_letters import DeadLetter, DeadLetterList, DeadLetterText, LetterRetry, LetterSource, LetterTry
from services.ingestion import dead_letters
from web.api.requests import JsonBody
from web.api.routing import create_router, declare_errors
from web.auth.callers import By
from web.auth.rules import needs
from web.context import Here

router: Final = create_router("dead letters")

LetterPath = Annotated[str, Path(description="The id of a dead letter.", max_length=32)]

Try = Annotated[LetterTry, Depends(JsonBody(LetterTry, required=False))]


@router.get("/dead-letters", dependencies=[needs(Disclosure.SHOP)])
def list_dead_letters(
    context: Here,
    source: Annotated[LetterSource | None, Query(description="Only those of this source.")] = None,
    limit: Annotated[int, Query(ge=1, le=1_000)] = 100,
) -> DeadLetterList:
    """List what could not be taken in of streams or sent to a workflow for good, the latest first, each with why."""
    return dead_letters.list_letters(context.engine, source, limit)


@router.get("/dead-letters/{letter_id}", responses=declare_errors(404), dependencies=[needs(Disclosure.PERSONAL)])
def show_dead_letter(context: Here, letter_id: LetterPath) -> DeadLetterText:
    """Show what a dead letter says; `body` is null once it is not kept any more. 404: nothing has this id."""
    return dead_letters.show_letter(context.engine, letter_id)


@router.post(
    "/dead-letters/{letter_id}/retry", responses=declare_errors(404, 413), dependencies=[needs(Action.RETRY_LETTER)]
)
def retry_dead_letter(
    context: Here,
    actor: By,
    letter_id: LetterPath,
    _try: Try,
) -> LetterRetry:
    """Try it again: `taken` says whether it is in now; then the letter is gone. 404: nothing has this id."""
    now, real_now = context.business_now(), context.real_now()
    return retry_letter(context.engine, actor, letter_id, context.policy, now, real_now)


@router.delete(
    "/dead-letters/{letter_id}",
    responses=declare_errors(404),
    dependencies=[needs(Action.DROP_LETTER)],
)
def drop_dead_letter(context: Here, actor: By, letter_id: LetterPath) -> DeadLetter:
    """Drop a dead letter and what it says. 404: nothing has this id."""
    return dead_letters.drop_letter(context.engine, actor, letter_id, context.business_now(), context.real_now())
