"""The writer: turns a brief into a draft of sentences, each of which rests on facts of the brief or claims nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from agents.languages import LANGUAGES, find_draft_faults, find_language, load_grammar
from agents.llm import PromptAnswerer
from agents.mending import mend_draft
from agents.prompt import clean_foreign_text, load_instructions, quote_data
from agents.purposes import PURPOSE
from domain.sentences.catalogue_words import list_forms, list_nouns, list_tags, translate
from domain.sentences.checking import STYLE, SentenceChecker, build_greeting
from domain.sentences.grammar import Grammar
from domain.sentences.naming import MESSAGE, SEASON, SHOP, build_item_id
from models.mail import Brief, BriefItem, CitedSentence, EmailDraft, Fact, ItemBlurb, Review, Sentence
from models.states import TouchKind

VERSION = load_instructions("writer").version
_FREE_WORDS: Final = ("quality", "manner", "thing", "own")
"""Classes of the grammar whose words a writer may use of any item."""
_PLACES: Final = ("subject", "preheader", "paragraph", "call_to_action")
"""Places for which approved sentences are shown that claim nothing."""

OFFER_NOTE: Final = "The shop states an offer in a block of its own below this text. Say nothing of it."


class Said(BaseModel):
    """One sentence."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    text: Sentence = Field(description="One sentence in plain words.")
    rests_on: tuple[Annotated[str, Field(max_length=80)], ...] = Field(
        min_length=1, max_length=6, description="Ids of the facts that it rests on, or `style` when it claims nothing."
    )


class ItemWords(BaseModel):
    """What is said of one picked item."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    item_id: str = Field(max_length=64, description="The item_id of an item of the brief, as it stands there.")
    sentences: tuple[Said, ...] = Field(min_length=1, max_length=3, description="One or two sentences on this item.")


class Draft(BaseModel):
    """One email in sentences: no link, address, price or markup."""

    model_config = ConfigDict(extra="forbid", title="EmailDraft", hide_input_in_errors=True)

    subject: Said = Field(description="In sentence case, at most 60 characters.")
    preheader: Said = Field(description="Adds to the subject.")
    paragraphs: tuple[tuple[Said, ...], ...] = Field(min_length=1, max_length=4, description="Short paragraphs.")
    items: tuple[ItemWords, ...] = Field(default=(), max_length=6, description="The items to show, in order.")
    call_to_action: Said = Field(description="Two to five words.")


async def write_draft(
    model: PromptAnswerer, brief: Brief, review: Review | None = None, draft: EmailDraft | None = None
) -> EmailDraft:
    """Write a draft for `brief` without faults; with `review`, one that repairs what was wrong with `draft`.

    Raises what `agents.llm.ModelSession.ask` raises.
    """
    parts = [quote_data("brief", build_model_brief(brief))]
    if review is not None:
        parts.append(quote_data("review", _build_review_data(review, draft)))

    def check(answer: Draft) -> list[str]:
        return list(_list_faults(answer, brief))

    def can_mend(answer: Draft) -> bool:
        return _mend(answer, brief) is not None

    answer = await model.ask(load_instructions("writer").build_prompt("\n\n".join(parts)), Draft, check, can_mend)
    return _mend(answer.value, brief) or assemble_draft(answer.value, brief)


def _mend(answer: Draft, brief: Brief) -> EmailDraft | None:
    """Mend what an answer says wrongly; None where that is not to be done."""
    try:
        draft = assemble_draft(answer, brief)
    except ValidationError:
        return None
    return None if _lacks_items(draft, brief) else mend_draft(draft, brief)


def _lacks_items(draft: EmailDraft, brief: Brief) -> bool:
    return bool(brief.items) and not draft.items and brief.kind is not TouchKind.QUIZ


def build_model_brief(brief: Brief) -> dict[str, Any]:
    """Build what a model sees of a brief: one client's data, without scores that it has no use for. Each fact has the
    id by which a sentence rests on it, and approved ways to say it."""
    language = find_language(brief.locale)
    grammar = load_grammar(language)
    checker = SentenceChecker(brief, grammar)
    words = {name: sorted(grammar.classes.get(name, ())) for name in _FREE_WORDS}
    items = [(build_item_id(item.item_id), _show_item(item, grammar)) for item in brief.items]
    patterns = {name: list(grammar.ways[name]) for name in ("allowed", "refused")}
    return {
        "purpose": PURPOSE[brief.kind],
        "phase": brief.phase,
        "language": LANGUAGES[language],
        "voice": brief.voice,
        "facts": [
            *(
                {"id": f.code, "text": f.text, **_show_words(f, grammar), "say": checker.list_ways(f.code)}
                for f in brief.facts
            ),
            *([{"id": MESSAGE, "text": brief.message}] if brief.message else []),
            *([{"id": SEASON, "text": brief.season}] if brief.season else []),
            {"id": SHOP, "text": brief.shop_name},
        ],
        "items": [{"id": fact_id, **told, "say": checker.list_ways(fact_id)} for fact_id, told in items],
        "style": {"words": words, **{name: checker.list_openers(name) for name in _PLACES}, **patterns},
        **({"offer": OFFER_NOTE} if brief.offer is not None else {}),
        "client_words": [clean_foreign_text(words) for words in brief.client_words],
    }


def _show_item(item: BriefItem, grammar: Grammar) -> dict[str, Any]:
    """Show an item with what it, its colour and its tags are called in the mail's language."""
    return {
        **item.model_dump(),
        "called": list_nouns(item.title, item.category, grammar),
        "colour_words": list(translate(item.colour, "colour", grammar)),
        "tag_words": list_tags(item, grammar),
    }


def _show_words(fact: Fact, grammar: Grammar) -> dict[str, Any]:
    """Show what the words of a fact are called in the mail's language."""
    return {"words": [forms[0] for forms in list_forms(fact, grammar)]} if fact.words else {}


def assemble_draft(answer: Draft, brief: Brief) -> EmailDraft:
    """Assemble the mail's text from its sentences; the greeting is the shop's. Raises ValueError for a text that is too
    long."""
    language = find_language(brief.locale)
    sentences = tuple(_list_sentences(answer))
    return EmailDraft(
        subject=answer.subject.text,
        preheader=answer.preheader.text,
        greeting=build_greeting(brief, load_grammar(language)),
        paragraphs=tuple(map(_join, answer.paragraphs)),
        items=tuple(ItemBlurb(item_id=words.item_id, text=_join(words.sentences)) for words in answer.items),
        call_to_action=answer.call_to_action.text,
        language=language,
        sentences=sentences,
    )


def _list_faults(answer: Draft, brief: Brief) -> Iterator[str]:
    """List what is wrong with an answer, in words for the model."""
    try:
        draft = assemble_draft(answer, brief)
    except ValidationError as wrong:
        yield from (f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in wrong.errors(include_input=False))
        return
    if _lacks_items(draft, brief):
        yield "items: none of the items of the brief"
    yield from (f"{v.where}: {v.what}" for v in find_draft_faults(draft, brief))


def _list_sentences(answer: Draft) -> Iterator[CitedSentence]:
    yield _cite("subject", answer.subject)
    yield _cite("preheader", answer.preheader)
    for i, paragraph in enumerate(answer.paragraphs):
        yield from (_cite(f"paragraphs[{i}]", said) for said in paragraph)
    for i, words in enumerate(answer.items):
        yield from (_cite(f"items[{i}].text", said) for said in words.sentences)
    yield _cite("call_to_action", answer.call_to_action)


def _cite(where: str, said: Said) -> CitedSentence:
    return CitedSentence(where=where, text=said.text, facts=tuple(fact for fact in said.rests_on if fact != STYLE))


def _join(sentences: Sequence[Said]) -> str:
    return " ".join(said.text for said in sentences)


def _build_review_data(review: Review, draft: EmailDraft | None) -> dict[str, Any]:
    issues = [{"severity": i.severity, "where": i.where, "mend": clean_foreign_text(i.what)} for i in review.issues]
    return {"draft": draft.model_dump() if draft else None, "issues": issues}
