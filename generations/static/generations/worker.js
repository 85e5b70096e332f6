// Says on every staff page, without a reload, when the worker dies or lives again.
"use strict";
(() => {
  const EVERY = 6000; // milliseconds: with the 20 s after which the server calls it dead, below 30 s
  const box = document.getElementById("worker");
  if (!box) return;
  let timer = 0;

  async function poll() {
    try {
      const answer = await fetch(box.dataset.liveUrl, { headers: { Accept: "text/html" }, redirect: "error" });
      if (answer.ok) {
        const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").body;
        if (fresh.textContent.trim() !== box.textContent.trim()) box.replaceChildren(...fresh.childNodes);
      }
    } catch {
      // The site is away: nothing is known of the worker.
    }
    schedule(EVERY);
  }

  function schedule(wait) {
    clearTimeout(timer);
    if (!document.hidden) timer = setTimeout(poll, wait);
  }

  document.addEventListener("visibilitychange", () => schedule(0));
  schedule(EVERY);
})();
