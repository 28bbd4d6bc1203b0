"""One kept SMTP connection, step by step. Every failure becomes a MailFault that says how far the mail had come."""

from __future__ import annotations

import asyncio
import re
import ssl
from collections.abc import Awaitable
from time import monotonic
from typing import Final, Literal, TypeVar

from aiosmtplib import (
    SMTP,
    SMTPAuthenticationError,
    SMTPException,
    SMTPResponse,
    SMTPResponseException,
    SMTPServerDisconnected,
    SMTPTimeoutError,
)

from errors import MailFault
from mail.smtp_url import SmtpServer

T = TypeVar("T")
Step = Literal["connect", "mail", "rcpt", "data"]
Stage = Literal["before", "refused", "unknown"]

_WHO_ARE_YOU: Final = frozenset({530, 535, 538})
"""Log in first. Nothing about the mail: it goes once the settings are mended, as it does after a refused sender or a
relay that is denied (5.7.x to RCPT)."""
_NO_SUCH_MAILBOX: Final = frozenset({"1.0", "1.1", "1.2", "1.3", "1.6", "1.10"})
"""RFC 3463 and 7505: the recipient's address leads nowhere."""
_ENHANCED: Final = re.compile(r"[45]\.(\d{1,3}\.\d{1,3})(?!\d)")


def enhanced(message: str) -> str:
    """Subject and detail of the enhanced status code (RFC 3463) that `message` begins with, as `1.1`; else empty."""
    found = _ENHANCED.match(message.strip())
    return found[1] if found else ""


class Connection:
    """Talks to `server`. `timeout_s` bounds each step; `answer_s` the wait for the answer to a whole mail, which is
    longer because a loss there leaves it open whether the mail was delivered (RFC 5321 asks for ten minutes)."""

    def __init__(self, server: SmtpServer, timeout_s: float, answer_s: float) -> None:
        self._server, self._answer_s = server, answer_s
        self._smtp = SMTP(
            hostname=server.host,
            port=server.port,
            use_tls=server.tls,
            start_tls=None,
            timeout=timeout_s,
            local_hostname="localhost" if server.local else None,
        )
        self.mails = 0
        self.idle_since = monotonic()

    @property
    def open(self) -> bool:
        """Whether it can be used, as far as is known without asking."""
        return self._smtp.is_connected

    async def connect(self) -> None:
        """Raises MailFault (never permanent: the mail is not to blame)."""
        try:
            await self._smtp.connect()
            if self._server.user:
                await self._login()
        except MailFault:
            self.close()
            raise
        except (SMTPException, OSError, ValueError) as failed:
            self.close()
            raise self._no_server(failed) from None
        except asyncio.CancelledError:
            self.close()
            raise

    async def begin(self, return_path: str, recipient: str) -> None:
        """MAIL FROM and RCPT TO. Raises MailFault at stage `before`."""
        await self._step("mail", self._smtp.mail(return_path))
        await self._step("rcpt", self._smtp.rcpt(recipient))

    async def abandon(self) -> None:
        """RSET: forget the mail that was begun. A connection on which that fails is closed."""
        try:
            await self._smtp.rset()
        except (SMTPException, OSError):
            self.close()

    async def data(self, message: bytes) -> None:
        """DATA, the text, and the answer. Raises MailFault: `refused` when the server said so or was gone before the
        text began to flow, `unknown` when it was lost after that."""
        answer = await self._step("data", self._smtp.execute_command(b"DATA"), "refused")
        if answer.code != 354:
            raise self._refusal(answer, "data", "refused")
        protocol = self._smtp.protocol
        if protocol is None:
            raise self._lost("data", "refused", "smtp_lost")
        try:
            protocol.write(_stuffed(message))
            final = await protocol.read_response(timeout=self._answer_s)
        except SMTPTimeoutError:
            raise self._lost("data", "unknown", "smtp_timeout") from None
        except (SMTPException, OSError):
            raise self._lost("data", "unknown", "smtp_lost") from None
        except asyncio.CancelledError:
            self.close()  # the answer would be taken for that of the next command
            raise
        if final.code // 100 != 2:
            raise self._refusal(final, "data", "refused")
        self.mails += 1
        self.idle_since = monotonic()

    async def quit(self) -> None:
        """End in good order."""
        try:
            await self._smtp.quit()
        except (SMTPException, OSError):
            self.close()

    def close(self) -> None:
        """Hang up. What was begun and not answered, the server drops."""
        self._smtp.close()

    async def _login(self) -> None:
        encrypted = self._smtp.get_transport_info("sslcontext") is not None
        if not encrypted and not self._server.local:
            raise MailFault(
                f"SELVEDGE_SMTP_URL: {self._server.name} offers no STARTTLS, and a password is not sent in the clear;"
                " use smtps:// or leave out the password",
                permanent=False,
                code="smtp_tls",
            )
        await self._smtp.login(self._server.user, self._server.password)

    async def _step(self, step: Step, command: Awaitable[T], stage: Stage = "before") -> T:
        try:
            return await command
        except SMTPResponseException as refused:
            raise self._refusal(refused, step, stage) from None
        except SMTPTimeoutError:
            raise self._lost(step, stage, "smtp_timeout") from None
        except (SMTPServerDisconnected, OSError):
            raise self._lost(step, stage, "smtp_lost") from None
        except asyncio.CancelledError:
            self.close()
            raise

    def _refusal(self, answer: SMTPResponse | SMTPResponseException, step: Step, stage: Stage) -> MailFault:
        """What the server wrote beside its codes stays out: it may quote the address."""
        code, detail = answer.code, enhanced(answer.message)
        if code == 421:
            self.close()
        about_us = step == "mail" or (step == "rcpt" and (code in _WHO_ARE_YOU or detail.startswith("7.")))
        return MailFault(
            f"the mail server answered {code} to {step}",
            permanent=500 <= code < 600 and not about_us,
            code=f"smtp_{code}",
            stage=stage,
            step=step,
            no_such_mailbox=step == "rcpt" and code // 100 == 5 and detail in _NO_SUCH_MAILBOX,
        )

    def _lost(self, step: Step, stage: Stage, code: str) -> MailFault:
        self.close()
        how = "did not answer in time" if code == "smtp_timeout" else "closed the connection"
        return MailFault(f"the mail server {how} at {step}", permanent=False, code=code, stage=stage, step=step)

    def _no_server(self, failed: Exception) -> MailFault:
        code, what = "smtp_connect", "no mail server answers"
        if isinstance(failed, SMTPAuthenticationError):
            code, what = "smtp_auth", "user or password is refused by"
        elif isinstance(failed, SMTPTimeoutError):
            code, what = "smtp_timeout", "no answer in time from"
        elif isinstance(failed, SMTPResponseException):
            code, what = f"smtp_{failed.code}", f"answer {failed.code} from"
        elif isinstance(failed, ssl.SSLError) or isinstance(failed.__cause__, ssl.SSLError):
            code, what = "smtp_tls", "no encrypted connection to"
        where = "at " if code == "smtp_connect" else ""
        return MailFault(f"SELVEDGE_SMTP_URL: {what} {where}{self._server.name}", permanent=False, code=code)


def _stuffed(message: bytes) -> bytes:
    """The text as DATA takes it: a leading dot doubled, a lone dot at the end."""
    ended = message if message.endswith(b"\r\n") else message + b"\r\n"
    stuffed = ended.replace(b"\r\n.", b"\r\n..")
    return (b"." if stuffed.startswith(b".") else b"") + stuffed + b".\r\n"
