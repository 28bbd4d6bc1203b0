"""When two addresses are one mailbox, so that what its reader said holds whatever client ids carry it."""

from __future__ import annotations


def fold_address(email: str, *, fold_tags: bool) -> str:
    """Fold an address in its normal form (`mail.address.normalise_address`) to the one that stands for its mailbox.

    Upper and lower case are one mailbox: RFC 5321 would allow two, no large receiver has them. `fold_tags`: whether
    `ann+shop@` is `ann@`.
    """
    local, at, domain = email.strip().lower().rpartition("@")
    if fold_tags and "+" in local:
        local = local.partition("+")[0] or local
    return f"{local}{at}{domain}"
