// "Continue…" begins with the frame that the player shows, once a person has moved it. Without it the page of frames
// begins shortly before the end.
"use strict";

const link = document.querySelector("a[data-continue]");
const shown = document.querySelector('[data-player] [data-say="frame"]');

link?.addEventListener("click", () => {
  const address = new URL(link.href);
  if (Number(shown?.textContent)) address.searchParams.set("frame", shown.textContent);
  link.href = address;
});
