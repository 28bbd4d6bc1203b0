"""A worker that sends real mail does not start while its links lead nowhere; others do."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import pytest

from errors import ConfigError
from hosting.queues import run_workers
from services.context import ServiceContext
from tests.mail.samples import settings
from workflows.options import MAIL_QUEUE


async def test_no_worker_sends_mail_whose_links_lead_nowhere(tmp_path: Path) -> None:
    nobody = cast(Any, None)
    context = ServiceContext(settings(tmp_path, smtp_url="smtp://mail.shop.example"), nobody)
    with pytest.raises(ConfigError, match="SELVEDGE_PUBLIC_URL"):
        async with run_workers(nobody, context, [MAIL_QUEUE]):
            pass
