"use strict";
// The search works without this: it keeps empty fields out of the address, and saves clicks and keys.
document.addEventListener("DOMContentLoaded", () => {
  const form = document.getElementById("search");
  if (!form) return;

  form.addEventListener("formdata", (event) => {
    const given = [...event.formData].filter(([, value]) => value.trim());
    for (const name of [...event.formData.keys()]) event.formData.delete(name);
    for (const [name, value] of given) event.formData.append(name, value);
  });
  form.querySelector("[data-submits]")?.addEventListener("change", () => form.requestSubmit());

  const panel = form.querySelector("details");
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (event.key === "/" && !event.target.closest("input, textarea, select, [contenteditable]")) {
      event.preventDefault();
      form.elements.q.select();
    } else if (event.key === "Escape" && panel?.open && panel.contains(event.target)) {
      panel.open = false;
      panel.querySelector("summary").focus();
    }
  });
});
