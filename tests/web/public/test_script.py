"""The script of a shop's page against a server that refuses, in Node: nothing loops, nothing good is lost."""

from __future__ import annotations

import json
import shutil
import subprocess
from typing import Any, Final

import pytest

from web.public.visitor import SCRIPT

pytestmark = pytest.mark.skipif(shutil.which("node") is None, reason="Node is not installed")
PAGE: Final = """
const calls = [], box = { querySelectorAll: () => [], querySelector: () => null, addEventListener() {}, cookie: "",
  readyState: "complete", currentScript: { src: "https://s.example/s.js", dataset: { consent: "yes" } } };
globalThis.window = globalThis; globalThis.document = box; globalThis.addEventListener = () => {};
const answer = (status, body) => ({ ok: status < 400, status, json: async () => body });
globalThis.fetch = async (address, asked) => {
  const path = address.split("/visitor/")[1], sent = JSON.parse(asked.body);
  calls.push([path, Array.isArray(sent) ? sent.map((one) => one.item_id) : null]);
  if (calls.length > 500) { console.log(JSON.stringify("it loops")); process.exit(); }
  return respond(path, sent);
};
const started = answer(200, { session_id: "s.1", hours: 1 });
RESPOND
require(process.argv[1]);
(async () => {
  for (const item of ITEMS) await selvedge.track("item_viewed", item);
  for (let again = 0; again < 5; again++) await selvedge.fill();
  console.log(JSON.stringify(calls));
})();
"""


def run(respond: str, items: list[str]) -> list[tuple[str, list[str] | None]]:
    """What the script asks: each path, and the items of the events that went there."""
    page = PAGE.replace("RESPOND", respond).replace("ITEMS", json.dumps(items))
    done = subprocess.run(["node", "-e", page, str(SCRIPT)], capture_output=True, text=True, timeout=20, check=True)
    calls: Any = json.loads(done.stdout)
    assert calls != "it loops"
    return [(path, sent) for path, sent in calls]


def list_sent(calls: list[tuple[str, list[str] | None]]) -> list[list[str]]:
    return [sent or [] for path, sent in calls if path == "events"]


@pytest.mark.parametrize("fault", ["answer(422)", "answer(503)", "Promise.reject(new TypeError('Failed to fetch'))"])
def test_a_bad_event_is_tried_three_times_and_takes_no_other_with_it(fault: str) -> None:
    respond = (
        f"const respond = (path, sent) => path === 'session' ? started : "
        f"sent.some((one) => one.item_id === 'bad') ? {fault} : answer(202);"
    )
    sent = list_sent(run(respond, ["a", "bad", "b", "c"]))
    assert sum(batch.count("bad") for batch in sent) == 3
    assert {"a", "b", "c"} <= {item for batch in sent for item in batch if "bad" not in batch}


def test_a_session_that_did_not_start_is_asked_for_again_and_events_go_in_twenties() -> None:
    respond = """let asked = 0;
const respond = (path) => path === "session" ? (++asked < 45 ? answer(429) : started) : answer(202);"""
    items = [f"i{n}" for n in range(44)]
    calls = run(respond, items)
    sent = list_sent(calls)
    assert [path for path, _ in calls].count("session") == 45
    assert [len(batch) for batch in sent] == [20, 20, 4]
    assert [item for batch in sent for item in batch] == items


def test_a_server_that_is_down_is_asked_three_times_for_each_event() -> None:
    respond = "const respond = (path) => path === 'session' ? started : answer(503);"
    sent = list_sent(run(respond, ["a", "b"]))
    assert sorted(item for batch in sent for item in batch) == ["a"] * 3 + ["b"] * 3
