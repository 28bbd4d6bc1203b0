"""A bad Temporal address is reported in one line."""

from __future__ import annotations

import pytest

from errors import ConfigError
from workflows import handles


@pytest.mark.parametrize("address", ["", "256.1.1.1:99999", "http://x", "foo bar", "127.0.0.1:1"])
async def test_an_address_where_no_temporal_can_be_is_said_in_one_line(address: str) -> None:
    with pytest.raises(ConfigError, match="SELVEDGE_TEMPORAL_ADDRESS") as raised:
        await handles.connect(address, "default")
    assert "\n" not in str(raised.value)
