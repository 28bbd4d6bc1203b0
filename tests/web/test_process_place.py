"""Metrics of several processes, read while one of them begins."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from prometheus_client.mmap_dict import MmapedDict, mmap_key

from errors import Unavailable
from web.process_place import ProcessPlace

KEY = mmap_key("apples_total", "apples_total", [], [], "Apples")


def fill(path: Path, value: float) -> None:
    values = MmapedDict(str(path))
    values.write_value(KEY, value, 0.0)
    values.close()


def test_a_file_that_was_just_made_is_waited_for(tmp_path: Path) -> None:
    fill(tmp_path / "counter_1.db", 3)
    begun = tmp_path / "counter_2.db"
    begun.touch()
    place = ProcessPlace(0, tmp_path)
    with pytest.raises(Unavailable, match="try again"):
        place.render_metrics()
    later = threading.Timer(0.05, fill, (begun, 4))
    later.start()
    assert b"apples_total 7.0" in place.render_metrics()
    later.join()
