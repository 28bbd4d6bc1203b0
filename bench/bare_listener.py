"""The baseline of `bench.returns`: aiosmtpd as it is, which stores each mail in SQLite and answers 250.

`python -m bench.bare_listener PORT FILE` serves until it is ended.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import sys

from aiosmtpd.smtp import SMTP, Envelope, Session


class PlainStore:
    """Stores mails, one commit each, with the same pragmas as the product's database."""

    def __init__(self, path: str) -> None:
        self._database = sqlite3.connect(path)
        self._database.execute("PRAGMA journal_mode=WAL")
        self._database.execute("PRAGMA synchronous=NORMAL")
        self._database.execute("CREATE TABLE mails (recipient TEXT, raw BLOB)")

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:
        """Store the mail."""
        with self._database:
            self._database.execute("INSERT INTO mails VALUES (?, ?)", (envelope.rcpt_tos[0], envelope.content))
        return "250 stored"


async def main(port: int, path: str) -> None:
    """Serve until ended."""
    logging.getLogger("mail.log").setLevel(logging.ERROR)
    handler = PlainStore(path)
    server = await asyncio.get_running_loop().create_server(lambda: SMTP(handler), "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), sys.argv[2]))
