"""Fetch the pictures that the catalogue names, keep them under a hash of their content, and say which cannot be had."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Final

from sqlalchemy import Engine

from domain import permissions
from domain.permissions import Action
from models.actors import Actor, Subject, SubjectKind
from models.goods import BrokenPicture, PictureReport
from services.goods.picture_fetch import PictureFault
from services.goods.picture_sizing import size_picture
from store.activity import write_activity
from store.catalogue import pictures
from store.catalogue.pictures import PictureRow, PictureState
from store.database import read_transaction, write_transaction

AT_ONCE: Final = 4
"""Pictures under way at once in one process."""
LEASE: Final = timedelta(minutes=5)
WAITS: Final = (timedelta(minutes=1), timedelta(minutes=10), timedelta(hours=1), timedelta(hours=6))
"""After the first failed try, the second and so on; then the picture is given up."""

FAULTS: Final = {
    "unreachable": "the server cannot be reached",
    "late": "the server takes too long",
    "broken_answer": "the server's answer breaks off or is none",
    "forbidden_address": "its address is private: SELVEDGE_PICTURE_NETWORKS allows networks",
    "no_address": "it redirects to what is no web address",
    "too_many_redirects": "it redirects too often",
    "no_picture": "it is no JPEG, PNG, WebP or GIF, or a broken one",
    "too_large": "it has more bytes than SELVEDGE_PICTURE_MAX_BYTES",
    "too_many_pixels": "it has more than 40 million pixels",
    "too_small": "it has fewer than 40 pixels a side",
}


def fetch_due(engine: Engine, home: Path, fetch: Callable[[str], bytes], real_now: datetime) -> int:
    """Fetch pictures that are due, at most AT_ONCE of them, and return how many were tried."""
    with write_transaction(engine) as connection:
        rows = pictures.lease_due(connection, AT_ONCE, real_now, LEASE)
    if rows:
        with ThreadPoolExecutor(len(rows), thread_name_prefix="picture") as threads:
            outcomes = list(threads.map(lambda row: _try(home, fetch, row), rows))
        with write_transaction(engine) as connection:
            for row, outcome in zip(rows, outcomes, strict=True):
                if isinstance(outcome, str):
                    pictures.save_fetched(connection, row, outcome)
                else:
                    pictures.save_failed(connection, row, outcome.code, _choose_next_try(row, outcome, real_now))
    return len(rows)


def _try(home: Path, fetch: Callable[[str], bytes], row: PictureRow) -> str | PictureFault:
    """Fetch and keep one picture; return its hash, or what went wrong."""
    try:
        return keep_picture(home, size_picture(fetch(row.image_url)))
    except PictureFault as fault:
        return fault


def _choose_next_try(row: PictureRow, fault: PictureFault, real_now: datetime) -> datetime | None:
    return real_now + WAITS[row.tries] if fault.again and row.tries < len(WAITS) else None


def keep_picture(home: Path, body: bytes) -> str:
    """Keep a picture under the hash of its content, and return the hash."""
    digest = sha256(body).hexdigest()[:32]
    path = locate_picture(home, digest)
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_suffix(f".{os.getpid()}.{id(body)}")
        unfinished.write_bytes(body)
        unfinished.replace(path)
    return digest


def locate_picture(home: Path, digest: str) -> Path:
    """Locate the file of a picture."""
    return home / "pictures" / digest[:2] / f"{digest}.jpg"


def report_pictures(engine: Engine, limit: int = 100) -> PictureReport:
    """Report how many pictures were fetched, wait, or are broken, and why."""
    with read_transaction(engine) as connection:
        counts = pictures.count_states(connection)
        broken = pictures.list_pictures(connection, PictureState.BROKEN, limit)
        waiting = [row for row in pictures.list_pictures(connection, PictureState.WAITING, limit) if row.code]
        return PictureReport(
            fetched=counts.get(PictureState.FETCHED, 0),
            waiting=counts.get(PictureState.WAITING, 0),
            broken=counts.get(PictureState.BROKEN, 0),
            without_address=pictures.count_without_address(connection),
            faults=tuple(_describe(row) for row in (*broken, *waiting)),
        )


def _describe(row: PictureRow) -> BrokenPicture:
    status = row.code.removeprefix("status_")
    why = FAULTS.get(row.code) or (f"the server answers {status}" if status != row.code else row.code)
    given_up = row.state == PictureState.BROKEN
    return BrokenPicture(item_id=row.item_id, image_url=row.image_url, code=row.code, why=why, given_up=given_up)


def retry_pictures(engine: Engine, actor: Actor, now: datetime, real_now: datetime) -> int:
    """Let all broken pictures be fetched again, and return how many they are. Raises NotAllowed."""
    permissions.require(actor, Action.FETCH_PICTURES)
    with write_transaction(engine) as connection:
        count = pictures.retry_broken(connection, real_now)
        if count:
            subject = Subject(kind=SubjectKind.DATA, id="pictures")
            write_activity(connection, actor, Action.FETCH_PICTURES, subject, now, real_now, {"pictures": count})
    return count
