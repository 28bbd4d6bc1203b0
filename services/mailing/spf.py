"""Whether the SPF record of a domain lets an address send: a small evaluator behind our resolver (RFC 7208).

Records with macros, which depend on the mail, are said to be open. A library would bring a second resolver.
"""

from __future__ import annotations

import re
from ipaddress import ip_address, ip_network
from typing import Final

from mail.dns import MailResolver

MOST_LOOKUPS: Final = 10
"""Terms of a record that ask the DNS; with more, receivers count it as broken (RFC 7208, 4.6.4)."""
_RECORD: Final = re.compile(r"v=spf1(\s|$)", re.IGNORECASE)
_RESULTS: Final = {"+": "pass", "": "pass", "-": "fail", "~": "softfail", "?": "neutral"}
_TERM: Final = re.compile(r"([-+~?]?)(all|include|a|mx|ptr|ip4|ip6|exists)(?:[:/](.*))?", re.IGNORECASE)


def find_spf_records(domain: str, resolver: MailResolver) -> list[str]:
    """Find the SPF records of a domain; more than one count as none."""
    return [text for text in resolver.find_texts(domain) if _RECORD.match(text)]


class SpfEvaluation:
    """The evaluation of one address against a domain's record."""

    def __init__(self, address: str, resolver: MailResolver) -> None:
        self._address, self._resolver, self._lookups = ip_address(address), resolver, 0

    def evaluate(self, domain: str) -> str:
        """Evaluate the record of `domain`: pass, fail, softfail, neutral, none, broken, or open (it has macros).

        Raises Unavailable when the DNS does not answer.
        """
        records = find_spf_records(domain, self._resolver)
        if len(records) != 1:
            return "broken" if records else "none"
        redirect = ""
        for term in records[0].split()[1:]:
            if "%" in term:
                return "open"
            if term.lower().startswith("redirect="):
                redirect = term.partition("=")[2]
                continue
            result = "" if "=" in term.partition(":")[0] else self._evaluate_term(term, domain)
            if result:
                return result
        if not redirect:
            return "neutral"
        return self._count_lookup() or self._require(self.evaluate(redirect))

    def _evaluate_term(self, term: str, domain: str) -> str:
        """Evaluate one mechanism: the record's result where it ends here, else nothing."""
        match = _TERM.fullmatch(term)
        if match is None:
            return "broken"
        kind, value = match[2].lower(), match[3] or ""
        if term.partition(match[2])[2].startswith("/"):
            value = f"/{value}"
        if kind not in ("all", "ip4", "ip6") and (broken := self._count_lookup()):
            return broken
        found = self._include(value) if kind == "include" else self._matches(kind, value, domain)
        if isinstance(found, str):
            return found
        return _RESULTS[match[1]] if found else ""

    def _include(self, domain: str) -> bool | str:
        result = self._require(self.evaluate(domain))
        return result if result in ("broken", "open") else result == "pass"

    def _matches(self, kind: str, value: str, domain: str) -> bool:
        if kind == "all":
            return True
        if kind in ("ip4", "ip6"):
            return self._lies_in(value, "")
        host, _, lengths = value.partition("/")
        host = host or domain
        if kind == "mx":
            hosts = self._resolver.find_mail_hosts(host)
            return any(self._lies_in(found, lengths) for one in hosts for found in self._resolver.find_addresses(one))
        if kind == "ptr":  # not to be used any more; what it says needs our name to lead back
            names = self._resolver.find_host_names(str(self._address))
            return any(f".{name}".endswith(f".{host}") and self._leads_back(name) for name in names)
        found = self._resolver.find_addresses(host)
        return bool(found) if kind == "exists" else any(self._lies_in(one, lengths) for one in found)

    def _leads_back(self, name: str) -> bool:
        return str(self._address) in self._resolver.find_addresses(name)

    def _lies_in(self, network: str, lengths: str) -> bool:
        """Whether the address lies in a network. `lengths`: `24`, `24//64` or `/64`, for IPv4 and IPv6."""
        four, _, six = lengths.partition("//") if not lengths.startswith("/") else ("", "", lengths[1:])
        try:
            length = four if ip_address(network.partition("/")[0]).version == 4 else six
            return self._address in ip_network(f"{network}/{length}" if length else network, strict=False)
        except ValueError:
            return False

    def _count_lookup(self) -> str:
        self._lookups += 1
        return "broken" if self._lookups > MOST_LOOKUPS else ""

    @staticmethod
    def _require(result: str) -> str:
        """A record that another one names must exist."""
        return "broken" if result == "none" else result
