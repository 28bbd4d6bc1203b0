"""Responses to requests that cannot be served: a page for people, JSON for machines, one plain sentence."""

from __future__ import annotations

from typing import Final

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from errors import (
    BadInput,
    ErasedClient,
    Forbidden,
    NotAllowed,
    NotFound,
    SelvedgeError,
    SignInNeeded,
    StaleForm,
    Taken,
    TooLarge,
    TooManyTries,
    Unavailable,
)
from ingest.faults import explain_error
from models.api_answers import ErrorAnswer, ErrorDetail
from web.auth.refusals import answer_sign_in_needed, answer_stale_form
from web.public.answers import is_client_path, render_client_error
from web.public.origins import VISITOR_PATHS, find_origin, list_cors_headers
from web.templating import render_page

STATUS: Final[tuple[tuple[type[SelvedgeError], int], ...]] = (
    (NotFound, 404),
    (ErasedClient, 410),
    (Taken, 409),
    (TooLarge, 413),
    (BadInput, 422),
    (NotAllowed, 403),
    (TooManyTries, 429),
    (Forbidden, 401),
    (Unavailable, 503),
)
TITLES: Final = {
    400: "That cannot be read",
    401: "Not allowed",
    403: "Not allowed",
    404: "Not found",
    405: "Not possible here",
    409: "Somebody was faster",
    410: "Erased",
    413: "Too large",
    422: "That cannot be accepted",
    429: "Too many tries",
    503: "Not available right now",
}


def install(app: FastAPI) -> None:
    """Handle every error of ours, of the framework and of a bug in the same manner."""
    app.add_exception_handler(SelvedgeError, answer_error)
    app.add_exception_handler(RequestValidationError, _answer_invalid_request)
    app.add_exception_handler(HTTPException, _answer_http_error)
    app.add_exception_handler(Exception, _answer_crash)


async def answer_error(request: Request, error: Exception) -> Response:
    """Answer an error of ours; where somebody is not signed in, or a form does not fit, nothing written is lost."""
    if isinstance(error, SignInNeeded) and not _is_for_programs(request):
        return await answer_sign_in_needed(request, str(error))
    if isinstance(error, StaleForm) and not _is_for_programs(request):
        return await answer_stale_form(request, str(error))
    return answer_own_error(request, error)


def answer_own_error(request: Request, error: Exception) -> Response:
    """Answer an error of ours. It needs nothing that may have failed: no database, no Temporal."""
    status = next((code for kind, code in STATUS if isinstance(error, kind)), 500)
    headers = {"Retry-After": f"{error.retry_after or 5:.0f}"} if isinstance(error, Unavailable) else {}
    code = getattr(error, "code", "error")
    if is_client_path(request.url.path):
        message = getattr(error, "reason", str(error))
        return _add_headers(render_client_error(request, error, status, message), headers)
    return _answer(request, status, getattr(error, "public", str(error)), code, getattr(error, "field", None), headers)


def _answer_invalid_request(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for it alone
    first = error.errors()[0]
    location, field = first["loc"][0], ".".join(str(part) for part in first["loc"][1:])
    # An address with an impossible id is a page that does not exist.
    status = 404 if location == "path" else 422
    if is_client_path(request.url.path):
        return render_client_error(request, error, status, explain_error(first))
    return _answer(request, status, f"{field}: {explain_error(first)}", "bad_input", field or None, {})


def _answer_http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for it alone
    message = "There is nothing at this address." if error.status_code == 404 else str(error.detail)
    if is_client_path(request.url.path):
        return render_client_error(request, error, error.status_code, message)
    return _answer(request, error.status_code, message, "http", None, dict(error.headers or {}))


def _answer_crash(request: Request, error: Exception) -> Response:
    if is_client_path(request.url.path):
        return render_client_error(request, error, 500, "")
    return _answer(request, 500, "Something broke on our side; the log says what.", "fault", None, {})


def _answer(
    request: Request, status: int, message: str, code: str, field: str | None, headers: dict[str, str]
) -> Response:
    if _is_for_programs(request):
        body = ErrorAnswer(error=ErrorDetail(code=code, field=field, message=message))
        if request.url.path.startswith(VISITOR_PATHS) and "app" in request.scope:  # the page's script reads why
            headers = {**headers, **list_cors_headers(find_origin(request))}
        return Response(body.model_dump_json(), status, headers, "application/json")
    if code in (NotFound.code, ErasedClient.code):  # people named no field
        message = message.removeprefix(f"{field}: ")
    title = TITLES.get(status, "Something went wrong")
    # What failed may be the database: the clock is recalled, not asked for.
    answer = render_page(request, "error.html", status, recall=True, status=status, title=title, message=message)
    return _add_headers(answer, headers)


def _is_for_programs(request: Request) -> bool:
    """Whether a program asks, to which JSON is answered."""
    return request.url.path.startswith(("/v1/", "/ofrep/", "/mcp", VISITOR_PATHS)) or request.url.path.endswith(".json")


def _add_headers(answer: Response, headers: dict[str, str]) -> Response:
    answer.headers.update(headers)
    return answer
