"""What is asked at the door of a Fix, before it is saved: a client who is there, in words of the catalogue."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import Connection

from domain.histories import plain
from errors import BadInput
from models.base import ClientId
from models.fix_views import FixAsked
from models.fixes import FixId
from store.catalogue import catalogue
from store.fixes import fixes
from store.privacy import erasure


def ask(
    connection: Connection, client_id: ClientId, asked: FixAsked, now: datetime, *, wait: timedelta, signing_key: str
) -> FixId:
    """Save a request at business `now`; the id of the Fix. `wait`: how long it waits for a wave that does not come.

    Raises NotFound, Erased, or BadInput that names the field.
    """
    erasure.refuse(connection, signing_key, client_id)
    kinds, shades = catalogue.words(connection)
    _known("must_have", asked.must_have, kinds)
    _known("exclude_categories", asked.exclude_categories, kinds)
    _known("exclude_colours", asked.exclude_colours, shades)
    return fixes.save_request(
        connection, client_id, asked.wish, now, request_key=asked.request_key, due=asked.due or now + wait
    )


def _known(field: str, given: Iterable[str], words: Iterable[str]) -> None:
    """Raises BadInput for a word that the catalogue does not have: it would be passed over in silence."""
    there = {plain(word): word for word in words}
    strange = [each for each in given if plain(each) not in there]
    if strange:
        raise BadInput(f"{strange[0]!r} is not in the catalogue; there are {', '.join(sorted(there.values()))}", field)
