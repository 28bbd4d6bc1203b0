"""`/quiz/<token>`: the style quiz, one screen a question on a phone. Opening it changes nothing."""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool

from mail.links import Links, OwnPage
from models.catalogue import Item
from models.client_pages import QuizAnswers
from services.client_pages.quiz import load_quiz_page, save_quiz
from services.client_pages.selection import list_sold_items
from web import actors
from web.context import Here, WebContext
from web.public.answers import render_client_page
from web.public.forms import parse_form, parse_word, read_answers

router = APIRouter(include_in_schema=False)


@router.api_route("/quiz/{token}", methods=["GET", "HEAD"])
def ask_quiz(token: str, request: Request, context: Here) -> Response:
    """Ask the questions, with what the client answered before as chosen."""
    client_id, n = Links.from_settings(context.settings).read_page(OwnPage.QUIZ, token)
    items = _list_items(request, context)
    page = load_quiz_page(context.engine, context.policy, client_id, n, items, context.business_now())
    return render_client_page(request, "quiz.html", token=token, **page._asdict())


@router.post("/quiz/{token}")
async def answer_quiz(token: str, request: Request, context: Here) -> Response:
    """Save the answers, and say what follows from them."""
    form = await read_answers(request)
    lists = {name: form.get(name, []) for name in ("categories", "styles", "colours", "sizes")}
    purposes = {name: parse_word(form, name) for name in ("personalisation", "measurement")}
    answers = parse_form(
        QuizAnswers, {**lists, **purposes, "budget": form["budget"][0] if form.get("budget") else None}
    )
    return await run_in_threadpool(_save, token, request, context, answers)


def _save(token: str, request: Request, context: WebContext, answers: QuizAnswers) -> Response:
    client_id, n = Links.from_settings(context.settings).read_page(OwnPage.QUIZ, token)
    now, real_now = context.business_now(), context.real_now()
    items = _list_items(request, context)
    client = save_quiz(context.engine, actors.READER, context.policy, client_id, n, answers, items, now, real_now)
    chosen = "From now on we choose by what you told us."
    plain = "You see what is new and popular, in your sizes. The rest of your answers chooses nothing, as you asked."
    lines = [chosen if client else plain, "You can change them whenever you like, by the same link."]
    link = (f"/quiz/{token}", "Look at my answers")
    return render_client_page(request, "done.html", title="Your answers are saved", lines=lines, link=link)


def _list_items(request: Request, context: WebContext) -> Sequence[Item]:
    return list_sold_items(request.app.state.recommender.list_items(context.business_now()))
