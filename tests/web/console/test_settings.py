"""`/settings` shows what holds, says what was set, and gives no secret away."""

from __future__ import annotations

from pathlib import Path

from fastapi.testclient import TestClient
from pydantic import SecretStr

from services.system.settings_list import list_sections
from settings import Settings
from tests.web.console.test_pages import plain

CANARY = "canary-7d1f"


def test_each_setting_stands_there_once_and_no_secret_does(tmp_path: Path) -> None:
    secrets = {name: CANARY for name, field in Settings.model_fields.items() if SecretStr in _list_types(field)}
    assert len(secrets) >= 8, "fields that hold a secret are found by their type"
    urls = {
        "smtp_url": f"smtp://ann:{CANARY}@mail.shop.example:587",
        "database_url": f"postgresql+psycopg://ann:{CANARY}@127.0.0.1/shop",
        "returns_mailbox": f"imaps://ann:{CANARY}@mail.shop.example/INBOX",
    }
    settings = Settings.model_construct(**(Settings(_env_file=None, home=tmp_path).model_dump() | secrets | urls))
    settings = settings.model_copy(update={name: SecretStr(CANARY) for name in secrets})
    sections = list_sections(settings)
    lines = [line for section in sections for line in section.lines]
    variables = [f"SELVEDGE_{name.upper()}" for name in Settings.model_fields]
    assert sorted(line.variable for line in lines) == sorted(variables)
    assert CANARY not in str(sections)
    shown = {line.variable: line for line in lines}
    assert shown["SELVEDGE_SMTP_URL"].value == "smtp://hidden@mail.shop.example:587"
    assert shown["SELVEDGE_API_KEY"].value == "hidden"
    assert shown["SELVEDGE_API_KEY"].is_set
    assert not shown["SELVEDGE_WEB_PORT"].is_set


def _list_types(field: object) -> tuple[object, ...]:
    annotation = getattr(field, "annotation", None)
    return (annotation, *getattr(annotation, "__args__", ()))


def test_the_page_says_what_holds(site: TestClient) -> None:
    words = plain(site.get("/settings").text)
    assert "When and how often a client is mailed" in words
    line = words.partition("SELVEDGE_MAX_MAILS_PER_WEEK ")[2].partition("SELVEDGE_")[0]
    assert line.split()[-1] == "2"
