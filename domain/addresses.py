"""What is one plain mail address, and when two addresses are one mailbox.

What goes into RCPT TO and into a header must be exactly one address: no list, name, comment, quotes or line break,
since an SMTP client passes on what it is given. What a reader said holds for their mailbox, whatever ids carry it.
"""

from __future__ import annotations

import re
from typing import Final

from email_validator import SPECIAL_USE_DOMAIN_NAMES, EmailNotValidError, validate_email

from errors import BadInput

_PLAIN: Final = re.compile(
    r"[A-Za-z0-9_]{1,20}(?:[.+-][A-Za-z0-9_]{1,20}){0,2}@(?:[a-z0-9]{1,24}(?:-[a-z0-9]{1,24})?\.){1,3}([a-z]{2,15})"
)
"""What most addresses look like, shorter than any limit: letters in which there is nothing to normalise or refuse."""
_NOBODYS: Final = frozenset(SPECIAL_USE_DOMAIN_NAMES)


def normalise_address(email: str) -> str:
    """Return the address in its normal form: lower-case domain, an international domain in its ASCII form.

    No DNS lookup is made.

    Raises:
        BadInput: field `email`, with one line that says what to correct.
    """
    plain = _PLAIN.fullmatch(email)
    if plain and plain[1] not in _NOBODYS:
        return email
    if not email.isprintable() or "=?" in email:
        raise BadInput("holds a control character or encoded-word; give one plain address (ann@shop.com)", "email")
    try:
        # The reserved domains of tests and demos (example.com, .test) are accepted: nothing can be delivered there.
        address = validate_email(email, check_deliverability=False, test_environment=True, strict=True)
    except EmailNotValidError as wrong:
        raise BadInput(str(wrong), "email") from None
    if address.ascii_email is None:
        raise BadInput("letters outside ASCII before the @ are not served by every mail server; use another", "email")
    return address.ascii_email


def fold_address(email: str, *, fold_tags: bool) -> str:
    """Fold an address in its normal form (`normalise_address`) to the one that stands for its mailbox.

    Upper and lower case are one mailbox: RFC 5321 would allow two, no large receiver has them. `fold_tags`: whether
    `ann+shop@` is `ann@`.
    """
    local, at, domain = email.strip().lower().rpartition("@")
    if fold_tags and "+" in local:
        local = local.partition("+")[0] or local
    return f"{local}{at}{domain}"
