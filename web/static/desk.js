// What a working page adds with a script: keys of its links, the check while somebody types, and questions before what
// cannot be undone. Without it every button and link still works.
"use strict";
(() => {
  const WAIT_MS = 250;
  const typing = (at) => at.closest("input:not([type=checkbox]), textarea, select, [contenteditable]");

  // A link or button with data-key is pressed by that key; `/` goes to the search.
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
    const goal = event.key === "/" ? document.querySelector("[type=search]")
      : document.querySelector(`[data-key="${CSS.escape(event.key.toLowerCase())}"]`);
    if (!goal) return;
    event.preventDefault();
    if (event.key === "/") goal.focus(); else goal.click();
  });

  // Parts that the server draws anew, marked data-part, keep their place in the page.
  const swap = (fresh, form) => {
    for (const part of form.querySelectorAll("[data-part]")) {
      const next = fresh.getElementById(part.id);
      if (next && next.innerHTML !== part.innerHTML) part.innerHTML = next.innerHTML;
      if (next) part.closest(".sentence")?.classList.toggle("faulty", Boolean(part.querySelector("li, mark")) ||
        Boolean(part.closest(".sentence").querySelector(".faults li")));
    }
  };

  for (const form of document.querySelectorAll("form[data-check]")) {
    let timer = 0, round = 0;
    form.addEventListener("input", (event) => {
      const under = document.getElementById(event.target.dataset?.under);
      if (!under) return;
      under.textContent = `${event.target.value}\u200b`; // the field is as tall as what lies under it
      clearTimeout(timer);
      timer = setTimeout(async () => {
        const mine = ++round;
        const body = new URLSearchParams(new FormData(form));
        try {
          const answer = await fetch(form.dataset.check, { method: "POST", body });
          if (answer.ok && mine === round) swap(new DOMParser().parseFromString(await answer.text(), "text/html"), form);
        } catch {
          // The server is away; it checks again when the form is sent.
        }
      }, WAIT_MS);
    });
  }

  document.addEventListener("submit", (event) => {
    const question = event.submitter?.dataset.ask || event.target.dataset.ask;
    if (question && !confirm(question)) event.preventDefault();
  });

  // A box that marks all others of its list.
  for (const all of document.querySelectorAll("[data-all]")) {
    const boxes = () => document.querySelectorAll(`input[type=checkbox][name^="${all.dataset.all}"]`);
    all.hidden = false;
    all.addEventListener("change", () => {
      for (const box of boxes()) box.checked = all.checked;
      all.dispatchEvent(new Event("marked", { bubbles: true }));
    });
  }
})();
