"""The protocol side of the sink: aiosmtpd, except that a mail's text is read in large pieces.

aiosmtpd reads it line by line, which costs two thirds of the time that a mail of 30 KB takes here. Plain addresses are
read without the parser of headers, which takes as long as all else that it does for a mail.
"""

from __future__ import annotations

import re
from asyncio import StreamReader
from typing import Final

from aiosmtpd.smtp import SMTP, Envelope, Session

END: Final = b"\r\n.\r\n"
PIECE: Final = 1 << 20
_ATOM: Final = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_PLAIN: Final = re.compile(
    rf"<({_ATOM}(?:\.{_ATOM})*@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*|)>(?: +([A-Za-z][\x20-\x7e]*))?"
)
"""An address as nearly every server writes it, and the parameters behind it."""


class PipelinedHandler:
    """A handler whose greeting offers PIPELINING (which LMTP requires): commands are taken in their order anyway."""

    async def handle_EHLO(
        self, _server: SMTP, session: Session, _envelope: Envelope, hostname: str, answers: list[str]
    ) -> list[str]:
        """Say what is served."""
        session.host_name = hostname
        return [*answers[:-1], "250-PIPELINING", "250-ENHANCEDSTATUSCODES", answers[-1]]


class SinkServer(SMTP):
    """One connection."""

    line_length_limit = 1 << 16
    """Also the size of the reader's buffer; a short one stops and starts the connection all the time."""

    def _getaddr(self, arg: str) -> tuple[str | None, str | None]:
        plain = _PLAIN.fullmatch(arg) if arg else None
        if plain is None or self.local_part_limit:
            address, rest = super()._getaddr(arg)
            return address, rest
        return plain[1] or "<>", plain[2] or ""

    async def smtp_DATA(self, arg: str) -> None:
        """Take the text and hand it to the handler's `handle_DATA`."""
        envelope = self.envelope
        if await self.check_helo_needed():
            return
        if arg or envelope is None or not envelope.rcpt_tos:
            await self.push("501 5.5.4 DATA takes no argument" if arg else "503 5.5.1 need RCPT first")
            return
        await self.push("354 End data with <CR><LF>.<CR><LF>")
        text = await read_text(self._reader, self.data_size_limit or PIECE)
        if text is None:
            self.envelope = self._create_envelope()
            await self.push("552 5.3.4 too large")
            return
        envelope.content = envelope.original_content = text
        answer = await self._call_handler_hook("DATA")
        self.envelope = self._create_envelope()
        await self.push(answer)


async def read_text(reader: StreamReader, limit: int) -> bytes | None:
    """Read the text up to the lone dot and remove the dots' doubling; None when it is over `limit` bytes (read to its
    end).

    Only CR LF dot CR LF ends it (RFC 5321, 4.1.1.4): a bare LF must not, or one mail could smuggle in another.
    """
    data = bytearray(b"\r\n")  # the end of the DATA command's own line, so that a text without lines ends too
    size, scanned = 0, 0
    while (end := data.find(END, scanned)) < 0:
        scanned = max(len(data) - len(END) + 1, 0)
        piece = await reader.read(PIECE)
        if not piece:
            raise ConnectionResetError("the client hung up within a mail")
        size += len(piece)
        if size > limit:
            del data[:scanned]
            scanned = 0
        data += piece
    rest = bytes(data[end + len(END) :])
    if rest:  # commands sent ahead of the answer go back to the reader, in order
        reader.feed_data(rest)
    return None if size > limit else bytes(data[: end + 2].replace(b"\r\n.", b"\r\n")[2:])
