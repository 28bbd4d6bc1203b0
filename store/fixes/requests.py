"""Checks a client's request for a Fix and saves it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import Connection

from domain.histories import normalise_word
from errors import BadInput
from models.base import ClientId
from models.fix_views import FixRequestBody
from models.fixes import FixId
from store.catalogue import catalogue
from store.fixes import fixes
from store.privacy import erasure


def request_fix(
    connection: Connection,
    client_id: ClientId,
    request: FixRequestBody,
    now: datetime,
    *,
    wait: timedelta,
    signing_key: str,
) -> FixId:
    """Save a request at business `now` and return the Fix's id. `wait`: how long it waits for a wave that does not
    come.

    Raises NotFound, Erased, or BadInput that names the field.
    """
    erasure.require_not_erasing(connection, signing_key, client_id)
    kinds, shades = catalogue.load_vocabulary(connection)
    _require_known("must_have", request.must_have, kinds)
    _require_known("exclude_categories", request.exclude_categories, kinds)
    _require_known("exclude_colours", request.exclude_colours, shades)
    return fixes.save_request(
        connection, client_id, request.wish, now, request_key=request.request_key, due=request.due or now + wait
    )


def _require_known(field: str, wanted: Iterable[str], words: Iterable[str]) -> None:
    """Require words that the catalogue has. Raises BadInput, since an unknown word would have no effect."""
    by_plain_word = {normalise_word(word): word for word in words}
    unknown = [name for name in wanted if normalise_word(name) not in by_plain_word]
    if unknown:
        raise BadInput(
            f"{unknown[0]!r} is not in the catalogue; there are {', '.join(sorted(by_plain_word.values()))}", field
        )
