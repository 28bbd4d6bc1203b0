"""Load the shop's own table of sizes (`SELVEDGE_SIZE_TABLE`)."""

from __future__ import annotations

import tomllib
from functools import lru_cache
from pathlib import Path

from domain.size_table import SizeTable
from domain.sizes import fold_size
from errors import ConfigError


@lru_cache(maxsize=8)
def load_size_table(path: Path | None) -> SizeTable:
    """Load a table: `[sizes]` with what each size is taken for. None: an empty one.

    Raises:
        ConfigError: names the file and what is wrong.
    """
    if path is None:
        return {}
    try:
        sizes = tomllib.loads(path.read_text("utf-8"))["sizes"]
        stated = {str(size): [others] if isinstance(others, str) else list(others) for size, others in sizes.items()}
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as wrong:
        raise ConfigError(f"SELVEDGE_SIZE_TABLE: {path} cannot be read: {wrong}") from None
    except (KeyError, AttributeError, TypeError):
        raise ConfigError(f'SELVEDGE_SIZE_TABLE: {path} needs a table [sizes], such as "EU 42" = "L"') from None
    return {fold_size(size): tuple(map(str, others)) for size, others in stated.items()}
