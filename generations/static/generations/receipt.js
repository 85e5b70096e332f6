// The receipt: the second half of a double click is dropped. Without it the server orders once all the same.
"use strict";
(() => {
  const form = document.getElementById("receipt-form");
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = "yes";
  });
  window.addEventListener("pageshow", () => delete form.dataset.sent);
  document.getElementById("why")?.focus();
})();
