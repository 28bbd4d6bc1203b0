// Fills the parts marked data-ask with the part of the same id of another page, which takes longer to answer: a workflow
// is asked for it. Without it, or when that fails, the part links that page.
"use strict";
for (const part of document.querySelectorAll("[data-ask]")) {
  fetch(part.dataset.ask)
    .then((answer) => (answer.ok ? answer.text() : Promise.reject(answer.status)))
    .then((text) => {
      const answered = new DOMParser().parseFromString(text, "text/html").getElementById(part.id);
      if (answered) part.innerHTML = answered.innerHTML;
    })
    .catch(() => {}); // the link stays
}
