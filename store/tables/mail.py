"""Mails, holds, suppressions and campaigns."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKeyConstraint,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from store.sql.types import Json, UtcTime
from store.tables.base import build_id_column, metadata

outreaches = Table(
    "outreaches",
    metadata,
    build_id_column("client_id", primary_key=True),
    Column("n", Integer, primary_key=True),
    Column("reason_key", String(160), nullable=False, comment="what it answers; makes allocation idempotent"),
    Column("kind", String(16), nullable=False),
    build_id_column("campaign"),
    build_id_column("assessment_id", nullable=False),
    Column("score", Float, nullable=False, comment="of that assessment; never recomputed"),
    Column("phase", String(16), nullable=False),
    Column("priority", Integer, nullable=False, default=0),
    Column("state", String(16), nullable=False),
    Column("code", String(64), nullable=False, default="", comment="why it stands so, in one stable word"),
    Column(
        "epoch",
        Integer,
        nullable=False,
        default=0,
        comment="of the campaign when parked; raised by its drain",
    ),
    Column("overdue", String(12), comment="what the resume said of lateness"),
    Column("send_at", UtcTime),
    Column("token", String(40), comment="fences out an older attempt that still runs"),
    Column("lease_until", UtcTime, comment="real time; a row in data is not judged before"),
    Column("message_id", String(200)),
    Column("mailbox", String(64), comment="keyed hash of where this mail went, set when it is claimed"),
    Column("refusals", Integer, nullable=False, default=0, server_default="0", comment="answers 5xx that may be ours"),
    Column("composed_by", String(16), comment="model or house"),
    Column("prompt_version", String(40)),
    Column("brief", Json, comment="personal"),
    Column("draft", Json, comment="personal"),
    Column("picks", Json),
    Column("shown", Json, comment="the items as the mail showed them, by id; set when it is claimed"),
    Column("autonomy", String(12), comment="how free its writer was"),
    Column("digest", String(64), comment="of the text and the facts it rests on, as they were checked"),
    Column("review", Json, comment="the reviewer's last remarks"),
    Column("attempt", Integer, nullable=False, default=0, comment="drafts written so far"),
    Column("content", Json, comment="what the campaign's step says of this mail; none: as the campaign says"),
    build_id_column("offer", comment="the offer that it states"),
    Column("created_at", UtcTime, nullable=False),
    Column("updated_at", UtcTime, nullable=False),
    Column("sent_at", UtcTime),
    UniqueConstraint("client_id", "reason_key"),
    Index(None, "state"),
    Index(None, "campaign", "state"),
    Index(None, "sent_at"),
    Index(None, "message_id"),
    Index(None, "mailbox"),
)

outreach_steps = Table(
    "outreach_steps",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    build_id_column("client_id", nullable=False),
    Column("n", Integer, nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("state", String(16), nullable=False),
    Column("code", String(64), nullable=False, default=""),
    ForeignKeyConstraint(["client_id", "n"], ["outreaches.client_id", "outreaches.n"], ondelete="CASCADE"),
    Index(None, "client_id", "n"),
)

edits = Table(
    "edits",
    metadata,
    build_id_column("id", primary_key=True),
    build_id_column("client_id", nullable=False),
    Column("n", Integer, nullable=False),
    Column("draft", Json, nullable=False, comment="personal"),
    Column("by", String(64), nullable=False, default=""),
    Column("at", UtcTime, nullable=False),
    ForeignKeyConstraint(["client_id", "n"], ["outreaches.client_id", "outreaches.n"], ondelete="CASCADE"),
    Index(None, "client_id", "n"),
)

holds = Table(
    "holds",
    metadata,
    build_id_column("client_id", primary_key=True),
    Column("source", String(16), primary_key=True),
    Column("since", UtcTime, nullable=False),
    Column("reason", String(120), nullable=False, default=""),
    Column("until", UtcTime, comment="when it ends by itself; none: somebody lifts it"),
)

campaigns = Table(
    "campaigns",
    metadata,
    build_id_column("slug", primary_key=True),
    Column("spec", Json, nullable=False),
    Column("state", String(24), nullable=False),
    Column("reason", String(120), nullable=False, default=""),
    Column("epoch", Integer, nullable=False, default=1),
    Column("overdue", String(12), nullable=False, default="replan"),
    Column("cursor", String(64), nullable=False, default="", comment="last client looked at by enrolment"),
    Column("enrolled_all", Boolean, nullable=False, default=False),
    Column("started_at", UtcTime, comment="since when it runs; its expiry counts from then"),
    Column("guarded_from", UtcTime, comment="mails count for its guardrails since then: its start, or the last resume"),
    Column("looked_at", UtcTime, comment="when the last look for clients who joined the audience began"),
    Column("erased", Json, nullable=False, default=dict, comment="counts of rows of clients who were erased, by state"),
    Column("version", Integer, comment="of the definition that runs; none: a campaign of one mail"),
    Column(
        "sequence",
        Integer,
        index=True,
        comment="of one that mails a phase of the lifecycle: the version by which clients go; they have no places",
    ),
    Column("created_at", UtcTime, nullable=False),
    Column("updated_at", UtcTime, nullable=False),
)

enrolments = Table(
    "enrolments",
    metadata,
    build_id_column("campaign", primary_key=True),
    build_id_column("client_id", primary_key=True),
    Column("entry", String(64), primary_key=True),
    Column("state", String(12), nullable=False),
    Column("n", Integer),
    Column("code", String(64), nullable=False, default=""),
    Column("arm", String(8), nullable=False, comment="treated, control, or empty: could not have been mailed"),
    Column("enrolled_at", UtcTime, nullable=False, comment="from when outcomes count"),
    Column("at", UtcTime, nullable=False),
    Column("version", Integer, comment="of the definition; none: a campaign of one mail"),
    Column("step", String(40), nullable=False, default="", server_default="", comment="empty: not begun"),
    Column("since", UtcTime, comment="when the step began"),
    Column("due_at", UtcTime, comment="when to look again if nothing happens"),
    Column("taken", Json, comment="the steps behind it, in their order"),
    build_id_column("item_id", comment="the item that it is about, where one is"),
    Index(None, "client_id", "state"),
    Index(None, "campaign", "state"),
)

campaign_versions = Table(
    "campaign_versions",
    metadata,
    build_id_column("slug", primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("definition", Json, nullable=False),
    Column("digest", String(64), nullable=False, comment="of the definition: what exactly was approved"),
    Column("state", String(24), nullable=False),
    Column("takeover", String(8), nullable=False, default="stay", comment="those in it stay, or move at a step"),
    Column("moves", Json, nullable=False, default=dict, comment="where those in a step go that is no more"),
    Column("start_at", UtcTime, comment="when it starts by itself"),
    Column("created_at", UtcTime, nullable=False),
    Column("created_by", String(64), nullable=False),
    Column("submitted_by", String(64), nullable=False, default=""),
    Column("decided_by", String(64), nullable=False, default="", comment="who approved it or sent it back"),
    Column("updated_at", UtcTime, nullable=False),
    comment="what a campaign does, version by version; rows change their state, never their definition",
)

simulations = Table(
    "simulations",
    metadata,
    build_id_column("id", primary_key=True),
    build_id_column("slug", nullable=False),
    Column("by", String(64), nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("report", Json, nullable=False, comment="sums over clients, none of them named"),
    Index(None, "slug", "at"),
    comment="what campaigns would do, as simulated before their launch",
)

suppressions = Table(
    "suppressions",
    metadata,
    Column("address_hash", String(64), primary_key=True, comment="keyed hash, so that it outlives an erasure"),
    Column("reason", String(32), nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("by", String(64), nullable=False, default="", server_default="", comment="who entered or lifted it last"),
    Column("note", String(200), nullable=False, default="", server_default="", comment="why, in a person's words"),
    Column("lifted_at", UtcTime, comment="when a person lifted it; none: it holds"),
)

withdrawals = Table(
    "withdrawals",
    metadata,
    Column("mailbox", String(64), primary_key=True, comment="keyed hash, so that it outlives an erasure"),
    Column("at", UtcTime, nullable=False),
    Column("link", String(40), nullable=False, default="", comment="the mail whose link made it; empty: no link"),
    Column("before_at", UtcTime, comment="the withdrawal before this one, which holds again when this is undone"),
    comment="mailboxes that want no mail, whatever ids carry them; a client who consents later is excepted",
)

returns = Table(
    "returns",
    metadata,
    Column("id", String(64), primary_key=True, comment="the same each time one return is read"),
    Column("at", UtcTime, nullable=False, index=True),
    Column("way", String(12), nullable=False),
    Column("kind", String(12), nullable=False),
    Column("code", String(16), nullable=False, default=""),
    build_id_column("client_id", index=True),
    Column("n", Integer),
    Column("raw", Text, comment="personal; of one that a person is to read, and for some weeks"),
)

mail_servers = Table(
    "mail_servers",
    metadata,
    Column("server", String(255), primary_key=True, comment="host and port"),
    Column("code", String(32), nullable=False, comment="of the fault that keeps all mail back; empty: it works"),
    Column("failures", Integer, nullable=False, comment="in a row"),
    Column("since", UtcTime, comment="real time; of the fault, or of the good state"),
    Column("try_at", UtcTime, comment="real time; nobody connects before"),
)

mail_domains = Table(
    "mail_domains",
    metadata,
    Column("domain_hash", String(64), primary_key=True, comment="keyed hash of a receiving domain"),
    Column("since", UtcTime, nullable=False, comment="real time; of the first mail"),
    Column("day", UtcTime, nullable=False, comment="real time; the day of `sent`"),
    Column("sent", Integer, nullable=False),
    Column("deferrals", Integer, nullable=False, comment="in a row"),
    Column("rest_until", UtcTime, comment="real time; no mail goes before"),
)
