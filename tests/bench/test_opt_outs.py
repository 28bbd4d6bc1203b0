"""No DATA begins after an acknowledged opt-out, whichever way it came and whatever ids share the mailbox."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.opt_outs import build_settings, run_race


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_no_data_begins_after_an_acknowledged_opt_out(
    request: pytest.FixtureRequest, tmp_path: Path, database: str
) -> None:
    url = request.getfixturevalue("postgres_tables_url") if database == "postgresql" else ""
    record = run_race(build_settings(tmp_path, url), people=40, seed=7)
    assert len(record.acknowledged) == 40
    assert record.began, "some mails left before"
    assert record.late == 0
