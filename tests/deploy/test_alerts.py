"""Every alarm rings by its fault and is silent without it, asks for metrics that the product has, and has its part of
the runbooks. `promtool` evaluates the rules as Prometheus does."""

from __future__ import annotations

import math
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from services.notices import faults
from tests.deploy.test_monitoring import product_metrics

REPOSITORY = Path(__file__).parents[2]
RULES = REPOSITORY / "deploy" / "prometheus" / "alerts.yml"
ALERTS: Final[dict[str, dict[str, Any]]] = {
    rule["alert"]: rule for group in yaml.safe_load(RULES.read_text())["groups"] for rule in group["rules"]
}
Series = dict[str, str]
SENT: Final = 'selvedge_mails_total{outcome="sent"}'
FAULTS: Final[dict[str, tuple[Series, ...]]] = {
    "MailServerDown": (
        {'selvedge_mail_server_down{reason="unreachable"}': "1x200"},
        {'selvedge_mail_server_down{reason="unreachable"}': "0x200"},
    ),
    "UnknownMails": (
        {'selvedge_mails_total{outcome="unknown"}': "0+1x200"},
        {'selvedge_mails_total{outcome="unknown"}': "3x200"},
    ),
    "FailedMails": (
        {'selvedge_mails_total{outcome="smtp_550"}': "0+1x200", SENT: "0+9x200"},
        {'selvedge_mails_total{outcome="smtp_451"}': "0+1x200", SENT: "0+9x200"},
    ),
    "Bounces": (
        {'selvedge_returns_total{kind="failed",outcome="applied"}': "0+1x200", SENT: "0+9x200"},
        {'selvedge_returns_total{kind="delayed",outcome="applied"}': "0+1x200", SENT: "0+9x200"},
    ),
    "Complaints": (
        {'selvedge_returns_total{kind="complaint",outcome="applied"}': "0+1x200", SENT: "0+100x200"},
        {'selvedge_returns_total{kind="complaint",outcome="applied"}': "0+1x200", SENT: "0+2000x200"},
    ),
    "Backlog": ({"selvedge_outbox_pending": "6000+1x200"}, {"selvedge_outbox_pending": "100000-20x200"}),
    "OldestNudge": ({"selvedge_outbox_oldest_seconds": "1000x200"}, {"selvedge_outbox_oldest_seconds": "60x200"}),
    "WorkflowsMissing": ({"selvedge_workflows_missing": "3x200"}, {"selvedge_workflows_missing": "0x200"}),
    "WorkerGone": ({}, {"selvedge_outbox_pending": "0x200"}),
    "ErrorRate": (
        {
            'selvedge_http_requests_total{route="/",status="500"}': "0+60x200",
            'selvedge_http_requests_total{route="/",status="200"}': "0+600x200",
        },
        {
            'selvedge_http_requests_total{route="/",status="404"}': "0+60x200",
            'selvedge_http_requests_total{route="/",status="200"}': "0+600x200",
        },
    ),
    "BackupMissed": (
        {"selvedge_last_backup_timestamp_seconds": "-100000x200", "selvedge_register_timestamp_seconds": "0+60x200"},
        {"selvedge_last_backup_timestamp_seconds": "0+60x200", "selvedge_register_timestamp_seconds": "0+60x200"},
        {"selvedge_last_backup_timestamp_seconds": "-100000x200", "selvedge_register_timestamp_seconds": "0x200"},
    ),
    "RegisterSilent": (
        {"selvedge_register_timestamp_seconds": "60x200"},
        {"selvedge_register_timestamp_seconds": "0x200"},
    ),
    "CertificateEnds": (
        {'selvedge_certificate_expiry_timestamp_seconds{name="site"}': "1000000x200"},
        {'selvedge_certificate_expiry_timestamp_seconds{name="site"}': "2000000x200"},
        {},
    ),
    "KeyExpires": (
        {"selvedge_key_expiry_timestamp_seconds": "500000x200"},
        {"selvedge_key_expiry_timestamp_seconds": "1000000x200"},
        {"selvedge_key_expiry_timestamp_seconds": "0x200"},
    ),
    "StockStale": (
        {"selvedge_stock_counted_timestamp_seconds": "-100000x200"},
        {"selvedge_stock_counted_timestamp_seconds": "0+60x200"},
        {"selvedge_stock_counted_timestamp_seconds": "0x200"},
    ),
    "CircuitOpen": (
        {'selvedge_slot_circuit{slot="ranking",algorithm="theirs"}': "2x200"},
        {'selvedge_slot_circuit{slot="ranking",algorithm="theirs"}': "2x110 1 2x89"},
    ),
    "ClicksDropped": ({"selvedge_click_rate_drop": "4x200"}, {"selvedge_click_rate_drop": "2x200"}),
    "NightlyRunMissed": (
        {"selvedge_refresh_age_seconds": "0+3000x200"},
        {"selvedge_refresh_age_seconds": "90000x200"},
    ),
    "Drift": ({"selvedge_drift_alarms": "1x200"}, {"selvedge_drift_alarms": "0x200"}),
    "ModelBudget": (
        {'selvedge_model_faults_total{fault="budget_spent"}': "0+1x200"},
        {'selvedge_model_faults_total{fault="timeout"}': "0+1x200"},
    ),
    "ModelFaults": (
        {'selvedge_model_faults_total{fault="timeout"}': "0+1x200"},
        {'selvedge_model_faults_total{fault="budget_spent"}': "0+1x200"},
    ),
}
"""Of each alarm: series with its fault, then like ones without it; a value a minute."""


@pytest.fixture(scope="module")
def promtool() -> Path:
    """The program. Without it: a failure where CI is set, else a skip."""
    found = subprocess.run(
        [sys.executable, "-m", "scripts.prometheus"], cwd=REPOSITORY, capture_output=True, text=True, check=False
    )
    if found.returncode:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(found.stderr.strip())
    return Path(found.stdout.strip())


def _build_case(alert: str, series: Series, rings: bool) -> dict[str, Any]:
    rule = ALERTS[alert]
    expected = [{"exp_labels": rule["labels"], "exp_annotations": rule["annotations"]}] if rings else []
    return {
        "interval": "1m",
        "input_series": [{"series": name, "values": values} for name, values in series.items()],
        "alert_rule_test": [{"eval_time": "2h", "alertname": alert, "exp_alerts": expected}],
    }


def test_each_rings_by_its_fault_and_is_silent_without_it(promtool: Path, tmp_path: Path) -> None:
    assert set(FAULTS) == set(ALERTS)
    cases = [
        _build_case(alert, FAULTS[alert][k], k == 0) for alert in sorted(FAULTS) for k in range(len(FAULTS[alert]))
    ]
    file = tmp_path / "cases.yml"
    file.write_text(yaml.safe_dump({"rule_files": [str(RULES)], "evaluation_interval": "1m", "tests": cases}))
    checked = subprocess.run([promtool, "test", "rules", file], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout + checked.stderr


@pytest.mark.parametrize("alert", sorted(ALERTS))
def test_each_asks_for_what_there_is_and_says_what_to_do(alert: str) -> None:
    asked = {name.removesuffix("_total") for name in re.findall(r"selvedge_[a-z_]+", ALERTS[alert]["expr"])}
    assert asked - product_metrics() == set()
    assert ALERTS[alert]["annotations"]["runbook"] == f"docs/runbooks.md#{alert.lower()}"
    part = (REPOSITORY / "docs" / "runbooks.md").read_text().partition(f"## {alert}\n")[2].partition("\n## ")[0]
    assert "**Look**" in part
    assert "**Do**" in part


def test_what_each_asks_for_is_seen_to_follow_its_fault() -> None:
    """The series above are written by hand: some test of the product must read each metric after the fault itself."""
    own = {REPOSITORY / "tests" / "deploy" / name for name in ("test_alerts.py", "test_monitoring.py")}
    tests = "\n".join(file.read_text() for file in (REPOSITORY / "tests").rglob("test_*.py") if file not in own)
    asked = {name for alert in ALERTS.values() for name in re.findall(r"selvedge_[a-z_]+", alert["expr"])}
    assert sorted(name for name in asked if name not in tests) == []


@pytest.mark.parametrize(
    ("alert", "bound"),
    [
        ("OldestNudge", faults.LONGEST_WAIT.total_seconds()),
        ("NightlyRunMissed", faults.OLDEST_REFRESH.total_seconds()),
        ("CertificateEnds", faults.CERTIFICATE_DAYS.total_seconds()),
        ("KeyExpires", faults.KEY_DAYS.total_seconds()),
        ("StockStale", faults.OLDEST_STOCK.total_seconds()),
        ("ClicksDropped", faults.BEYOND),
    ],
)
def test_a_notice_goes_where_the_alert_rings(alert: str, bound: float) -> None:
    numbers = re.split(r"[<>]", ALERTS[alert]["expr"])[-1]
    assert math.prod(float(number) for number in numbers.split("*")) == bound
