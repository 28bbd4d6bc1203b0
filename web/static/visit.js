// Selvedge in a page of a shop: sends what a visitor looks at, fills placements. docs/visits.md#in-a-page
(() => {
  "use strict";
  var me = document.currentScript;
  var base = new URL(me.src).origin;
  var agreed = me.dataset.consent === "yes";
  var NAME = "selvedge_visit";
  var id = null, queue = [], starting = null, together = 20;

  function post(path, body) {
    return fetch(base + "/visitor/" + path, { method: "POST", body: JSON.stringify(body), keepalive: true });
  }
  function readId() {
    return (document.cookie.match(new RegExp("(?:^|; )" + NAME + "=([^;]+)")) || [])[1] || null;
  }
  function keepId(value, seconds) {
    document.cookie = NAME + "=" + value + "; path=/; samesite=lax; max-age=" + seconds;
  }
  async function start() {
    var answer = await post("session", {});
    if (!answer.ok) throw Error(answer.status);
    var visit = await answer.json();
    if (agreed) keepId(id = visit.session_id, Math.round(visit.hours * 3600));
  }
  function begin() {
    if (!agreed || (id = id || readId())) return Promise.resolve();
    return starting = starting || start().catch(() => { starting = null; });
  }
  // Each event is tried three times; after a fault one by one, so that a bad one takes no others with it.
  async function flush() {
    if (!queue.length || !id) return;
    var sent = queue.splice(0, together);
    sent.forEach((one) => { one.event.session_id = id; one.left--; });
    var answer = await post("events", sent.map((one) => one.event)).catch(() => ({ status: 503 }));
    together = answer.ok ? 20 : 1;
    if (!answer.ok && agreed) queue = sent.filter((one) => one.left).concat(queue);
    if (answer.status < 429) return flush();
  }
  async function track(type, what) {
    if (!agreed) return;
    var random = crypto.getRandomValues(new Uint32Array(3));
    var event = { event_id: Array.from(random, (n) => n.toString(36)).join("-"), type };
    event[type === "searched" ? "query" : "item_id"] = what;
    queue = queue.slice(-99).concat({ event, left: 3 });
    return begin().then(flush);
  }
  // A long look is one more view; a minute, another.
  function watch(item) {
    var seconds = 0;
    track("item_viewed", item);
    setInterval(() => {
      if (document.visibilityState === "visible" && (++seconds === 20 || seconds === 60)) track("item_viewed", item);
    }, 1000);
  }
  function add(tag, name, parent, text) {
    var made = document.createElement(tag);
    made.className = "selvedge-" + name;
    if (text) made.textContent = text;
    return parent.appendChild(made);
  }
  function show(box, items) {
    box.textContent = "";
    items.forEach((item) => {
      var link = add("a", "item", box);
      link.href = item.url;
      link.dataset.selvedgeClick = item.item_id;
      var picture = add("img", "picture", link);
      picture.src = item.image_url;
      picture.alt = "";
      picture.loading = "lazy";
      add("span", "title", link, item.title);
      add("span", "price", link, Number(item.price).toLocaleString(document.documentElement.lang || "en", { style: "currency", currency: item.currency }));
    });
    box.hidden = !items.length;
    box.dispatchEvent(new CustomEvent("selvedge:filled", { bubbles: true }));
  }
  async function fill(box) {
    var set = box.dataset, ask = new URLSearchParams({ context: set.selvedgePlacement, n: set.selvedgeN || 6 });
    if (set.selvedgeName) ask.append("placement", set.selvedgeName);
    if (set.selvedgeItem) ask.append("item_id", set.selvedgeItem);
    (set.selvedgeCart || "").split(" ").filter(Boolean).forEach((item) => { ask.append("cart", item); });
    if (id) ask.append("session_id", id);
    var answer = await fetch(base + "/visitor/items?" + ask);
    var found = answer.ok ? await answer.json() : { items: [] };
    // A flag may say how long after its load a page shows its placements.
    var left = found.delay_ms - performance.now();
    if (left > 0) await new Promise((go) => { setTimeout(go, left); });
    show(box, found.items);
  }
  function fillAll() {
    var boxes = document.querySelectorAll("[data-selvedge-placement]");
    return begin().then(flush).then(() => {
      return Promise.all(Array.from(boxes, (box) => fill(box).catch(() => {})));
    });
  }
  document.addEventListener("click", (event) => {
    ["click", "cart", "wish"].forEach((kind) => {
      var hit = event.target.closest("[data-selvedge-" + kind + "]");
      if (hit) track({ click: "item_clicked", cart: "added_to_cart", wish: "wishlisted" }[kind], hit.getAttribute("data-selvedge-" + kind));
    });
  });
  document.addEventListener("submit", (event) => {
    var box = event.target.querySelector("[data-selvedge-search]");
    if (box && box.value.trim()) track("searched", box.value.trim().slice(0, 200));
  });
  addEventListener("pagehide", flush);
  window.selvedge = {
    track,
    fill: fillAll,
    visit: () => id,
    consent: (yes) => {
      agreed = !!yes;
      if (!yes) { queue = []; id = starting = null; keepId("", 0); }
      return fillAll();
    }
  };
  function run() {
    var page = document.querySelector("[data-selvedge-view]");
    if (page) watch(page.dataset.selvedgeView);
    fillAll();
  }
  if (document.readyState === "loading") addEventListener("DOMContentLoaded", run); else run();
})();
