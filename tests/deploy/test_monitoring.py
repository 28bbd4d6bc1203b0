"""Prometheus asks places that exist, and Grafana draws metrics that the product has."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import yaml

REPOSITORY = Path(__file__).parents[2]
DASHBOARD = REPOSITORY / "deploy" / "grafana" / "dashboards" / "selvedge.json"


def expressions() -> list[str]:
    """Every query of the dashboard."""
    return [target["expr"] for panel in json.loads(DASHBOARD.read_text())["panels"] for target in panel["targets"]]


def product_metrics() -> set[str]:
    """Names of the product's metrics, as its source declares them."""
    sources = [
        *REPOSITORY.glob("*.py"),
        *(REPOSITORY / "web").rglob("*.py"),
        *(REPOSITORY / "activities").rglob("*.py"),
        *(REPOSITORY / "services").rglob("*.py"),
        *(REPOSITORY / "algorithms").rglob("*.py"),
    ]
    found = {name for source in sources for name in re.findall(r'"(selvedge_[a-z_]+)"', source.read_text())}
    return {name.removesuffix("_total") for name in found}


def test_every_metric_drawn_is_one_that_the_product_has() -> None:
    drawn = {
        name.removesuffix("_total").removesuffix("_bucket")
        for query in expressions()
        for name in re.findall(r"selvedge_[a-z_]+", query)
    }
    assert len(drawn) >= 6
    assert drawn - product_metrics() == set()


def test_prometheus_asks_the_ports_that_compose_sets() -> None:
    services: dict[str, Any] = yaml.safe_load((REPOSITORY / "docker-compose.yml").read_text())["services"]
    jobs = yaml.safe_load((REPOSITORY / "deploy" / "prometheus" / "prometheus.yml").read_text())["scrape_configs"]
    targets = {target for job in jobs for static in job["static_configs"] for target in static["targets"]}
    assert targets == {
        f"worker:{services['worker']['environment']['SELVEDGE_WORKER_METRICS_PORT']}",
        f"web:{services['web']['environment']['SELVEDGE_WEB_PORT']}",
    }


def test_panels_do_not_overlap_and_use_the_provisioned_source() -> None:
    panels = json.loads(DASHBOARD.read_text())["panels"]
    cells: set[tuple[int, int]] = set()
    for panel in panels:
        at = panel["gridPos"]
        covered = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        assert not covered & cells, panel["title"]
        assert max(x for x, _ in covered) < 24, panel["title"]
        cells |= covered
    source = REPOSITORY / "deploy" / "grafana" / "provisioning" / "datasources" / "prometheus.yml"
    known = {datasource["uid"] for datasource in yaml.safe_load(source.read_text())["datasources"]}
    assert {panel["datasource"]["uid"] for panel in panels} == known


def test_every_metric_of_a_worker_is_set_somewhere() -> None:
    declared = re.findall(r"^(\w+): Final = ", (REPOSITORY / "services" / "metrics.py").read_text(), re.M)
    rooms = (REPOSITORY / "activities", REPOSITORY / "services", REPOSITORY / "hosting")
    text = "\n".join(file.read_text() for room in rooms for file in room.rglob("*.py"))
    assert len(declared) >= 6
    assert [name for name in declared if f"metrics.{name}." not in text] == []
