"""Recognises what a reader's program answers by itself. It is never a bounce, whatever codes it quotes."""

from __future__ import annotations

import re
from typing import Final

from mail.returns.parts import AnyMessage, get_header

_MARKS: Final = ("X-Autoreply", "X-Autorespond", "X-Autoresponder", "X-Auto-Response", "X-Vacation", "X-AutoReply-From")
_SUBJECT: Final = re.compile(
    r"^(re: |aw: |fwd?: )*\W*(out of (the )?office|automatic(ally)? (reply|generated)|auto[- ]?(reply|response)"
    r"|abwesen|automatische antwort|r[ée]ponse automatique|absence|absent|vacation|on (holiday|leave|vacation)"
    r"|respuesta autom[áa]tica|fuera de (la )?oficina|risposta automatica|fuori (sede|ufficio)"
    r"|automatisch antwoord|afwezig"
    r"|resposta autom[áa]tica|autosvar|automatiskt svar|i am away|i'm away|away from|odpowied[źz] automatyczna)",
    re.IGNORECASE,
)
_DAEMON: Final = re.compile(r"mailer[-_ ]?daemon|mail delivery|postmaster", re.IGNORECASE)


def is_from_mail_server(message: AnyMessage) -> bool:
    """Return whether a mail server writes, by the name of the sender."""
    return _DAEMON.search(get_header(message, "From")) is not None


def is_auto_reply(message: AnyMessage) -> bool:
    """Return whether a reader's program answered by itself (RFC 3834, and what older programs write)."""
    if _SUBJECT.search(get_header(message, "Subject")):
        return True
    if is_from_mail_server(message):
        return False
    submitted = get_header(message, "Auto-Submitted").lower()
    if submitted and not submitted.startswith("no"):
        return True
    if any(message.get(name) is not None for name in _MARKS):
        return True
    return get_header(message, "Precedence").lower() in ("auto_reply", "bulk", "junk")
