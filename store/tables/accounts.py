"""Accounts of staff, their sign-ins, and the keys of programs. All times are real time."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, String, Table, Text, UniqueConstraint

from store.sql.types import Json, UtcTime
from store.tables.base import build_id_column, metadata

accounts = Table(
    "accounts",
    metadata,
    build_id_column("account_id", primary_key=True),
    Column("name", String(64), nullable=False, comment="stands in the Activity log"),
    Column("name_key", String(128), nullable=False, comment="the name as it is typed to sign in, case folded"),
    Column("role", String(16), nullable=False),
    Column("state", String(12), nullable=False, comment="invited, active or disabled"),
    Column("password_hash", Text, nullable=False, comment="argon2id; empty until a password is set"),
    Column("version", Integer, nullable=False, comment="counts what makes older links void"),
    Column("totp_secret", Text, nullable=False, comment="sealed with the signing key; empty without second factor"),
    Column("totp_step", BigInteger, nullable=False, comment="time step of the last code; none is taken twice"),
    Column("recovery_hashes", Json, nullable=False, comment="of the recovery codes that are left"),
    Column("created_at", UtcTime, nullable=False),
    Column("signed_in_at", UtcTime),
    Column("subject_key", String(64), comment="SHA-256 of issuer and subject at the identity provider; none: local"),
    UniqueConstraint("name_key"),
    Index(None, "subject_key", unique=True),
)

sign_ins = Table(
    "sign_ins",
    metadata,
    Column("token_hash", String(64), primary_key=True, comment="keyed hash of what the cookie holds"),
    Column("account_id", String(64), ForeignKey("accounts.account_id", ondelete="CASCADE"), nullable=False, index=True),
    Column("began_at", UtcTime, nullable=False),
    Column("seen_at", UtcTime, nullable=False),
    Column("agent", String(120), nullable=False, comment="the browser, as it names itself"),
    Column("address", String(45), nullable=False),
)

sign_in_failures = Table(
    "sign_in_failures",
    metadata,
    Column("subject_hash", String(64), primary_key=True, comment="keyed hash of an account's name or an address"),
    Column("count", Integer, nullable=False),
    Column("last_at", UtcTime, nullable=False, index=True),
)

api_keys = Table(
    "api_keys",
    metadata,
    build_id_column("key_id", primary_key=True),
    Column("name", String(64), nullable=False, comment="stands in the Activity log"),
    Column("secret_hash", String(64), nullable=False, comment="SHA-256 of 32 random bytes"),
    Column("role", String(16), nullable=False),
    Column("only", Json, comment="the permissions it is limited to; none: all of its role"),
    Column("created_at", UtcTime, nullable=False),
    Column("created_by", String(64), nullable=False),
    Column("expires_at", UtcTime),
    Column("used_at", UtcTime, comment="to the minute"),
    Column("revoked_at", UtcTime),
)
