"""What a mail or a box shows of tests, saved once somebody has it: texts of campaigns and splits between algorithms."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from functools import cache
from typing import Any, Final

from sqlalchemy import Connection, Integer, Select, Text, and_, bindparam, select, type_coerce

from domain.experiments import name_split
from models.base import ClientId
from models.fixes import FixId
from models.journey_steps import MailContent
from models.slot_policies import SlotSplit
from store.experiments.assignments import ExperimentKind, save_seen
from store.sql.bulk import give, match_given
from store.tables import decisions, outreaches

_d: Final = decisions.c
_o: Final = outreaches.c
_SPLIT: Final = and_(_d.role == "live", type_coerce(_d.experiment, Text) != "")
"""The condition that an answer was given while a split of the slot was in force."""


def build_slot_assignment(
    client_id: ClientId, slot: str, split: SlotSplit, arm: str, at: datetime, *, exposed: bool
) -> dict[str, Any]:
    """Build who is in which arm of a slot's split, for `save_assignments`."""
    name = name_split(slot, split)
    return {
        "subject": client_id, "kind": ExperimentKind.SLOT, "experiment": name, "arm": arm, "at": at, "exposed": exposed,
    }  # fmt: skip


def build_text_assignment(client_id: ClientId, content: MailContent | None, at: datetime) -> Iterator[dict[str, Any]]:
    """Build who gets which text of a campaign's mail that has several; nobody has seen it yet."""
    if content is not None and content.experiment:
        yield {
            "subject": client_id, "kind": ExperimentKind.CAMPAIGN, "experiment": content.experiment,
            "arm": content.variant, "at": at, "exposed": False,
        }  # fmt: skip


def save_mail_exposures(connection: Connection, mails: Collection[tuple[ClientId, int]], now: datetime) -> None:
    """Save what mails show of tests, in the transaction that says that they left."""
    given = give(connection, sorted({client_id for client_id, _ in mails}))
    given |= {"numbers": sorted({n for _, n in mails})}
    wanted, rows = set(mails), list[dict[str, Any]]()
    for row in connection.execute(_select_of_mails(connection.dialect.name), given):
        if (row.client_id, row.n) not in wanted:
            continue
        rows += _list_seen(row.client_id, row.content or {}, row, now)
    save_seen(connection, rows)


@cache  # building it takes longer than running it, and each mail asks
def _select_of_mails(dialect: str) -> Select[Any]:
    numbers = bindparam("numbers", expanding=True, type_=Integer)
    of_mail = and_(_d.client_id == _o.client_id, _d.n == _o.n, _d.at >= _o.created_at, _SPLIT)
    query = select(_o.client_id, _o.n, _o.content, _d.slot, _d.experiment, _d.variant)
    query = query.select_from(outreaches.outerjoin(decisions, of_mail))
    return query.where(match_given(dialect, _o.client_id), _o.n.in_(numbers))


def _list_seen(client_id: ClientId, content: Mapping[str, Any], answer: Any, now: datetime) -> Iterator[dict[str, Any]]:
    """List what is seen of a mail or box: the text of a campaign in its content, and an answer given under a split."""
    about = {"subject": client_id, "at": now}
    if content.get("experiment"):
        text = {"experiment": content["experiment"], "arm": content.get("variant", "")}
        yield about | {"kind": ExperimentKind.CAMPAIGN} | text
    if answer.experiment is not None:
        split = {"experiment": name_split(answer.slot, answer.experiment), "arm": answer.variant}
        yield about | {"kind": ExperimentKind.SLOT} | split


def save_box_exposures(connection: Connection, client_id: ClientId, fix_id: FixId, now: datetime) -> None:
    """Save what a box shows of splits between algorithms, in the transaction that ships it."""
    query = select(_d.slot, _d.experiment, _d.variant)
    rows = connection.execute(query.where(_d.client_id == client_id, _d.fix_id == fix_id, _SPLIT))
    save_seen(connection, [seen for row in rows for seen in _list_seen(client_id, {}, row, now)])
