// Shows each mail of a preview in its frame at once. Without it, a button does.
"use strict";
for (const form of document.querySelectorAll("form[data-frame]")) {
  form.querySelector("button").hidden = true;
  form.submit();
}
