"""All settings, read from the environment in this one place.

Each field is the variable `SELVEDGE_<FIELD>`; `.env` in the work folder is read too. Nothing else reads the
environment.
"""

from __future__ import annotations

import os
from functools import cached_property
from pathlib import Path
from typing import Final, Literal, Self

from pydantic import Field, SecretStr, ValidationError, model_validator
from pydantic_settings import SettingsConfigDict

from backup_settings import BackupSettings
from connection_settings import ConnectionSettings
from errors import ConfigError
from keys import Keys, find_payload_keys, load_or_make_keys
from public_url import find_url_fault
from ranking_settings import RankingSettings
from shop_settings import ShopSettings
from stream_settings import StreamSettings
from web_settings import WebSettings
from writer_settings import WriterSettings

LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})


class Settings(
    BackupSettings,
    ConnectionSettings,
    RankingSettings,
    ShopSettings,
    StreamSettings,
    WebSettings,
    WriterSettings,
):
    """What an operator may set. The defaults run everything on one machine."""

    model_config = SettingsConfigDict(env_prefix="SELVEDGE_", env_file=".env", extra="ignore", frozen=True)

    home: Path = Path(".selvedge")
    """All state: database, mailbox, artefacts, keys, the dev server's file."""
    database_url: str = ""
    """SQLAlchemy URL; empty: SQLite under `home`. PostgreSQL: postgresql+psycopg://user:password@host/name"""
    redis_url: str = ""
    """Reserved for a cache shared by several processes; nothing reads it yet."""

    api_key: SecretStr | None = None
    """Key of the machine API; none: one is made and stored under `home`."""
    signing_key: SecretStr | None = None
    """Signs unsubscribe links and return paths; none: one is made and stored under `home`."""

    open_pages: bool = False
    """Whether the pages open without a sign-in, everybody being the owner: for a demo with made-up people. Refused
    where others reach the address, and where clients have addresses that may be real."""
    sign_in_idle_hours: float = Field(default=4.0, gt=0, le=24 * 30)
    """Hours after which a sign-in that is not used ends."""
    sign_in_hours: float = Field(default=24.0, gt=0, le=24 * 90)
    """Hours after which any sign-in ends."""
    activity_days: float = Field(default=730.0, ge=1)
    """Days for which it stays on record who changed what; the nightly training deletes what is older."""

    smtp_url: str = ""
    """smtp://user:password@host:587 (STARTTLS when offered), smtps://host:465. Empty: the embedded mailbox."""
    smtp_tls: Literal["required", "offered"] = "offered"
    """`required`: nothing is handed over without encryption; `offered`: STARTTLS is used where the server has it."""
    smtp_delivers: bool = True
    """Whether that server delivers to clients. False: it only catches mail, as Mailpit does, and links may be local."""
    mailbox_port: int = Field(default=1025, ge=1, le=65_535)
    """Port of the embedded mailbox, on 127.0.0.1."""
    unsubscribe_wait_s: float = Field(default=10.0, ge=0)
    """How long an opt-out waits for mails to that client that are under way, before it answers 503."""
    smtp_timeout_s: float = Field(default=30.0, gt=0)
    """Seconds that one step of SMTP may take; the answer to a whole mail, twice that."""
    mail_from: str = "stylists@selvedge.example"
    """Plain address of the sender; the name beside it is the shop's."""
    reply_to: str = ""
    """Plain address for answers; empty: that of the sender."""
    bounce_domain: str = "bounce.selvedge.example"
    """Domain of return paths; bounces arrive there."""
    returns_port: int = Field(default=0, ge=0, le=65_535)
    """Port on which `selvedge returns`, and each worker of the queue `mail`, takes in bounces and complaints by LMTP or
    SMTP. 0: none."""
    returns_workers: int = Field(default=1, ge=1, le=64)
    """Processes by which `selvedge returns` serves that port; `--workers` says otherwise."""
    returns_host: str = "127.0.0.1"
    """Address on which that port listens."""
    returns_mailbox: str = Field(default="", repr=False)
    """A mailbox to poll for them: `imaps://user:password@host/INBOX` or `pop3s://user:password@host`. Empty: none."""
    returns_every_s: float = Field(default=60.0, gt=0)
    """Seconds between two looks into that mailbox."""
    returns_standard_key: SecretStr | None = None
    """Key of `POST /v1/returns/standard` (Standard Webhooks), `whsec_…`. Without a key that door is closed, as the next
    ones are."""
    returns_sendgrid_key: SecretStr | None = None
    """Verification key of SendGrid's signed event webhook."""
    returns_mailgun_key: SecretStr | None = None
    """Webhook signing key of Mailgun."""
    returns_postmark_key: SecretStr | None = None
    """Password in the address of Postmark's webhook."""
    returns_ses_key: SecretStr | None = None
    """ARN of the SNS topic to which Amazon SES publishes."""
    mailbox_tags: Literal["fold", "keep"] = "fold"
    """Whether `ann+shop@` is the mailbox `ann@` (fold), whose opt-outs, suppressions and caps it shares."""
    dkim_domain: str = ""
    """Signing domain; empty: that of `mail_from`."""
    dkim_selector: str = "selvedge"
    """Name of the key in the DNS."""
    dkim_key_file: Path | None = None
    """PEM private key; none: one is made and kept under `home`."""
    dkim_keys: str = ""
    """Several keys of that domain, `selector=path,selector=path`, in place of the one: the first signs."""
    dkim_second: str = ""
    """A second signature, `selector@domain=path`, as for the domain of a mail provider."""
    feedback_sender: str = Field(default="", pattern=r"^([A-Za-z0-9._-]{5,15})?$")
    """Name of the sender in Feedback-ID, 5 to 15 characters, always the same. Empty: made of the sender's domain."""
    domain_mails_per_second: float = Field(default=20.0, gt=0)
    """Rate at which one process hands over mail to one receiving domain."""
    domain_connections: int = Field(default=4, ge=1, le=100)
    """Mails to one receiving domain that one process has under way at once."""
    warm_up: str = Field(default="500,1000,2000,4000,8000,16000,32000", pattern=r"^(none|[1-9]\d*(,[1-9]\d*)*)$")
    """Mails to a receiving domain on the first day of mail to it, the second, and so on; then no limit. Or `none`."""
    open_pixel: bool = False
    """Whether mail to clients who agreed to measurement holds a picture that tells when it is opened."""
    hidden_link: bool = False
    """Whether mail holds a link that people do not see and scanners follow. Its cost with spam filters is not known."""
    mails_per_second: float = Field(default=200.0, gt=0)
    """Rate at which one task queue hands mails over; parts of broadcasts, all together, have the same beside it."""

    quiet_from_hour: int = Field(default=21, ge=0, le=23)
    """Hour of the client's own day from which no mail leaves."""
    quiet_until_hour: int = Field(default=8, ge=0, le=23)
    """Hour from which it may leave again; equal to `quiet_from_hour`: no quiet time."""
    max_mails_per_week: int = Field(default=2, ge=0, le=7)
    """Mails to one client in any seven days; a client may ask for another limit."""
    min_days_between_mails: float = Field(default=2.0, ge=0)
    """Days between two mails to one client."""
    holdout_share: float = Field(default=0.05, ge=0, le=0.5)
    """The share of clients in the re-engagement holdout: no mail when they drift, so that its effect can be measured.
    Always the same clients; welcome, quiz, thanks and campaigns still reach them. 0: nobody."""

    stylist_calls_a_day: int = Field(default=0, ge=0)
    """Calls that the shop's stylists make in one of the shop's own days in place of a mail, where an algorithm of the
    slot `next_action` chooses one. 0: none; then none is ever proposed."""
    stylist_call_days: float = Field(default=3.0, gt=0)
    """Days for which a call may be made; then it is dropped, and mail goes on."""

    fix_decide_hours: float = Field(default=48.0, gt=0)
    """Hours that a stylist has for a proposed Fix; its units are held for it."""
    fix_undecided: Literal["approve", "cancel"] = "approve"
    """What happens to a proposed Fix that nobody decides in time."""
    fix_feedback_days: float = Field(default=14.0, gt=0)
    """Days after shipping for which a Fix waits for feedback on its items; it is closed then."""
    fix_wave_hour: int = Field(default=5, ge=0, le=23)
    """Hour of the shop's own day at which all Fixes that wait for the wave are assembled together."""
    fix_wave_part: int = Field(default=1_000, ge=1)
    """Fixes of a wave that one worker takes at a time. Boxes do not depend on how many workers there are."""
    fix_wave_wait_days: float = Field(default=2.0, ge=0)
    """Days for which a Fix that was asked for the wave waits; then it is assembled alone."""
    fix_value_weight: float = Field(default=0.3, ge=0, le=1)
    """How much the price of a piece counts in the value of a box: 0 counts kept pieces, 1 what clients pay for them."""
    fix_roles: str = ""
    """What categories are worn as, where their names do not say it: poncho=outerwear,wraps=accessory. Roles: top,
    bottom, dress, knitwear, outerwear, shoes, bag, accessory, other."""
    note_words: Path | None = None
    """Folder of the shop's own words for notes, one file a language, named and written like
    `domain/fixes/reading/languages/en.toml`; a file with `language` adds one. Empty: the built-in words alone."""

    refresh_hour: int = Field(default=3, ge=0, le=23)
    """Hour of the shop's own day of the nightly training, which trains and compares models and makes every client's
    list."""
    refresh_days: int = Field(default=28, ge=1, le=365)
    """Days by which rankings are compared; drift is measured against as many days before."""
    refresh_ranking: str = ""
    """Rankers that are trained, separated by commas, as `selvedge train --algorithm` names them; the most promising one
    is compared with the champion. Empty: that of the champion, else `stacked`."""
    refresh_picks: int = Field(default=20, ge=1, le=200)
    """Items on the list that is made for each client."""
    refresh_shard: int = Field(default=1_000, ge=1)
    """Clients whose lists one worker makes at a time; more where there would be over 500 shards."""
    refresh_drift_alarm: float = Field(default=0.2, gt=0, le=1)
    """From this Kolmogorov-Smirnov distance on (0 to 1), a drifted feature or score raises an alarm."""

    decision_days: float = Field(default=30.0, ge=0)
    """Days for which the questions of decisions, the answers of shadows, and orders of pages are stored; other live
    answers stay."""
    engagement_recheck_days: float = Field(default=7.0, gt=0, le=365)
    """Days after which an algorithm of the slot `engagement` is asked again about a client where it did not say when
    its score crosses a threshold."""

    starts_per_second: float = Field(default=50.0, gt=0)
    """Rate at which pending workflow starts and nudges drain from the outbox."""
    worker_host: str = "127.0.0.1"
    """Address on which the worker's metrics and health ports listen."""
    worker_metrics_port: int = Field(default=9464, ge=0, le=65_535)
    """Prometheus text at /metrics."""
    worker_health_port: int = Field(default=9465, ge=0, le=65_535)
    """GET /healthz: 200 when database and Temporal answer, else 503."""
    worker_health_url: str = ""
    """Where the web process asks whether the worker is well. Empty: its health port here; `none`: nowhere."""

    @model_validator(mode="after")
    def _check_home(self) -> Self:
        if wrong := sorted(set("?%#") & set(str(self.home.absolute()))):
            raise ConfigError(
                f"SELVEDGE_HOME: may hold no {wrong[0]}, which means something else in a database's address"
            )
        return self

    @model_validator(mode="after")
    def _check_public_url(self) -> Self:
        if self.public_url and (fault := find_url_fault(self.public_url, real_mail=self.has_real_mail)):
            raise ConfigError(f"SELVEDGE_PUBLIC_URL: {fault}")
        return self

    @model_validator(mode="after")
    def _check_open_pages(self) -> Self:
        if self.open_pages and not may_open_pages(self):
            raise ConfigError(
                "SELVEDGE_OPEN_PAGES: only for a demo on SELVEDGE_WEB_HOST=127.0.0.1; leave it out and people sign in"
            )
        return self

    @property
    def has_real_mail(self) -> bool:
        """Return whether mail goes to clients, and not only into the embedded mailbox or a catcher of mail."""
        return bool(self.smtp_url) and self.smtp_delivers

    @property
    def database(self) -> str:
        """The SQLAlchemy URL in force."""
        return self.database_url or f"sqlite:///{(self.home / 'selvedge.db').absolute()}"

    @property
    def base_url(self) -> str:
        """Where the web process is reached from outside, without a closing slash."""
        host = f"[{self.web_host}]" if ":" in self.web_host else self.web_host
        return (self.public_url or f"http://{host}:{self.web_port}").rstrip("/")

    @property
    def smtp(self) -> str:
        """The SMTP server in force; the embedded mailbox when none is set."""
        return self.smtp_url or f"smtp://127.0.0.1:{self.mailbox_port}"

    @property
    def composer(self) -> Literal["model", "house"]:
        """`model` when a language model is configured, else `house`, the template writer."""
        return "model" if self.llm_api_key is not None and self.llm_api_key.get_secret_value() else "house"

    @property
    def payload_keys(self) -> Path | None:
        """The file of the payload keys; None: what Temporal keeps is not encrypted."""
        return find_payload_keys(self.home, self.payload_keys_file)

    @cached_property
    def keys(self) -> Keys:
        """The API key and the signing key; made once and kept under `home` where not set."""
        stored = load_or_make_keys(self.home / "keys.json")
        return Keys(
            api=self.api_key.get_secret_value() if self.api_key else stored["api"],
            signing=self.signing_key.get_secret_value() if self.signing_key else stored["signing"],
        )


def may_open_pages(settings: Settings) -> bool:
    """Return whether pages without a sign-in are allowed here: others do not reach this address."""
    return settings.web_host in LOOPBACK


def load(**overrides: object) -> Settings:
    """Load the settings. Raises ConfigError with one line that names the variable to correct."""
    try:
        return Settings(**overrides)  # type: ignore[arg-type]
    except ValidationError as wrong:
        first = wrong.errors()[0]
        name = "SELVEDGE_" + "_".join(str(part) for part in first["loc"]).upper()
        reason = first["msg"].removeprefix("Value error, ").replace("Input should be", "must be", 1)
        raise ConfigError(f"{name}: {reason}") from None


def copy_environment() -> dict[str, str]:
    """Copy the environment, for child processes."""
    return dict(os.environ)


def share_metrics(folder: Path) -> None:
    """Let this process and its children keep metrics in a folder. Call it before anything defines one."""
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(folder)


def find_user_cache() -> Path:
    """Return the folder under the user's cache that all clones on this machine share; XDG_CACHE_HOME moves it."""
    home = os.environ.get("XDG_CACHE_HOME", "")
    # The XDG rule: a relative value is invalid and must be ignored.
    return (Path(home) if Path(home).is_absolute() else Path.home() / ".cache") / "selvedge"
