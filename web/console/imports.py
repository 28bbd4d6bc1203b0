"""`/import`: send a file in, confirm how it is written and which columns are ours, watch it, read what was refused.

The rules are those of `selvedge import` (ingest/files.py); these pages only ask and show.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import islice
from typing import Annotated, Final, get_args

from fastapi import APIRouter, Path, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse, StreamingResponse
from starlette.datastructures import UploadFile

from domain.permissions import Action
from errors import BadInput, NotFound
from ingest.faults import parse_model
from ingest.guesses import propose_columns, read_head, show_cell
from ingest.kinds import KINDS
from ingest.row_notes import describe_notes
from ingest.upload_runs import FileLook, UploadRun, forget_upload, look_at_file
from ingest.uploads import ENDINGS, LARGEST, Uploads, list_rejects, parse_format, write_rejects
from models.actors import Actor
from models.imports import ImportJob, ImportKind, ImportState
from services.csv_lines import format_line
from services.repeated_work import RepeatedWork
from web.auth.rules import needs
from web.console.acting import build_form_token, receive_form
from web.context import Here, WebContext
from web.templating import render_page

router: Final = APIRouter(include_in_schema=False)

RULE: Final = needs(Action.IMPORT_FILE)
PAGE: Final = "/import"
REJECTS: Final = 100
"""Bad rows that the page shows; the file lists all."""
HOUR_S: Final = 3_600.0
IdPath = Annotated[str, Path(pattern="^[0-9a-f]{1,32}$")]


@contextmanager
def forget_uploads(context: WebContext) -> Iterator[None]:
    """Forget what was sent in long ago once an hour, for as long as the block runs."""
    uploads = Uploads(context.settings.home)
    work = RepeatedWork(
        "uploads", lambda: uploads.forget_old(context.real_now()), HOUR_S, "old files are not forgotten"
    )
    work.start()
    try:
        yield
    finally:
        work.close()


@router.get(PAGE, dependencies=[RULE])
def show_imports(request: Request, context: Here) -> Response:
    """Ask for a file, and list those that were sent in lately."""
    return _render_list(request, context)


@router.post(PAGE, dependencies=[RULE])
async def receive_file(request: Request, context: Here) -> Response:
    """Save a file and lead to what was guessed of it. Nothing of it is in yet."""
    form = await receive_form(request, "import")
    content = (await request.form()).get("file")
    try:
        if not isinstance(content, UploadFile) or not content.filename:
            raise BadInput("choose a file", "file")
        kind = form.fields.get("kind", "")
        if kind not in get_args(ImportKind):
            raise BadInput("choose what it holds", "kind")
        job = await run_in_threadpool(_save, context, kind, content, form.actor.who)  # type: ignore[arg-type]
    except BadInput as refused:
        return await run_in_threadpool(_render_list, request, context, form.fields, refused)
    finally:
        await request.close()
    return RedirectResponse(f"{PAGE}/{job.import_id}", status_code=303)


def _save(context: WebContext, kind: ImportKind, content: UploadFile, who: str) -> ImportJob:
    uploads = Uploads(context.settings.home)
    return uploads.save(kind, content.filename or "", content.file, who, context.real_now())


@router.get(PAGE + "/{import_id}", dependencies=[RULE])
def show_import(request: Request, context: Here, import_id: IdPath) -> Response:
    """Show one import: what is to be confirmed, how far it is, or what came of it."""
    return _render(request, context, Uploads(context.settings.home).load(import_id))


@router.post(PAGE + "/{import_id}", dependencies=[RULE])
async def change_import(request: Request, context: Here, import_id: IdPath) -> Response:
    """Look again with other columns, take the file in, or throw it away."""
    form = await receive_form(request, "import", import_id)
    return await run_in_threadpool(_change, request, context, import_id, form.actor, form.fields)


def _change(request: Request, context: WebContext, import_id: str, actor: Actor, fields: Mapping[str, str]) -> Response:
    uploads = Uploads(context.settings.home)
    job = uploads.load(import_id)
    if uploads.is_held(job):
        return RedirectResponse(f"{PAGE}/{import_id}", status_code=303)
    if fields.get("act") == "forget":
        forget_upload(context.engine, uploads, job, actor, context.business_now(), context.real_now())
        return RedirectResponse(PAGE, status_code=303)
    try:
        if job.state is not ImportState.RUNNING:
            job = uploads.put(_apply(uploads, job, fields))
        if fields.get("act") == "start":
            engine, settings = context.import_engine, context.settings
            run = UploadRun(engine, settings, lambda: (context.business_now(), context.real_now()))
            run.start(job, actor)
    except NotFound:
        raise
    except BadInput as refused:
        return _render(request, context, job, refused)
    return RedirectResponse(f"{PAGE}/{import_id}", status_code=303)


def _apply(uploads: Uploads, job: ImportJob, fields: Mapping[str, str]) -> ImportJob:
    """Apply what a person says of the file; where it is written otherwise, its columns are proposed anew."""
    values = {name: fields.get(name, "").strip() for name in ("delimiter", "encoding", "lists")}
    columns = {name.removeprefix("column."): text for name, text in fields.items() if name.startswith("column.")}
    marks = {name: name in fields for name in ("start", "whole", "confirmed")}
    chosen = {ours: theirs for ours, theirs in columns.items() if theirs}
    changed = {**values, **marks, "columns": chosen, "state": ImportState.UPLOADED}
    said: ImportJob = parse_model(ImportJob, {**job.model_dump(), **changed})
    names, _ = read_head(uploads.find_file(said), parse_format(said), 50)
    if (values["delimiter"], values["encoding"]) != (job.delimiter, job.encoding):
        return said.model_copy(update={"columns": propose_columns(said.kind, names)})
    known = {ours: theirs for ours, theirs in said.columns.items() if theirs in names}
    return said.model_copy(update={"columns": known})


@router.get(PAGE + "/{import_id}/rejects.csv", dependencies=[RULE])
def export_rejects(context: Here, import_id: IdPath) -> Response:
    """Write which rows were refused, and why, as CSV."""
    uploads = Uploads(context.settings.home)
    path = uploads.get_rejects(uploads.load(import_id))

    def write() -> Iterator[str]:
        for cells in write_rejects(path):
            yield format_line(cells)

    headers = {"Content-Disposition": 'attachment; filename="rejects.csv"'}
    return StreamingResponse(write(), media_type="text/csv; charset=utf-8", headers=headers)


def _render_list(
    request: Request, context: WebContext, fields: Mapping[str, str] | None = None, refused: BadInput | None = None
) -> Response:
    uploads = Uploads(context.settings.home)
    return render_page(
        request,
        "imports.html",
        422 if refused else 200,
        jobs=[(job, uploads.is_held(job)) for job in uploads.list_jobs()],
        kinds=list(get_args(ImportKind)),
        endings=ENDINGS,
        most_mb=LARGEST // 1_000_000,
        fields=fields or {},
        wrong=(refused.field or "") if refused else "",
        reason=refused.reason if refused else "",
        token=build_form_token(request, "import"),
    )


def _render(request: Request, context: WebContext, job: ImportJob, refused: BadInput | None = None) -> Response:
    uploads = Uploads(context.settings.home)
    held = uploads.is_held(job)
    look, unread = (None, "") if held or job.state is ImportState.DONE else _look(uploads, job)
    columns, summary = KINDS[job.kind].columns, job.summary
    good = summary.get("rows", 0) - summary.get("rejected", 0)
    return render_page(
        request,
        "import.html",
        422 if refused else 200,
        job=job,
        held=held,
        look=look,
        show_cell=show_cell,
        unread=unread,
        required=columns.required,
        ours=(*columns.required, *columns.optional, *(one for one in job.columns if one.startswith("attr."))),
        share=round(100 * job.progress / job.total) if job.total else 0,
        notes=describe_notes(summary.get("notes", {}), good, job.lists),
        rejects=list(islice(list_rejects(uploads.get_rejects(job)), REJECTS)) if not held else [],
        wrong=(refused.field or "") if refused else "",
        reason=refused.reason if refused else "",
        fields={"lists": job.lists},
        token=build_form_token(request, "import", job.import_id),
    )


def _look(uploads: Uploads, job: ImportJob) -> tuple[FileLook | None, str]:
    """Look at a file; the second value says why it cannot be read."""
    try:
        return look_at_file(uploads, job), ""
    except NotFound:
        return None, ""
    except BadInput as wrong:
        return None, wrong.reason
