// Refreshes the queue's page while tasks are on their way and the page is seen. It keeps the focus, a selection, and
// what is folded out.
"use strict";
(() => {
  const SLOWEST = 15000; // milliseconds, after answers that did not come
  const root = document.getElementById("live-queue");
  const said = document.getElementById("said");
  if (!root) return;
  const every = Number(root.dataset.every);
  let failures = 0;
  let timer = 0;

  const part = (name, within) => within.querySelector(`[data-part="${name}"]`);
  const keyed = (key) => root.querySelector(`:is(a, button, summary)[data-key="${CSS.escape(key)}"]`);
  const isMoving = () => part("head", root)?.dataset.moving === "yes";
  const isSelected = (node) => {
    const selection = document.getSelection();
    return selection !== null && !selection.isCollapsed && selection.containsNode(node, true);
  };

  function refresh(fresh) {
    const focused = root.contains(document.activeElement) ? document.activeElement.dataset.key : "";
    for (const open of root.querySelectorAll("details[open][data-key]")) {
      fresh.querySelector(`details[data-key="${CSS.escape(open.dataset.key)}"]`)?.setAttribute("open", "");
    }
    for (const next of fresh.querySelectorAll("[data-part]")) {
      const old = part(next.dataset.part, root);
      if (!old || old.isEqualNode(next) || isSelected(old)) continue;
      if (next.dataset.words && next.dataset.words !== old.dataset.words) said.textContent = next.dataset.words;
      old.replaceWith(next);
    }
    if (!focused || root.contains(document.activeElement)) return;
    (keyed(focused) ?? document.getElementById("content-start"))?.focus({ preventScroll: true });
  }

  async function poll() {
    try {
      const answer = await fetch(root.dataset.liveUrl, { headers: { Accept: "text/html" }, redirect: "error" });
      if (!answer.ok) throw new Error(String(answer.status));
      refresh(new DOMParser().parseFromString(await answer.text(), "text/html"));
      failures = 0;
    } catch {
      failures += 1; // the site does not answer: ask less often
    }
    if (isMoving()) schedule();
  }

  function schedule() {
    clearTimeout(timer);
    if (!document.hidden) timer = setTimeout(poll, Math.min(every * 2 ** failures, Math.max(every, SLOWEST)));
  }

  // Others may have ordered meanwhile, so that even an empty queue is looked up again.
  document.addEventListener("visibilitychange", () => schedule());
  if (isMoving()) schedule();
})();
