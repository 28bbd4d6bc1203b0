// Keeps a page fresh: fetches it again every few seconds and swaps the parts marked data-live.
// Opened details stay open; nothing changes while the reader selects text, types or looks away.
"use strict";
(() => {
  const PAUSE_MS = 3000;

  const busy = () =>
    document.hidden ||
    String(document.getSelection()).length > 0 ||
    ["INPUT", "SELECT", "TEXTAREA"].includes(document.activeElement?.tagName);

  const refresh = async () => {
    if (!busy()) {
      try {
        const answer = await fetch(location.href, { headers: { "X-Live": "1" } });
        if (answer.ok) swap(new DOMParser().parseFromString(await answer.text(), "text/html"));
      } catch {
        // The server is away for a moment; the next round asks again.
      }
    }
    setTimeout(refresh, PAUSE_MS);
  };

  const swap = (fresh) => {
    for (const part of document.querySelectorAll("[data-live]")) {
      const next = fresh.getElementById(part.id);
      if (!next) continue;
      const open = new Map([...part.querySelectorAll("details[id]")].map((one) => [one.id, one.open]));
      const focused = part.contains(document.activeElement) ? document.activeElement.id : "";
      for (const one of next.querySelectorAll("details[id]")) {
        if (open.has(one.id)) one.open = open.get(one.id);
      }
      if (next.innerHTML === part.innerHTML) continue;
      part.innerHTML = next.innerHTML;
      if (focused) document.getElementById(focused)?.focus();
    }
  };

  if (document.querySelector("main [data-live]")) setTimeout(refresh, PAUSE_MS);
})();
