"""The rule of `SELVEDGE_PUBLIC_URL`, the base of all links in mail: a link that leads nowhere is no way to opt out."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address
from socket import inet_aton
from urllib.parse import urlsplit


def find_url_fault(url: str, *, real_mail: bool) -> str:
    """Find what makes `url` useless as the base of links in mail; empty when nothing does. `real_mail`: whether clients
    receive it, who reach no address of this machine."""
    if not url.isprintable() or " " in url:
        return "holds a space or control character; give an address such as https://mail.shop.example"
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return "is no address; give one such as https://mail.shop.example"
    if parts.scheme not in ("http", "https") or not host:
        return f"must begin with https:// (or http://), such as https://{parts.path.strip('/') or 'mail.shop.example'}"
    if real_mail and _is_local(host):
        return f"{host} leads nowhere for the readers of the mail that SELVEDGE_SMTP_URL delivers"
    return ""


def _is_local(host: str) -> bool:
    """Return whether a host is this machine or a wildcard."""
    host = host.removesuffix(".")
    address = _parse_address(host)
    if address is None:
        return "*" in host or host == "localhost" or host.endswith((".localhost", "localhost.localdomain"))
    return address.is_loopback or address.is_unspecified


def _parse_address(host: str) -> IPv4Address | IPv6Address | None:
    """Parse an IP address as browsers do, which also read 127.1 and 2130706433; None for a name."""
    try:
        address = ip_address(host)
    except ValueError:
        try:
            return IPv4Address(inet_aton(host))
        except OSError:
            return None
    return address.ipv4_mapped or address if isinstance(address, IPv6Address) else address
