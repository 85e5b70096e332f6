// Labels the search box that select2 adds to the tags field: it has no label of its own.
"use strict";
(() => {
  const row = document.querySelector(".field-tags");
  const name = () => row.querySelector(".select2-search__field")?.setAttribute("aria-label", gettext("Tags"));
  if (!row) return;
  new MutationObserver(name).observe(row, { childList: true, subtree: true });
  name();
})();
