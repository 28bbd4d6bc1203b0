"""Check what receivers look at before they believe a sender, and say what to publish where it is missing."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

from domain.sender_domains import are_aligned, list_parents
from errors import Unavailable
from mail.dkim_key import DkimKey, build_dns_record, load_shop_keys, load_signing_keys
from mail.dns import MailResolver
from mail.smtp_url import parse_smtp_url
from models.mail_checks import MailCheck
from services.mailing.spf import SpfEvaluation, find_spf_records
from settings import Settings

_TAG: Final = re.compile(r"\s*([a-z]+)\s*=\s*([^;]*)")
_ALL: Final = re.compile(r"(?:^|\s)([-~?+]?)all(?:\s|$)|\sredirect=", re.IGNORECASE)


def check_mail(settings: Settings, resolver: MailResolver) -> list[MailCheck]:
    """Check SPF, DKIM, DMARC alignment, MX of the bounce domain, PTR, links and postal address."""
    checks: list[tuple[str, Callable[[], MailCheck]]] = [("SPF", lambda: _check_spf(settings, resolver))]
    for key in [*load_shop_keys(settings), *load_signing_keys(settings)[1:]]:
        checks.append((f"DKIM {key.selector}", lambda key=key: _check_dkim(key, resolver)))  # type: ignore[misc]
    checks += [
        ("DMARC", lambda: _check_dmarc(settings, resolver)),
        ("bounce MX", lambda: _check_bounce_domain(settings, resolver)),
        ("PTR", lambda: _check_reverse(settings, resolver)),
        ("links", lambda: _check_links(settings, resolver)),
        ("postal address", lambda: _check_postal_address(settings)),
    ]
    return list(_run_checks(checks))


def _run_checks(checks: list[tuple[str, Callable[[], MailCheck]]]) -> Iterator[MailCheck]:
    for name, run in checks:
        try:
            yield run()
        except Unavailable as unknown:
            yield MailCheck(name=name, ok=False, found=str(unknown), publish="ask again when the DNS answers")


def _check_spf(settings: Settings, resolver: MailResolver) -> MailCheck:
    """Check the policy of the return path's domain, by which receivers judge the server that connects."""
    domain, host = settings.bounce_domain, parse_smtp_url(settings.smtp).host
    records = find_spf_records(domain, resolver)
    wish = f'{domain}. TXT "v=spf1 a:{host} -all", or with the include that your mail provider names'
    if len(records) != 1:
        found = f"{domain} has {'several SPF records, which count as none' if records else 'no SPF record'}"
        return MailCheck(name="SPF", ok=False, found=found, publish=wish)
    end = _ALL.search(records[0])
    if end is None or end[1] in ("+", "?") or end[0].strip().lower() == "all":
        found = f"{domain}: {records[0]}"
        return MailCheck(name="SPF", ok=False, found=found, publish=f"an end that refuses others: {wish}")
    addresses = [host] if _is_address(host) else resolver.find_addresses(host)
    results = {address: SpfEvaluation(address, resolver).evaluate(domain) for address in addresses}
    # A provider's server hands on to others, whose addresses nobody states: it is told, not judged.
    own = _is_address(host) or are_aligned(host, settings.mail_from.rpartition("@")[2], "r")
    refused = [address for address, result in results.items() if own and result not in ("pass", "open")]
    said = "; ".join(f"{address}: {result}" for address, result in results.items())
    found = f"{domain}: {records[0]} ({said or f'{host} has no address'})"
    missing = f"that {', '.join(refused)} may send: {wish}" if refused else ""
    return MailCheck(name="SPF", ok=not missing, found=found, publish=missing)


def _check_dkim(key: DkimKey, resolver: MailResolver) -> MailCheck:
    name, wish = f"DKIM {key.selector}", build_dns_record(key.private)
    records = [parse_tags(text) for text in resolver.find_texts(key.record_name)]
    ours = parse_tags(wish)["p"]
    ok = any("".join(record.get("p", "").split()) == ours for record in records)
    found = f"{key.record_name} holds {'our key' if ok else 'another key' if records else 'nothing'}"
    return MailCheck(name=name, ok=ok, found=found, publish="" if ok else f"{key.record_name}. TXT {_quote(wish)}")


def _check_dmarc(settings: Settings, resolver: MailResolver) -> MailCheck:
    """Check the policy of the sender's domain, and that a signature or the return path is of that domain."""
    domain = settings.mail_from.rpartition("@")[2]
    policy = next((tags for parent in list_parents(domain) if (tags := _find_policy(parent, resolver))), None)
    if policy is None:
        wish = f'_dmarc.{domain}. TXT "v=DMARC1; p=none; rua=mailto:postmaster@{domain}"'
        return MailCheck(name="DMARC", ok=False, found=f"{domain} has no DMARC policy", publish=wish)
    signed = any(are_aligned(key.domain, domain, policy.get("adkim", "r")) for key in load_signing_keys(settings))
    returned = are_aligned(settings.bounce_domain, domain, policy.get("aspf", "r"))
    found = f"p={policy.get('p', '')}; DKIM {_say(signed)} and the return path {_say(returned)} with {domain}"
    wish = "" if signed else f"SELVEDGE_DKIM_DOMAIN={domain}: only then does the signature speak for the sender"
    return MailCheck(name="DMARC", ok=signed, found=found, publish=wish)


def _find_policy(domain: str, resolver: MailResolver) -> dict[str, str] | None:
    tags = [parse_tags(text) for text in resolver.find_texts(f"_dmarc.{domain}")]
    policies = [record for record in tags if record.get("v") == "DMARC1" and record.get("p")]
    return policies[0] if len(policies) == 1 else None


def _check_bounce_domain(settings: Settings, resolver: MailResolver) -> MailCheck:
    domain = settings.bounce_domain
    hosts = [host for host in resolver.find_mail_hosts(domain) if host not in ("", ".")]
    reachable = [host for host in hosts if resolver.find_addresses(host)]
    found = f"{domain}: {', '.join(hosts) or 'no MX, so that nothing comes back'}"
    wish = f"{domain}. MX 10 the host that takes returned mail, with an address of its own"
    return MailCheck(name="bounce MX", ok=bool(reachable), found=found, publish="" if reachable else wish)


def _check_reverse(settings: Settings, resolver: MailResolver) -> MailCheck:
    """Check that the server's address leads back to a name which leads to the address."""
    host = parse_smtp_url(settings.smtp).host
    addresses = [host] if _is_address(host) else resolver.find_addresses(host)
    bad = [a for a in addresses if not _leads_back(a, resolver)]
    if not addresses:
        return MailCheck(name="PTR", ok=False, found=f"{host} has no address", publish=f"an A record of {host}")
    found = f"{host}: {', '.join(addresses)}" + (f"; no name leads back to {', '.join(bad)}" if bad else "")
    wish = f"a PTR of {', '.join(bad)} to {host}, by whoever gave you the address" if bad else ""
    return MailCheck(name="PTR", ok=not bad, found=found, publish=wish)


def _leads_back(address: str, resolver: MailResolver) -> bool:
    return any(address in resolver.find_addresses(name) for name in resolver.find_host_names(address))


def _check_links(settings: Settings, resolver: MailResolver) -> MailCheck:
    parts = urlsplit(settings.base_url)
    host = parts.hostname or ""
    wish = "SELVEDGE_PUBLIC_URL: the https address by which clients reach the web process"
    if parts.scheme != "https":
        return MailCheck(name="links", ok=False, found=f"begin with {settings.base_url}", publish=wish)
    ok = _is_address(host) or bool(resolver.find_addresses(host))
    return MailCheck(
        name="links",
        ok=ok,
        found=f"begin with {settings.base_url}" + ("" if ok else ", which has no address"),
        publish="" if ok else f"{host}. A the address of the web process",
    )


def _check_postal_address(settings: Settings) -> MailCheck:
    default = Settings.model_fields["shop_address"].default
    ok = bool(settings.shop_address.strip()) and settings.shop_address != default
    found = settings.shop_address if ok else "none of your own; laws on advertising ask for one"
    return MailCheck(name="postal address", ok=ok, found=found, publish="" if ok else "SELVEDGE_SHOP_ADDRESS")


def parse_tags(text: str) -> dict[str, str]:
    """Parse the tags of a DKIM or DMARC record: `v=DMARC1; p=none`."""
    matches = filter(None, map(_TAG.fullmatch, text.split(";")))
    return {match[1]: match[2].strip() for match in matches}


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _quote(record: str) -> str:
    """Quote a TXT record in the parts of at most 255 characters that a zone file takes."""
    return " ".join(f'"{record[i : i + 255]}"' for i in range(0, len(record), 255))


def _say(agrees: bool) -> str:
    return "agrees" if agrees else "does not agree"
