"""A Temporal server that lacks what the settings name is an error that names the setting."""

from __future__ import annotations

import pytest

from errors import ConfigError
from tests.support.temporal import DevServer
from workflows import handles


async def test_a_namespace_that_the_server_has_not_got_names_its_variable(dev_server: DevServer) -> None:
    with pytest.raises(ConfigError, match="SELVEDGE_TEMPORAL_NAMESPACE: the Temporal server has no 'nope'"):
        await handles.connect(dev_server.address, "nope")
    assert (await handles.connect(dev_server.address, "default")).namespace == "default"
