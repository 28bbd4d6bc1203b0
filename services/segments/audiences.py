"""The audience of a campaign: take the filter of a saved segment, and refuse a filter that cannot be meant."""

from __future__ import annotations

from sqlalchemy import Connection

from domain.segments.audiences import find_audience_filter
from domain.segments.limits import require_size
from domain.segments.rendering import render_text
from errors import BadInput
from models.campaign import Audience
from services.segments.filters import require_known
from store.segments.segments import load_segment


def resolve_audience(connection: Connection, audience: Audience) -> Audience:
    """Return the audience with the filter of the saved segment that it names, as it stands now: what is approved is
    what runs, whatever becomes of the segment.

    Raises: NotFound for an unknown segment; BadInput for a wrong filter, or for words of it that nobody has.
    """
    tree = find_audience_filter(audience)
    if audience.segment is not None:
        saved = load_segment(connection, audience.segment).tree
        if tree not in (None, saved):
            raise BadInput("give a segment or a filter, not both", "audience")
        tree = saved
    if tree is None:
        return audience
    require_size(tree)
    require_known(connection, tree)
    return audience.model_copy(update={"filter": render_text(tree)})
