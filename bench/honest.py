"""How much honest copy passes at `grounded`: mails by hands that had seen no rule, through the product's composer.

`python -m bench honest` measures both halves of the corpus (bench/data/honest). `python -m bench.honest FOLDER`
measures the open half of a corpus alone and prints what was refused: it never opens the unread one.
"""

from __future__ import annotations

import asyncio
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final, NamedTuple, cast

import instructor
from pydantic import SecretStr, ValidationError

from agents.languages import find_draft_faults
from agents.llm import LanguageModel
from agents.writer import Draft, assemble_draft
from bench.honest_mails import FOLDER, LANGUAGES, NOW, HonestMail, PlayedMail, load_mails, load_played
from bench.honest_writer import HonestWriter, PlayedWriter, list_written
from domain.planning import MailStart
from domain.review_steps import ReviewStep
from domain.statistics.intervals import compute_share_bounds
from errors import ModelFault
from models.clients import ClientRow
from models.outreach import OutreachStep
from models.states import OutreachState
from services.clients.registration import upsert_clients
from services.context import ServiceContext
from services.decisions.decider import Decider
from services.mailing.model_composer import ModelComposer
from services.recommendations.recommender import Recommender
from settings import Settings
from store.database import connect, read_transaction, write_transaction
from store.mail import ledger
from store.mail.policy import ShopPolicy
from store.migrate import upgrade

FAR: Final = 1.96
"""Standard errors to each side of a 95 % interval."""
GAVE_UP: Final = frozenset({"ungrounded", "invalid"})
"""Codes of a mail that falls back to the template writer: of faults, or of nothing left after what was struck."""


HALVES: Final = {
    "open": "honest_open",
    "unread": "honest_used",
    "fresh_open": "honest_fresh_open",
    "fresh_unread": "honest_fresh",
    "hands_open": "honest_hands",
}
"""Parts of the corpus with the name of their figures. The two that were unread were measured, and are unread no more;
`hands_sealed` waits until the rules are wider. The hands saw no prompt."""
PLAYED: Final = {"open": "honest_played_open", "sealed": "honest"}
"""Halves of the mails by hands that played the model, with the prompt that it gets. No rule was made after the sealed
half was opened."""
Mail = HonestMail | PlayedMail


class ReturnedSentence(NamedTuple):
    """A sentence that came back. `call`: 0 for the first wording."""

    language: str
    code: str
    call: int
    mail_id: str
    text: str
    what: str


class Outcome(NamedTuple):
    """What became of one mail. `calls`: after which the composer took it; 0: it fell back to the template writer.
    `sent`: its sentences as they left; `own`: those of them that are the writer's."""

    language: str
    calls: int
    sentences: int
    sent: int
    own: int
    refused: tuple[ReturnedSentence, ...]


def measure() -> dict[str, float]:
    """Measure every part of the corpus; the promise is on the part that nobody read while the rules were made."""
    figures: dict[str, float] = {}
    for half, name in HALVES.items():
        if mails := load_mails(half):
            figures |= compute_figures(compose_all(mails), name)
    for half, name in PLAYED.items():
        if played := load_played(half):
            figures |= compute_figures(compose_all(played), name)
    return figures


def compute_figures(outcomes: Sequence[Outcome], name: str) -> dict[str, float]:
    """Compute the shares that passed, in all and by language, and sentences refused by kind of fault."""
    count = len(outcomes)
    passed = sum(outcome.calls in (1, 2) for outcome in outcomes) / count
    low, high = compute_share_bounds(passed, count, FAR)
    kinds = Counter(refusal.code for outcome in outcomes for refusal in outcome.refused if refusal.call == 0)
    sentences = sum(outcome.sentences for outcome in outcomes)
    figures = {
        f"{name}_mails": count,
        f"{name}_passed_share": passed,
        f"{name}_passed_low": low,
        f"{name}_passed_high": high,
        f"{name}_all_own_share": sum(_is_all_own(outcome) for outcome in outcomes) / count,
        f"{name}_sentences_own_share": _compute_own_share(outcomes),
        f"{name}_first_try_share": sum(outcome.calls == 1 for outcome in outcomes) / count,
        f"{name}_later_share": sum(outcome.calls > 2 for outcome in outcomes) / count,
        f"{name}_fell_back_share": sum(not outcome.calls for outcome in outcomes) / count,
        f"{name}_sentences_refused_share": sum(kinds.values()) / sentences,
    }
    figures |= {f"{name}_refused_{code}": number for code, number in kinds.items()}
    return figures | _compute_by_language(outcomes, name)


def _is_all_own(outcome: Outcome) -> bool:
    """Return whether a mail passed after one rewrite with no sentence mended by code."""
    return outcome.calls in (1, 2) and not any(refusal.call == outcome.calls - 1 for refusal in outcome.refused)


def _compute_own_share(outcomes: Sequence[Outcome]) -> float:
    """Compute the share of the sentences that left, in mails that passed, which are the writer's own."""
    sent = sum(outcome.sent for outcome in outcomes)
    return sum(outcome.own for outcome in outcomes) / sent if sent else 0.0


def _compute_by_language(outcomes: Sequence[Outcome], name: str) -> dict[str, float]:
    figures: dict[str, float] = {}
    for language in LANGUAGES:
        if ours := [outcome for outcome in outcomes if outcome.language == language]:
            refused = sum(refusal.call == 0 for outcome in ours for refusal in outcome.refused)
            figures[f"{name}_{language}_passed_share"] = sum(outcome.calls in (1, 2) for outcome in ours) / len(ours)
            figures[f"{name}_{language}_refused_share"] = refused / sum(outcome.sentences for outcome in ours)
    return figures


def compose_all(mails: Sequence[Mail]) -> list[Outcome]:
    """Compose every mail in a store of their own."""
    with _open_store(mails) as context:
        return asyncio.run(_compose(context, mails))


async def _compose(context: ServiceContext, mails: Sequence[Mail]) -> list[Outcome]:
    return [await _compose_one(context, mail) for mail in mails]


async def _compose_one(context: ServiceContext, mail: Mail) -> Outcome:
    """Have the composer write and review a mail that was picked."""
    writer = PlayedWriter(mail) if isinstance(mail, PlayedMail) else HonestWriter(mail)
    model = LanguageModel(cast(Any, writer), [instructor.Mode.TOOLS], context.settings)
    recommender = Recommender(context.engine, context.settings)
    composer = ModelComposer(context, recommender, Decider(), model)
    step = OutreachStep(client_id=mail.mail_id, n=1, at=NOW)
    try:
        await composer.write(step)
        await composer.review(step)
    except ModelFault as fault:
        if fault.code not in GAVE_UP:
            raise
    with read_transaction(context.engine) as connection:
        row = ledger.require_mail(connection, mail.mail_id, 1)
    approved = row.state == OutreachState.IN_REVIEW and row.code == ReviewStep.APPROVE
    calls = writer.answers
    refused = tuple(refusal for call, answer in enumerate(calls) for refusal in _list_refusals(mail, call, answer))
    texts = [said["text"] for said in (row.draft or {}).get("sentences", ())] if approved else []
    written = {text for call in calls for text in list_written(call)}
    own = sum(text in written for text in texts)
    return Outcome(mail.language, len(calls) if approved else 0, writer.count_sentences(), len(texts), own, refused)


def _list_refusals(mail: Mail, call: int, answer: Mapping[str, Any]) -> Iterator[ReturnedSentence]:
    try:
        draft = assemble_draft(Draft.model_validate(answer), mail.brief)
    except ValidationError as wrong:
        yield ReturnedSentence(mail.language, "invalid", call, mail.mail_id, "", str(wrong.errors()[0]["loc"]))
        return
    for fault in find_draft_faults(draft, mail.brief):
        number = fault.where.removeprefix("sentences[").removesuffix("]")
        text = draft.sentences[int(number)].text if number.isdigit() else fault.where
        yield ReturnedSentence(mail.language, fault.code, call, mail.mail_id, text, fault.what)


@contextmanager
def _open_store(mails: Sequence[Mail]) -> Iterator[ServiceContext]:
    """Open a store with a client and a picked mail for each."""
    with TemporaryDirectory() as folder:
        settings = Settings(
            _env_file=None, home=Path(folder), llm_api_key=SecretStr("none"), llm_tokens_per_client_day=10_000_000
        )
        engine = connect(settings.database)
        upgrade(engine)
        rows = [_build_client(mail) for mail in mails]
        with write_transaction(engine) as connection:
            upsert_clients(connection, rows, ShopPolicy.from_settings(settings), NOW, NOW)
            for mail in mails:
                _pick(connection, mail)
        yield ServiceContext(settings, engine)
        engine.dispose()


def _build_client(mail: Mail) -> ClientRow:
    address = f"{mail.mail_id}@example.com"
    return ClientRow(
        client_id=mail.mail_id, email=address, first_name=mail.brief.first_name, signed_up_at=NOW, consent=True
    )


def _pick(connection: Any, mail: Mail) -> None:
    brief = mail.brief
    start = MailStart(kind=brief.kind, key=f"honest:{mail.mail_id}", priority=1)
    ledger.begin_mail(
        connection,
        mail.mail_id,
        1,
        start,
        assessment_id=brief.assessment_id,
        score=brief.score,
        phase=brief.phase,
        now=NOW,
    )
    values = {"brief": brief.model_dump(mode="json"), "attempt": 0}
    ledger.move_mail(connection, mail.mail_id, 1, OutreachState.PICKED, NOW, values=values)


def main(folder: Path) -> None:
    """Print the figures of the open half, and each refusal."""
    outcomes = compose_all(load_mails("open", folder))
    for refusal in sorted(refusal for outcome in outcomes for refusal in outcome.refused):
        print(*refusal, sep="\t")
    for name, value in compute_figures(outcomes, "open").items():
        print(f"{name:<40}{value:>10.3f}")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if sys.argv[1:] else FOLDER)
