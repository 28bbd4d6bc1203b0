"""Questions to the DNS that tell whether receivers can verify our mail."""

from __future__ import annotations

from typing import Any, Final, Protocol

import dns.exception
import dns.resolver
import dns.reversename

from errors import Unavailable

TIMEOUT_S: Final = 5.0


class MailResolver(Protocol):
    """Answers of the DNS. What does not exist is an empty list; Unavailable means that nobody knows."""

    def find_texts(self, name: str) -> list[str]:
        """Find the TXT records of a name, each in one piece."""
        ...

    def find_mail_hosts(self, domain: str) -> list[str]:
        """Find the hosts that take mail for a domain, the preferred ones first."""
        ...

    def find_addresses(self, host: str) -> list[str]:
        """Find the addresses of a host, IPv4 and IPv6."""
        ...

    def find_host_names(self, address: str) -> list[str]:
        """Find the names to which an address leads back (PTR)."""
        ...


class DnsResolver:
    """Asks the name servers of this machine."""

    def __init__(self) -> None:
        self._resolver = dns.resolver.Resolver()
        self._resolver.lifetime = TIMEOUT_S

    def find_texts(self, name: str) -> list[str]:
        """Find the TXT records of a name, each in one piece."""
        return [b"".join(record.strings).decode("utf-8", "replace") for record in self._ask(name, "TXT")]

    def find_mail_hosts(self, domain: str) -> list[str]:
        """Find the hosts that take mail for a domain, the preferred ones first."""
        records = sorted(self._ask(domain, "MX"), key=lambda record: int(record.preference))
        return [record.exchange.to_text(omit_final_dot=True) for record in records]

    def find_addresses(self, host: str) -> list[str]:
        """Find the addresses of a host, IPv4 and IPv6."""
        return [record.to_text() for kind in ("A", "AAAA") for record in self._ask(host, kind)]

    def find_host_names(self, address: str) -> list[str]:
        """Find the names to which an address leads back (PTR)."""
        name = dns.reversename.from_address(address).to_text()
        return [record.target.to_text(omit_final_dot=True) for record in self._ask(name, "PTR")]

    def _ask(self, name: str, kind: str) -> list[Any]:
        try:
            return list(self._resolver.resolve(name, kind))
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
            return []
        except dns.exception.DNSException as failed:
            raise Unavailable(f"the DNS does not answer for {name} {kind}: {type(failed).__name__}") from None
