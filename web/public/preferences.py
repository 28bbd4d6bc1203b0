"""`/preferences/<token>`: how much mail, about what, a break, language, purposes. Opening it changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final, NamedTuple

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool

from errors import BadInput, ConfigError, ErasedClient, MailFault, NotFound
from mail.links import LetterKind, Links, OwnPage
from models.client_pages import AddressChange, Break, LanguageChoice, MailWishes, PurposeChoice
from models.states import Topic
from services.client_pages.letters import Letter, ask_for_address, ask_for_letter, call_off_address, send_letters
from services.client_pages.preferences import (
    OwnChange,
    load_preferences_page,
    save_break,
    save_language,
    save_purposes,
    save_wishes,
)
from web.actors import READER
from web.context import Here, WebContext
from web.public.answers import render_client_page
from web.public.forms import parse_form, parse_word, read_answers

router = APIRouter(include_in_schema=False)

Form = Mapping[str, list[str]]
TOPICS: Final[Mapping[str, tuple[str, str]]] = {
    Topic.NEWS: ("New arrivals", "What came in since you last looked."),
    Topic.SELECTION: ("Pieces chosen for you", "A short selection, when we have not heard from you for a while."),
    Topic.CAMPAIGN: ("Occasions", "Collections and events of the shop."),
}
LANGUAGES: Final[Mapping[str, str]] = {
    "en": "English", "de": "Deutsch", "fr": "Français", "es": "Español", "ar": "العربية",
}  # fmt: skip
"""The languages that mails are written in, by their own names."""


FEWER: Final = (3, 2, 1, 0)
"""Mails a week that the page offers instead of the shop's own number."""


class PreferenceForm(NamedTuple):
    """One part of the page: what its form means, and what is said when it is saved. `save` returns letters to send."""

    save: Callable[[OwnChange, Form, Links], list[Letter] | None]
    saved: str


@router.api_route("/preferences/{token}", methods=["GET", "HEAD"])
def show_preferences(token: str, request: Request, context: Here) -> Response:
    """Show what the client asked for."""
    return _render(token, request, context)


@router.post("/preferences/{token}/{part_name}")
async def change_preferences(token: str, part_name: str, request: Request, context: Here) -> Response:
    """Save one part, and show the page with what happened."""
    form = await read_answers(request)
    part = PARTS.get(part_name)
    if part is None:
        raise NotFound("no such part", "part")
    links = Links.from_settings(context.settings)
    client_id, n = links.read_page(OwnPage.PREFERENCES, token)
    now, real_now = context.business_now(), context.real_now()
    change = OwnChange(context.engine, READER, context.policy, client_id, n, now, real_now)
    said: dict[str, Any] = {"said": part.saved}
    try:
        if letters := await run_in_threadpool(part.save, change, form, links):
            await send_letters(context.settings, change, letters)
    except (NotFound, ErasedClient):
        raise
    except BadInput as wrong:
        said |= {"said": _write_sentence(wrong.reason), "wrong": True, "status": 422}
    except (MailFault, ConfigError):
        said |= {
            "said": "We could not send that mail just now. Please try it again later.",
            "wrong": True,
            "status": 503,
        }
    return await run_in_threadpool(partial(_render, token, request, context, **said))


def _render(token: str, request: Request, context: WebContext, *, status: int = 200, **said: Any) -> Response:
    links = Links.from_settings(context.settings)
    client_id, n = links.read_page(OwnPage.PREFERENCES, token)
    page = load_preferences_page(context.engine, context.policy, client_id, n, context.business_now())
    values = page._asdict() | {"said": "", "wrong": False} | said
    values |= {"token": token, "topics": TOPICS, "languages": LANGUAGES}
    values["weekly"] = _list_weekly(context.settings.max_mails_per_week, page.client.policy.max_mails_per_week)
    values["unsubscribe"] = links.build_unsubscribe_url(client_id, n)
    values["quiz"] = links.quiz_url or links.build_page_url(OwnPage.QUIZ, client_id, n)
    return render_client_page(request, "preferences.html", status, **values)


def _list_weekly(usual: int, chosen: int | None) -> list[tuple[int | str, str]]:
    """List how many mails a week may be chosen, fewest last: fewer than usual, and what was chosen elsewhere."""
    counts = sorted({n for n in FEWER if n < usual} | (set() if chosen is None else {chosen}), reverse=True)
    words = {0: "None", 1: "One a week"}
    return [("", f"As usual: {usual} a week"), *((n, words.get(n, f"{n} a week")) for n in counts)]


def _write_sentence(reason: str) -> str:
    return f"{reason[:1].upper()}{reason[1:].rstrip('.')}."


def _get(form: Form, name: str) -> str | None:
    return form[name][0] if form.get(name) else None


def _save_mail(change: OwnChange, form: Form, _: Links) -> None:
    chosen = form.get("topics", [])
    topics = None if set(chosen) >= set(TOPICS) else chosen
    wishes = {"max_mails_per_week": _get(form, "max_mails_per_week"), "topics": topics}
    save_wishes(change, parse_form(MailWishes, wishes))


def _save_break(change: OwnChange, form: Form, _: Links) -> None:
    if not _get(form, "until"):
        raise BadInput("Choose the day on which our mail may begin again", "until")
    save_break(change, parse_form(Break, {"until": _get(form, "until")}))


def _end_break(change: OwnChange, _form: Form, _: Links) -> None:
    save_break(change, Break())


def _save_language(change: OwnChange, form: Form, _: Links) -> None:
    save_language(change, parse_form(LanguageChoice, {"locale": _get(form, "locale")}))


def _save_purposes(change: OwnChange, form: Form, _: Links) -> None:
    values = {name: parse_word(form, name) for name in ("personalisation", "measurement")}
    save_purposes(change, parse_form(PurposeChoice, values))


def _ask_for_address(change: OwnChange, form: Form, links: Links) -> list[Letter]:
    return ask_for_address(change, links, parse_form(AddressChange, {"email": _get(form, "email") or ""}))


def _call_off_address(change: OwnChange, _form: Form, _: Links) -> None:
    call_off_address(change)


def _ask_for_data(change: OwnChange, _form: Form, links: Links) -> list[Letter]:
    return ask_for_letter(change, links, LetterKind.DATA)


def _ask_for_erasure(change: OwnChange, _form: Form, links: Links) -> list[Letter]:
    return ask_for_letter(change, links, LetterKind.ERASURE)


PARTS: Final[Mapping[str, PreferenceForm]] = {
    "mail": PreferenceForm(_save_mail, "Saved. From now on you get as much mail as you asked for."),
    "break": PreferenceForm(_save_break, "Saved. You get no mail from us until that day."),
    "resume": PreferenceForm(_end_break, "Your break is over. We write again, seldom and with care."),
    "language": PreferenceForm(_save_language, "Saved. Our mails to you are written in it from now on."),
    "purposes": PreferenceForm(_save_purposes, "Saved. That is how we use what we know of you from now on."),
    "address": PreferenceForm(
        _ask_for_address, "We sent a link to that address. Your address changes when you use it."
    ),
    "stay": PreferenceForm(_call_off_address, "Stopped. We go on writing to the address that we have."),
    "data": PreferenceForm(_ask_for_data, "We sent you a link to your data. It works for two days."),
    "erasure": PreferenceForm(_ask_for_erasure, "We sent you a link. Nothing is erased before you use it."),
}
