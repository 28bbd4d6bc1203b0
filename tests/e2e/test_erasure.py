"""An erasure on the real server: asked for over HTTP, done by a worker. Nothing is left, and no history leaks."""

from __future__ import annotations

from pathlib import Path

from fastapi.testclient import TestClient

from models.fixes import FixWish
from store.database import read_transaction, write_transaction
from store.fixes import fixes
from store.privacy import erasure
from tests.e2e.test_renewal import until
from tests.support.histories import load_history_texts
from tests.support.private_data import ADDRESS, CANARIES, NAME, NOTE, iterate_all_rows
from tests.support.shop import Shop
from tests.support.temporal import DevServer
from tests.support.worker import WorkerProcess
from web.app import create_app
from workflows import fix_handles, handles, ids

WHO = "leaver"


def state(shop: Shop) -> str:
    with read_transaction(shop.engine) as connection:
        return str(erasure.load_status(connection, shop.terms.signing_key, WHO).state)


def fix_state(shop: Shop, fix_id: str) -> str:
    with read_transaction(shop.engine) as connection:
        return str(fixes.load_fix(connection, fix_id).state)


async def test_nothing_is_left_and_no_history_told(shop: Shop, tmp_path: Path, dev_server: DevServer) -> None:
    shop.client(WHO, email=ADDRESS, first_name=NAME, sizes=("M",))
    worker = WorkerProcess(shop.settings, tmp_path).start().wait_until_up()
    # no second mailbox of the app's own
    settings = shop.settings.model_copy(update={"smtp_url": shop.settings.smtp})
    try:
        client = await handles.connect(dev_server.address, "default")
        with write_transaction(shop.engine) as connection:
            fix_id = fixes.save_request(connection, WHO, FixWish(note=NOTE), shop.context.wall())
        await fix_handles.request_fix(client, WHO, fix_id)
        await until(lambda: fix_state(shop, fix_id) == "proposed" and len(shop.mails()) == 1, 60)
        with TestClient(create_app(settings), base_url=settings.base_url) as web:
            headers = {"Authorization": f"Bearer {settings.keys.api}"}
            export = web.get(f"/v1/clients/{WHO}/export", headers=headers).text
            assert all(canary in export for canary in CANARIES)
            assert web.delete(f"/v1/clients/{WHO}", headers=headers).status_code == 202
        await until(lambda: state(shop) == "erased", 60)
        with read_transaction(shop.engine) as connection:
            rows = list(iterate_all_rows(connection))
        assert [(name, word) for name, row in rows for word in (*CANARIES, WHO, fix_id) if word in row] == []
        for workflow_id in (ids.client(WHO), ids.fix(fix_id)):
            await client.get_workflow_handle(workflow_id).result()
        starts = (f"client:{WHO}", f"outreach:{WHO}", f"erasure:{WHO}", f"fix:{fix_id}")
        histories = await load_history_texts(
            client, " OR ".join(f"WorkflowId STARTS_WITH '{start}'" for start in starts)
        )
        assert {history.partition(":")[0] for history in histories} == {"client", "outreach", "erasure", "fix"}
        written = histories | {"log": worker.log.read_text(), "metrics": worker.metrics()}
        assert [(where, word) for where, text in written.items() for word in CANARIES if word in text] == []
    finally:
        worker.stop()
