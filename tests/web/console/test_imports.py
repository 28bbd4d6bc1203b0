"""The pages by which a file is imported: looked at, confirmed, taken in, reported on, and taken up after a kill."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import func, select

from ingest import uploads as upload_module
from ingest.upload_runs import UploadRun
from ingest.uploads import Uploads
from models.imports import ImportState
from store.database import read_transaction
from store.sql.patience import COMMAND, PAGES
from store.tables import activity, clients
from tests.web.auth.staff import find_form_token, get_app_context
from web.console.imports import forget_uploads

FILE = "Kunden-Nr;E-Mail;Vorname;Internes\nn1;n1@example.com;=1+1;x\nn2;nobody;Ben;x\nn3;n3@example.com;Cleo;x\n"


def upload(site: TestClient, content: str = FILE, name: str = "customers.csv", kind: str = "clients") -> Any:
    token = find_form_token(site.get("/import").text)
    return site.post(
        "/import", data={"token": token, "kind": kind}, files={"file": (name, content.encode())}, follow_redirects=False
    )


def fill(page: str) -> dict[str, str]:
    """The form as it stands in the page."""
    fields = {"token": find_form_token(page)}
    for name, options in re.findall(r'<select name="([^"]+)">(.*?)</select>', page, re.DOTALL):
        chosen = re.search(r'<option(?: value="([^"]*)")? selected>([^<]*)', options)
        fields[name] = "" if chosen is None else (chosen[1] if chosen[1] is not None else chosen[2])
    return fields | {"lists": "|"}


def wait_until_in(site: TestClient, address: str) -> str:
    for _ in range(200):
        uploads = Uploads(get_app_context(site).settings.home)
        if not uploads.is_held(uploads.load(address.rpartition("/")[2])):
            return site.get(address).text
        time.sleep(0.05)
    pytest.fail("it never ended")


def wait_until_gone(folder: Path) -> None:
    for _ in range(200):
        if not folder.exists():
            return
        time.sleep(0.02)


def count_new(site: TestClient) -> int:
    with read_transaction(get_app_context(site).engine) as connection:
        return connection.scalar(select(func.count()).where(clients.c.client_id.in_(["n1", "n2", "n3"]))) or 0


def test_a_file_is_looked_at_then_taken_in_and_what_was_refused_is_said(site: TestClient) -> None:
    answer = upload(site)
    assert answer.status_code == 303
    address = answer.headers["location"]
    page = site.get(address).text
    assert "Of the first 3 rows 1 would be refused" in page
    assert "Not read: Internes" in page
    assert count_new(site) == 0, "nothing is in before somebody confirms it"
    assert site.post(address, data=fill(page) | {"act": "start"}).status_code == 200
    page = wait_until_in(site, address)
    assert count_new(site) == 2
    assert re.search(r"<dt>Refused</dt><dd>1</dd>", page)
    assert "<td>email</td>" in page
    [listed] = get_app_context(site).settings.home.glob("imports/*/rejects.jsonl")
    assert "nobody" not in listed.read_text(), "what a bad row held is not kept"
    rejects = site.get(f"{address}/rejects.csv")
    assert rejects.text.splitlines()[0] == "line,field,reason"
    assert rejects.text.splitlines()[1].startswith("3,email,")
    assert not list(get_app_context(site).settings.home.glob("imports/*/file.*")), "the file is deleted once it is in"
    with read_transaction(get_app_context(site).engine) as connection:
        found = connection.execute(
            select(activity.c.actor, activity.c.data).where(activity.c.action == "data.import_file")
        ).all()
    assert [(one.actor, one.data["new"]) for one in found] == [("demo", 2)]


def test_a_column_that_is_needed_is_asked_for_at_its_field(site: TestClient) -> None:
    address = upload(site).headers["location"]
    form = fill(site.get(address).text) | {"column.email": "", "act": "start"}
    answer = site.post(address, data=form)
    assert answer.status_code == 422
    assert "Choose the column of the file for email." in answer.text
    assert count_new(site) == 0


def test_what_cannot_be_read_is_refused_where_it_was_typed(site: TestClient) -> None:
    assert "Must be a file whose name ends in .csv" in upload(site, name="customers.xlsx").text
    assert "Is empty." in upload(site, "").text
    answer = upload(site, "client_id,email\nc,d\n")
    form = fill(site.get(answer.headers["location"]).text) | {"encoding": "latin-none", "act": "look"}
    answer = site.post(answer.headers["location"], data=form)
    assert answer.status_code == 422
    assert "No such encoding" in answer.text


def test_a_file_may_take_longer_than_a_page(site: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work of minutes runs by connections that wait as a command does, and takes none from the pages."""
    used = list[Any]()
    monkeypatch.setattr(UploadRun, "start", lambda run, *_: used.append(run._engine))
    address = upload(site).headers["location"]
    site.post(address, data=fill(site.get(address).text) | {"act": "start"})
    context, waits = get_app_context(site), list[float]()
    for engine in (used[0], context.engine):
        with engine.connect() as connection:
            waits.append(connection.exec_driver_sql("pragma busy_timeout").scalar_one() / 1000)
    assert waits == [COMMAND.lock_s, PAGES.lock_s]


def test_a_file_over_the_limit_is_refused(site: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upload_module, "LARGEST", 10)
    answer = upload(site)
    assert answer.status_code == 422
    assert "Is over 10 bytes" in answer.text
    assert not list(get_app_context(site).settings.home.glob("imports/*"))


def test_an_import_whose_process_died_is_taken_up_again_and_counts_nothing_twice(site: TestClient) -> None:
    address = upload(site).headers["location"]
    uploads = Uploads(get_app_context(site).settings.home)
    job = uploads.load(address.rpartition("/")[2])
    half = {"state": ImportState.RUNNING, "summary": {"rows": 1, "rejected": 0}}
    uploads.put(job.model_copy(update=half))  # what a killed process leaves: nobody holds its lock
    page = site.get(address).text
    assert "It was cut off after 1 rows, which are in." in page
    site.post(address, data={"token": find_form_token(page), "act": "start"})
    assert "<dt>New</dt><dd>2</dd>" in wait_until_in(site, address)
    with uploads.hold(uploads.load(job.import_id)):
        assert uploads.is_held(job)


def test_reports_and_files_are_forgotten_after_a_week(tmp_path: Path, site: TestClient) -> None:
    address = upload(site).headers["location"]
    home = get_app_context(site).settings.home
    uploads = Uploads(home)
    job = uploads.load(address.rpartition("/")[2])
    uploads.put(job.model_copy(update={"at": job.at - upload_module.KEPT * 2}))
    with forget_uploads(get_app_context(site)):  # what each web process does by itself
        wait_until_gone(home / "imports" / job.import_id)
    assert not (home / "imports" / job.import_id).exists()
    assert site.get(address).status_code == 404
