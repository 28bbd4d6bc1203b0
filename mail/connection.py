"""One reusable SMTP connection, step by step. Every failure becomes a MailFault that says how far the mail had come."""

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
from aiosmtplib.protocol import SMTPProtocol

from domain.bounces import is_hard
from errors import MailFault
from mail.smtp_url import SmtpServer

T = TypeVar("T")
Step = Literal["connect", "mail", "rcpt", "data"]
Stage = Literal["before", "refused", "unknown"]

_LOGIN_REQUIRED: Final = frozenset({530, 535, 538})
"""A login is required. The mail is not to blame: it can be sent once the settings are corrected, as after a refused
sender or a denied relay (5.7.x to RCPT)."""
_MOST_LINES: Final = 1_000
_LONGEST_LINE: Final = 1 << 16
_DONE: Final = 250
_TAKEN: Final = frozenset({250, 251})
_ENHANCED: Final = re.compile(r"[45]\.(\d{1,3}\.\d{1,3})(?!\d)")


def parse_enhanced_code(message: str) -> str:
    """Return subject and detail of the enhanced status code (RFC 3463) that `message` begins with, as `1.1`; else
    empty."""
    match = _ENHANCED.match(message.strip())
    return match[1] if match else ""


class AnswerReader(asyncio.Protocol):
    """Reads the answers to commands that were sent in one write (RFC 2920), while the connection's data comes here: the
    SMTP library reads one answer for each command that it sent itself and drops others."""

    def __init__(self, owner: SMTPProtocol) -> None:
        self._owner, self._buffer, self._lines = owner, bytearray(), list[str]()
        self._answers: asyncio.Queue[SMTPResponse | None] = asyncio.Queue()

    async def read(self, timeout_s: float) -> SMTPResponse:
        """Read the next answer. Raises what the library raises for a lost connection and a late answer."""
        try:
            if self._answers.empty():
                async with asyncio.timeout(timeout_s):
                    answer = await self._answers.get()
            else:  # both answers mostly come at once
                answer = self._answers.get_nowait()
        except TimeoutError:
            raise SMTPTimeoutError("Timed out waiting for server response") from None
        if answer is None:
            self._answers.put_nowait(None)  # whoever reads on meets the same end
            raise SMTPServerDisconnected("Connection lost")
        return answer

    def data_received(self, data: bytes) -> None:
        """Split what came into lines, and lines into answers."""
        self._buffer += data
        while (end := self._buffer.find(b"\n")) >= 0:
            line = bytes(self._buffer[:end]).decode("utf-8", "surrogateescape")
            del self._buffer[: end + 1]
            self._lines.append(line[4:].strip())
            if line[3:4] != "-" or len(self._lines) > _MOST_LINES:
                code = int(line[:3]) if line[:3].isascii() and line[:3].isdigit() else -1
                self._answers.put_nowait(SMTPResponse(code, "\n".join(self._lines)))
                self._lines.clear()
        if len(self._buffer) > _LONGEST_LINE:  # no answer of a mail server
            self._buffer.clear()
            self._answers.put_nowait(SMTPResponse(-1, ""))

    def connection_lost(self, exc: Exception | None) -> None:
        """Note the loss, here and where the connection belongs."""
        self._answers.put_nowait(None)
        self._owner.connection_lost(exc)


class Connection:
    """A connection to `server`. `timeout_s` bounds each step; `answer_s` the wait for the answer to a whole mail, which
    is longer because a loss there leaves it open whether the mail was delivered (RFC 5321 asks for ten minutes)."""

    def __init__(self, server: SmtpServer, timeout_s: float, answer_s: float) -> None:
        self._server, self._timeout_s, self._answer_s = server, timeout_s, answer_s
        self._smtp = SMTP(
            hostname=server.host,
            port=server.port,
            use_tls=server.tls,
            start_tls=None,
            timeout=timeout_s,
            local_hostname="localhost" if server.is_local else None,
        )
        self.mails = 0
        self.idle_since = monotonic()

    @property
    def is_open(self) -> bool:
        """Whether it can be used, as far as is known without asking."""
        return self._smtp.is_connected

    async def connect(self) -> None:
        """Connect and log in. Raises MailFault, never permanent: the mail is not to blame."""
        try:
            await self._smtp.connect()
            self._require_encryption()
            if self._server.user:
                await self._smtp.login(self._server.user, self._server.password)
        except MailFault:
            self.close()
            raise
        except (SMTPException, OSError, ValueError) as failed:
            self.close()
            raise self._build_no_server(failed) from None
        except asyncio.CancelledError:
            self.close()
            raise

    async def begin(self, return_path: str, recipient: str, envelope_id: str = "") -> None:
        """Send MAIL FROM and RCPT TO, together where the server offers that. Raises MailFault at stage `before`.

        A server that knows DSN is asked to return headers only, under `envelope_id` (RFC 3461), so that a report is
        small and names its mail even where the server writes another return path.
        """
        asks = envelope_id and self._smtp.supports_extension("dsn")
        options = ["RET=HDRS", f"ENVID={envelope_id}"] if asks else []
        protocol = self._smtp.protocol
        if protocol is not None and self._smtp.supports_extension("pipelining"):
            mail = " ".join([f"MAIL FROM:<{return_path}>", *options])
            await self._begin_together(protocol, f"{mail}\r\nRCPT TO:<{recipient}>\r\n".encode("ascii"))
        else:
            await self._run_step("mail", self._smtp.mail(return_path, options=options))
            await self._run_step("rcpt", self._smtp.rcpt(recipient))

    async def _begin_together(self, protocol: SMTPProtocol, commands: bytes) -> None:
        """Send MAIL FROM and RCPT TO in one write. Both answers are read, whatever the first says."""
        transport, reader = protocol.transport, AnswerReader(protocol)
        if transport is None or transport.is_closing():
            raise self._build_loss("mail", "before", "smtp_lost")
        transport.set_protocol(reader)
        try:
            protocol.write(commands)
            sender = await self._run_step("mail", reader.read(self._timeout_s))
            try:
                recipient = await self._run_step("rcpt", reader.read(self._timeout_s))
            except MailFault:
                if sender.code != _DONE:  # a server that refuses may hang up at once
                    raise self._build_refusal(sender, "mail", "before") from None
                raise
        finally:
            transport.set_protocol(protocol)
        if sender.code != _DONE:
            raise self._build_refusal(sender, "mail", "before")
        if recipient.code not in _TAKEN:
            raise self._build_refusal(recipient, "rcpt", "before")

    async def abandon(self) -> None:
        """Send RSET to cancel the mail that was begun; close the connection if that fails."""
        try:
            await self._smtp.rset()
        except (SMTPException, OSError):
            self.close()

    async def send_data(self, message: bytes) -> None:
        """Send DATA and the text, and read the answer.

        Raises:
            MailFault: stage `refused` when the server refused or was gone before transmission of the message had begun,
                `unknown` when the connection was lost after that.
        """
        answer = await self._run_step("data", self._smtp.execute_command(b"DATA"), "refused")
        if answer.code != 354:
            raise self._build_refusal(answer, "data", "refused")
        protocol = self._smtp.protocol
        if protocol is None:
            raise self._build_loss("data", "refused", "smtp_lost")
        try:
            protocol.write(_stuff_dots(message))
            final = await protocol.read_response(timeout=self._answer_s)
        except SMTPTimeoutError:
            raise self._build_loss("data", "unknown", "smtp_timeout") from None
        except (SMTPException, OSError):
            raise self._build_loss("data", "unknown", "smtp_lost") from None
        except asyncio.CancelledError:
            self.close()  # else the answer would be read as that of the next command
            raise
        if final.code // 100 != 2:
            raise self._build_refusal(final, "data", "refused")
        self.mails += 1
        self.idle_since = monotonic()

    async def quit(self) -> None:
        """End the session properly."""
        try:
            await self._smtp.quit()
        except (SMTPException, OSError):
            self.close()

    def close(self) -> None:
        """Hang up. The server drops what was begun and not answered."""
        self._smtp.close()

    def _require_encryption(self) -> None:
        """Raise MailFault where the server offers none and it is asked for, or a password would cross the network."""
        if self._smtp.get_transport_info("sslcontext") is not None:
            return
        reason = "SELVEDGE_SMTP_TLS=required asks for it" if self._server.requires_tls else ""
        if self._server.user and not self._server.is_local:
            reason = "a password is not sent in the clear; use smtps:// or leave out the password"
        if reason:
            where = f"SELVEDGE_SMTP_URL: {self._server.name} offers no STARTTLS, and"
            raise MailFault(f"{where} {reason}", permanent=False, code="smtp_tls")

    async def _run_step(self, step: Step, command: Awaitable[T], stage: Stage = "before") -> T:
        try:
            return await command
        except SMTPResponseException as refused:
            raise self._build_refusal(refused, step, stage) from None
        except SMTPTimeoutError:
            raise self._build_loss(step, stage, "smtp_timeout") from None
        except (SMTPServerDisconnected, OSError):
            raise self._build_loss(step, stage, "smtp_lost") from None
        except asyncio.CancelledError:
            self.close()
            raise

    def _build_refusal(self, answer: SMTPResponse | SMTPResponseException, step: Step, stage: Stage) -> MailFault:
        """Build the fault of a refusal; the server's own text stays out, since it may quote the address."""
        code, detail = answer.code, parse_enhanced_code(answer.message)
        if code == 421:
            self.close()
        for_good = 500 <= code < 600
        dead = step in ("rcpt", "data") and for_good and is_hard(f"5.{detail}" if detail else "", answer.message)
        login = step in ("mail", "rcpt") and code in _LOGIN_REQUIRED
        policy = step == "rcpt" and detail.startswith("7.")
        return MailFault(
            f"the mail server answered {code} to {step}",
            permanent=for_good and step != "mail" and not login and not policy,
            code=f"smtp_{code}",
            stage=stage,
            step=step,
            slow_down=step != "mail" and (code == 421 or (code // 100 == 4 and detail.startswith("7."))),
            no_such_mailbox=dead,
            refused=for_good and policy and not login,
        )

    def _build_loss(self, step: Step, stage: Stage, code: str) -> MailFault:
        self.close()
        how = "did not answer in time" if code == "smtp_timeout" else "closed the connection"
        return MailFault(f"the mail server {how} at {step}", permanent=False, code=code, stage=stage, step=step)

    def _build_no_server(self, failed: Exception) -> MailFault:
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


def _stuff_dots(message: bytes) -> bytes:
    """Prepare the text for DATA: double a leading dot and end with a lone dot."""
    ended = message if message.endswith(b"\r\n") else message + b"\r\n"
    stuffed = ended.replace(b"\r\n.", b"\r\n..")
    return (b"." if stuffed.startswith(b".") else b"") + stuffed + b".\r\n"
