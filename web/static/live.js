// Keeps a page fresh: fetches it again every few seconds and swaps the parts marked data-live.
// Opened details stay open, the focus stays where it is; nothing changes while the reader selects text, types or looks away.
"use strict";
(() => {
  const PAUSE_MS = 3000;
  const state = document.getElementById("live-state");
  let updated = Date.now();
  let lost = false;

  const busy = () =>
    document.hidden ||
    String(document.getSelection()).length > 0 ||
    ["INPUT", "SELECT", "TEXTAREA"].includes(document.activeElement?.tagName);

  const say = () => {
    const seconds = Math.round((Date.now() - updated) / 1000);
    state.textContent = lost ? "Connection lost; what you see is older" : busy() ? "Paused while you work" : `Updated ${seconds} s ago`;
  };

  const refresh = async () => {
    if (!busy()) {
      try {
        const answer = await fetch(location.href, { headers: { "X-Live": "1" } });
        lost = !answer.ok;
        if (answer.ok) {
          swap(new DOMParser().parseFromString(await answer.text(), "text/html"));
          updated = Date.now();
        }
      } catch {
        lost = true; // the next round asks again
      }
    }
    setTimeout(refresh, PAUSE_MS);
  };

  // What leads back to an element after its part was drawn anew: its id, or the place that it links to.
  const address = (one) => (one.id ? `#${CSS.escape(one.id)}` : one.getAttribute("href") ? `[href="${CSS.escape(one.getAttribute("href"))}"]` : "");

  const swap = (fresh) => {
    for (const part of document.querySelectorAll("[data-live]")) {
      const next = fresh.getElementById(part.id);
      if (!next) continue;
      const open = new Map([...part.querySelectorAll("details[id]")].map((one) => [one.id, one.open]));
      const focused = part.contains(document.activeElement) ? address(document.activeElement) : "";
      for (const one of next.querySelectorAll("details[id]")) {
        if (open.has(one.id)) one.open = open.get(one.id);
      }
      if (next.innerHTML === part.innerHTML) continue;
      part.innerHTML = next.innerHTML;
      if (focused) part.querySelector(focused)?.focus({ preventScroll: true });
    }
  };

  if (document.querySelector("main [data-live]")) {
    setTimeout(refresh, PAUSE_MS);
    setInterval(say, 1000);
  }
})();
