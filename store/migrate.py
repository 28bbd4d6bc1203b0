"""Brings a database's schema up to date. `store/revision_writer.py` writes the revisions."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from sqlalchemy import Connection, Engine, inspect, text

from errors import ConfigError
from store.campaigns.shipped import install_shipped
from store.clock import load_business_time
from store.database import read_transaction, write_transaction

if TYPE_CHECKING:
    from alembic.config import Config

MIGRATIONS: Final[Path] = Path(__file__).parent / "migrations"
VERSIONS: Final[Path] = MIGRATIONS / "versions"
_LOCK: Final = 7_274_650_312  # of PostgreSQL; any number that nobody else here uses


def upgrade(engine: Engine) -> bool:
    """Bring the schema up to date, and install the lifecycle's campaigns where there never were any; whether there was
    anything to do. Safe when several processes start at once.

    Raises ConfigError for a database that this version cannot bring up to date, Unavailable when it does not answer.
    """
    with read_transaction(engine) as connection:
        if load_version(connection) == find_head():
            return False
    with write_transaction(engine) as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        if load_version(connection) == find_head():  # another process was quicker
            return False
        _upgrade(connection)
        install_shipped(connection, load_business_time(connection, datetime.now(UTC)))
    return True


def find_head() -> str:
    """Find the newest revision from the names of the files, since Alembic takes long to import."""
    newest = max(VERSIONS.glob("[0-9]*.py"))
    match = re.search(r'^revision: str = "(.+)"$', newest.read_text(), re.M)
    if match is None:
        raise ConfigError(f"{newest} names no revision")
    return match[1]


def load_version(connection: Connection) -> str | None:
    """Load the revision of this database; None for one without tables."""
    names = inspect(connection).get_table_names()
    if "alembic_version" in names:
        revision: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
        return revision
    if "clients" in names:
        raise ConfigError("SELVEDGE_DATABASE_URL: this database has tables that no migration made; use an empty one")
    return None


def upgrade_to(connection: Connection, revision: str) -> None:
    """Make the tables of an empty database as they were at `revision`. Raises ConfigError for one that this version
    does not know."""
    _upgrade(connection, revision)


def _upgrade(connection: Connection, revision: str = "head") -> None:
    from alembic import command  # noqa: PLC0415 (slow to import, and most starts have nothing to do)
    from alembic.util import CommandError  # noqa: PLC0415

    try:
        command.upgrade(build_config(connection), revision)
    except CommandError:
        unknown = load_version(connection) if revision == "head" else revision
        raise ConfigError(
            f"SELVEDGE_DATABASE_URL: the database is at revision {unknown}, which this version of "
            "Selvedge does not know; use the version that made it, or an empty database"
        ) from None


def build_config(connection: Connection, versions: Path = VERSIONS) -> Config:
    """Build Alembic's configuration on a connection that is in a transaction."""
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("version_locations", str(versions).replace("%", "%%"))
    config.set_main_option("path_separator", "newline")
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config
