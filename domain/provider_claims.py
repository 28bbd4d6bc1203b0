"""What an identity provider's claims make of somebody: their role, their name, and whether they are let in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from domain.sign_in_rules import fold_name
from errors import Forbidden
from models.actors import Role

LONGEST_NAME: Final = 64


def parse_role_rules(text: str) -> tuple[tuple[str, Role], ...]:
    """Parse `value=role,value=role`, the strongest first. Raises ValueError."""
    rules = []
    for part in filter(None, (part.strip() for part in text.split(","))):
        value, equals, role = part.rpartition("=")
        if not equals or not value or Role(role) is Role.CLIENT:
            raise ValueError(f"{part}: give value=role, such as shop-admins=owner")
        rules.append((value, Role(role)))
    return tuple(rules)


def choose_role(claims: Mapping[str, Any], claim: str, rules: Sequence[tuple[str, Role]], default: Role | None) -> Role:
    """Choose the role of the first rule whose value is among those of the claim. Raises Forbidden where none is."""
    found = claims.get(claim, ())
    values = {str(value) for value in (found if isinstance(found, list | tuple) else [found])}
    role = next((role for value, role in rules if value in values), default)
    if role is None:
        raise Forbidden("Your account at the identity provider has no role in this shop: ask its owner.")
    return role


def require_domain(claims: Mapping[str, Any], domains: Sequence[str]) -> None:
    """Require an address in one of the domains, which the provider has verified; no domains: any. Raises Forbidden."""
    if not domains:
        return
    address = str(claims.get("email", ""))
    if claims.get("email_verified") is not True or address.rpartition("@")[2].lower() not in domains:
        raise Forbidden("Your address at the identity provider is none of this shop's, or is not verified.")


def choose_name(claims: Mapping[str, Any]) -> str:
    """Choose the name under which somebody stands in the log. An address is one only if the provider has verified it
    as theirs: test sends go to the account whose name is the address."""
    for claim in ("name", "preferred_username", "sub"):
        letters = "".join(letter for letter in str(claims.get(claim, "")) if letter.isprintable())
        name = letters.strip()[:LONGEST_NAME]
        if name and ("@" not in fold_name(name) or _is_verified_address(claims, name)):
            return name
    return "somebody"


def _is_verified_address(claims: Mapping[str, Any], name: str) -> bool:
    return claims.get("email_verified") is True and str(claims.get("email", "")).casefold() == name.casefold()
