// The command palette: Ctrl-K opens it, typing filters it, Enter goes there. Pages need none of it.
"use strict";
(() => {
  const dialog = document.getElementById("palette");
  if (!dialog) return;
  const words = dialog.querySelector("input");
  const find = dialog.querySelector("[data-find]");
  const options = [...dialog.querySelectorAll("[role=option]")];
  let chosen = 0;

  const list = () => options.filter((one) => !one.hidden);

  const choose = (index) => {
    const shown = list();
    chosen = Math.max(0, Math.min(index, shown.length - 1));
    for (const one of options) one.setAttribute("aria-selected", String(one === shown[chosen]));
    words.setAttribute("aria-activedescendant", shown[chosen]?.id ?? "");
    shown[chosen]?.scrollIntoView({ block: "nearest" });
  };

  const filter = () => {
    const typed = words.value.trim();
    for (const one of options) {
      if (one !== find) one.hidden = !one.textContent.toLowerCase().includes(typed.toLowerCase());
    }
    find.hidden = typed === "";
    find.querySelector("span").textContent = typed;
    choose(0);
  };

  const follow = (one) => {
    if (one) location.href = one.dataset.go ?? one.dataset.find + encodeURIComponent(words.value.trim());
  };

  document.addEventListener("keydown", (event) => {
    if (event.key.toLowerCase() !== "k" || !(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey) return;
    event.preventDefault();
    words.value = "";
    filter();
    dialog.showModal();
  });
  words.addEventListener("input", filter);
  words.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      choose(chosen + (event.key === "ArrowDown" ? 1 : -1));
    } else if (event.key === "Enter") {
      event.preventDefault();
      follow(list()[chosen]);
    }
  });
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close();
    else follow(event.target.closest("[role=option]"));
  });
})();
