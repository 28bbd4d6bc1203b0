// What the campaign builder adds with a script: who is reached is counted as the audience changes, and only the fields of
// the chosen entry are shown. Without it "Look again" does both, as far as a sequence refuses fields that others have.
"use strict";
(() => {
  const form = document.querySelector("form[data-builder]");
  if (!form) return;

  const showEntry = () => {
    const on = form.querySelector("[name='entry.on']:checked")?.value;
    for (const part of form.querySelectorAll("[data-on]")) part.hidden = !part.dataset.on.split(" ").includes(on);
    for (const part of form.querySelectorAll("[data-not-on]")) part.hidden = part.dataset.notOn === on;
  };

  let round = 0;
  const count = async () => {
    const asked = ++round;
    const body = new URLSearchParams(new FormData(form));
    body.set("act", "look");
    try {
      const answer = await fetch(form.action, { method: "POST", body });
      if (!answer.ok || asked !== round) return;
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
      for (const part of form.querySelectorAll("[data-part]")) part.innerHTML = fresh.getElementById(part.id)?.innerHTML ?? part.innerHTML;
    } catch {
      // The server is away; the form says so when it is sent.
    }
  };

  form.addEventListener("change", (event) => {
    if (event.target.name === "entry.on") showEntry();
    if (/^(audience\.|holdout|entry\.(on|phase))/.test(event.target.name)) count();
  });
  showEntry();
})();
