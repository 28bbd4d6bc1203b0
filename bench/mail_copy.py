"""How much the template writer repeats itself, over mails to all clients of the demo shop: `python -m bench mail_copy`.

Each client gets one mail of each kind, one after another a week apart, composed as the product composes it: picked,
explained, written. Nothing is sent. The shop's clients are spread over the languages that mails are written in.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from typing import Final, NamedTuple

from sqlalchemy import insert, select, update

from agents.languages import LANGUAGES
from agents.template_writer import compose_draft
from bench.demo_boxes import NOW, DemoShop, open_demo_shop
from models.mail import Brief, EmailDraft
from models.states import OutreachState, Phase, TouchKind
from services.mailing.composition import require_items
from services.recommendations.recommender import Recommender
from store.database import write_transaction
from store.mail import ledger
from store.tables import clients, outreaches

MAILS: Final = 1_000
WEEK: Final = timedelta(days=7)


class WrittenMail(NamedTuple):
    """A mail and what it was written from."""

    brief: Brief
    draft: EmailDraft


def measure(mails: int = MAILS) -> dict[str, float]:
    """Measure all; the figures by name."""
    with open_demo_shop(NOW) as shop:
        written = list(write_mails(shop, mails))
    english = [mail for mail in written if mail.draft.language == "en"]
    openings = Counter((mail.brief.kind, mail.draft.paragraphs[0]) for mail in written)
    picked = Counter(blurb.item_id for mail in written for blurb in mail.draft.items)
    return {
        "copy_mails": len(written),
        "copy_largest_subject_share": find_largest_share(written),
        "copy_subjects_over_50": sum(len(mail.draft.subject) > 50 for mail in written) / len(written),
        "copy_repeats_in_last_ten": count_repeats(written) / len(written),
        "copy_openings": len(openings),
        "copy_blurbs_repeated_in_mail": sum(has_repeat(mail.draft) for mail in written) / len(written),
        "copy_reasons_given_share": sum(has_reason(mail) for mail in english) / max(1, len(english)),
        "copy_largest_pick_share": max(picked.values()) / len(written),
    }


def write_mails(shop: DemoShop, count: int) -> Iterator[WrittenMail]:
    """Write `count` mails, of every kind in turn to every client, and note each as sent."""
    recommender, languages, kinds = Recommender(shop.engine, shop.settings), list(LANGUAGES), list(TouchKind)
    with write_transaction(shop.engine) as connection:
        ids = list(connection.scalars(select(clients.c.client_id).order_by(clients.c.client_id)))
        for number, client_id in enumerate(ids):
            language = languages[number % len(languages)]
            connection.execute(update(clients).where(clients.c.client_id == client_id).values(locale=language))
    for number in range(count):
        client_id, turn = ids[number % len(ids)], number // len(ids)
        now, row = NOW + turn * WEEK, build_row(client_id, turn + 1, kinds[turn % len(kinds)])
        with write_transaction(shop.engine) as connection:
            connection.execute(insert(outreaches).values(**row, created_at=now, updated_at=now))
            mail = ledger.require_mail(connection, client_id, turn + 1)
            brief = require_items(shop.context, recommender, connection, mail, now).brief
            draft = compose_draft(brief)
            sent = {"draft": draft.model_dump(mode="json"), "state": OutreachState.SENT, "sent_at": now}
            is_this_mail = (outreaches.c.client_id == client_id) & (outreaches.c.n == turn + 1)
            connection.execute(update(outreaches).where(is_this_mail).values(**sent))
        yield WrittenMail(brief, draft)


def build_row(client_id: str, n: int, kind: TouchKind) -> dict[str, object]:
    """Build the row of a planned mail."""
    row = {"client_id": client_id, "n": n, "reason_key": f"k{n}", "kind": kind, "assessment_id": "a", "score": 1.0}
    return row | {"phase": Phase.COOLING, "state": OutreachState.BRIEFED}


def find_largest_share(mails: Sequence[WrittenMail]) -> float:
    """Find the share of the subject that most mails of one kind have, in the kind where it is largest."""
    subjects: dict[TouchKind, Counter[str]] = defaultdict(Counter)
    for mail in mails:
        subjects[mail.brief.kind][mail.draft.subject] += 1
    return max(max(counts.values()) / counts.total() for kind, counts in subjects.items() if kind is not TouchKind.QUIZ)


def count_repeats(mails: Iterable[WrittenMail]) -> int:
    """Count the mails whose subject one of the client's last ten had."""
    return sum(mail.draft.subject in mail.brief.subjects for mail in mails)


def has_repeat(draft: EmailDraft) -> bool:
    """Return whether two pieces of a mail have the same words."""
    texts = [blurb.text for blurb in draft.items]
    return len(set(texts)) < len(texts)


def has_reason(mail: WrittenMail) -> bool:
    """Return whether a piece of the mail is shown with its own reason."""
    return any(item.why for item in mail.brief.items)
