"""`/v1/segments`: filters of clients, counted, drawn, explained and saved."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import Depends

from domain.permissions import Action, Disclosure
from models.segment_answers import (
    Segment,
    SegmentDeleted,
    SegmentList,
    SegmentOrder,
    SegmentPlan,
    SegmentQuestion,
    SegmentSample,
    SegmentSize,
)
from services.segments import questions, saved
from web.api.requests import JsonBody
from web.api.routing import SegmentPath, create_router, declare_errors
from web.auth.callers import By
from web.auth.rules import needs
from web.context import Here

router: Final = create_router("segments")
Question = Annotated[SegmentQuestion, Depends(JsonBody(SegmentQuestion))]


@router.get("/segments", dependencies=[needs(Disclosure.SHOP)])
def list_segments(context: Here) -> SegmentList:
    """List the saved segments, each with its filter as text, sentence and tree, and its latest daily count."""
    return saved.list_segments(context.engine)


@router.post("/segments/count", responses=declare_errors(404, 413), dependencies=[needs(Disclosure.SHOP)])
def count_segment(context: Here, question: Question) -> SegmentSize:
    """Count the clients of a filter or saved segment as they are now."""
    return questions.count_segment(context.engine, question, context.business_now())


@router.post("/segments/sample", responses=declare_errors(404, 413), dependencies=[needs(Disclosure.SHOP)])
def sample_segment(context: Here, question: Question) -> SegmentSample:
    """Draw some clients of a filter or saved segment: ids and figures, no names, no addresses."""
    return questions.sample_segment(context.engine, question, context.business_now())


@router.post("/segments/explain", responses=declare_errors(404, 413), dependencies=[needs(Disclosure.SHOP)])
def explain_segment(context: Here, question: Question) -> SegmentPlan:
    """Say a filter back, and show the database's plan for counting it."""
    return questions.explain_segment(context.engine, question, context.business_now())


@router.get("/segments/{slug}", responses=declare_errors(404), dependencies=[needs(Disclosure.SHOP)])
def show_segment(context: Here, slug: SegmentPath) -> Segment:
    """Show a saved segment with its daily counts."""
    return saved.show_segment(context.engine, slug)


@router.put("/segments/{slug}", responses=declare_errors(413), dependencies=[needs(Action.SAVE_SEGMENT)])
def save_segment(
    context: Here, actor: By, slug: SegmentPath, order: Annotated[SegmentOrder, Depends(JsonBody(SegmentOrder))]
) -> Segment:
    """Save a filter as a segment, or change the one of this slug, and count it. Repeating it changes nothing."""
    now = context.business_now()
    return saved.save_segment(context.engine, actor, slug, order, now, context.real_now())


@router.delete("/segments/{slug}", responses=declare_errors(404), dependencies=[needs(Action.DELETE_SEGMENT)])
def delete_segment(context: Here, actor: By, slug: SegmentPath) -> SegmentDeleted:
    """Delete a saved segment and its counts; campaigns that began with it keep their filter."""
    saved.delete_segment(context.engine, actor, slug, context.business_now(), context.real_now())
    return SegmentDeleted(slug=slug)
