"""Which domains speak for a sender (RFC 7489): the one itself, or one that it stands under."""

from __future__ import annotations


def are_aligned(domain: str, sender: str, mode: str) -> bool:
    """Return whether a signature or return path of `domain` speaks for `sender`; `mode` is `s` (strict) or `r`.

    Relaxed alignment compares the registered domains. Without the list of public suffixes they are taken to agree where
    one domain stands under the other: brothers (a.shop.com and b.shop.com) may agree in truth and are not counted.
    """
    domain, sender = domain.lower().rstrip("."), sender.lower().rstrip(".")
    if domain == sender:
        return True
    return mode != "s" and (domain.endswith(f".{sender}") or sender.endswith(f".{domain}"))


def list_parents(domain: str) -> list[str]:
    """List the domains whose policy may hold for `domain`, the nearest first, down to two labels."""
    labels = domain.lower().rstrip(".").split(".")
    return [".".join(labels[i:]) for i in range(max(1, len(labels) - 1))]
