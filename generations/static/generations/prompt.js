// Names the search box that select2 puts into the tags field, whenever that is; select2 gives it no label of its own.
"use strict";
(() => {
  const row = document.querySelector(".field-tags");
  const name = () => row.querySelector(".select2-search__field")?.setAttribute("aria-label", "Tags");
  if (!row) return;
  new MutationObserver(name).observe(row, { childList: true, subtree: true });
  name();
})();
