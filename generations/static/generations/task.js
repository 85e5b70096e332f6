// Refreshes the page of a task, and the list of tasks, while a task is active. It keeps a person's selection, half-typed
// text and focus, and stops when no task is active.
"use strict";
(() => {
  const UNCHANGED_BEFORE_SLOWER = 20; // refreshes
  const SLOWEST = 15000; // milliseconds
  const said = document.getElementById("said");
  const page = document.getElementById("live-task");
  const list = document.getElementById("live-list");

  const say = (text) => {
    if (said && said.textContent !== text) said.textContent = text;
  };
  const moves = (root) => root.querySelector('[data-moves="yes"], [data-active="yes"]') !== null;
  const isSelected = (node) => {
    const selection = document.getSelection();
    return selection !== null && !selection.isCollapsed && selection.containsNode(node, true);
  };
  const isInUse = (node) =>
    node.querySelector("form[data-sent]") !== null || // submitted: a new form could order once more
    [...node.querySelectorAll("input[type=text]")].some((input) => input === document.activeElement || input.value);

  const nameOf = (control) => `${control.tagName} ${control.name || ""} ${control.value || control.textContent}`;

  // Replaces the content of an element, and restores the focus to the control of the same name, or to the page.
  function swap(old, fresh) {
    const focused = old.contains(document.activeElement) ? nameOf(document.activeElement) : "";
    old.replaceChildren(...fresh.childNodes);
    for (const { name, value } of fresh.attributes) old.setAttribute(name, value);
    if (!focused) return;
    const same = [...old.querySelectorAll("a[href], button, input, summary")].find((each) => nameOf(each) === focused);
    (same ?? document.getElementById("content-start")).focus({ preventScroll: true });
  }

  function refreshPage(fresh) {
    let changed = false;
    for (const part of fresh.querySelectorAll("[data-part]")) {
      const old = page.querySelector(`[data-part="${part.dataset.part}"]`);
      if (!old || old.isEqualNode(part) || isSelected(old)) continue;
      // Forms contain a CSRF token that differs every time, so they are replaced only when the status changes.
      if (part.dataset.version !== undefined && part.dataset.version === old.dataset.version) continue;
      if (isInUse(old)) continue;
      if (part.dataset.words && part.dataset.words !== old.dataset.words) say(part.dataset.words);
      swap(old, part);
      changed = true;
    }
    return changed;
  }

  const keyOf = (row) => row.querySelector("th a[href]")?.getAttribute("href") ?? "";
  const wordsOf = (row) => row.querySelector(".badge")?.textContent ?? "";

  function refreshRow(old, fresh) {
    if (wordsOf(old) !== wordsOf(fresh)) say(`${fresh.querySelector("th")?.textContent}: ${wordsOf(fresh)}`);
    let changed = false;
    [...fresh.cells].forEach((cell, index) => {
      const mine = old.cells[index];
      if (!mine || cell.classList.contains("action-checkbox") || mine.isEqualNode(cell) || isSelected(mine)) return;
      swap(mine, cell);
      changed = true;
    });
    return changed;
  }

  function refreshList(fresh) {
    const body = list.querySelector("#result_list tbody");
    const rows = [...fresh.querySelectorAll("#result_list tbody tr")];
    if (!body || rows.length === 0) return false;
    const known = new Map([...body.rows].map((row) => [keyOf(row), row]));
    let changed = false;
    const next = rows.map((row) => {
      const mine = known.get(keyOf(row));
      if (!mine) return row;
      changed = refreshRow(mine, row) || changed;
      return mine;
    });
    if (next.length !== body.rows.length || next.some((row, index) => row !== body.rows[index])) {
      const focused = document.activeElement;
      body.replaceChildren(...next);
      if (focused instanceof HTMLElement && body.contains(focused)) focused.focus({ preventScroll: true });
      changed = true;
    }
    return changed;
  }

  function keepFresh(root, refresh) {
    const every = Number(root.dataset.every);
    let unchanged = 0;
    let timer = 0;

    async function poll() {
      try {
        const answer = await fetch(root.dataset.liveUrl, { headers: { Accept: "text/html" }, redirect: "error" });
        if (!answer.ok) throw new Error(String(answer.status));
        const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
        unchanged = refresh(fresh) ? 0 : unchanged + 1;
        if (!moves(root)) return;
      } catch {
        unchanged += UNCHANGED_BEFORE_SLOWER / 4; // the site does not answer: poll less often
      }
      schedule();
    }

    function schedule() {
      clearTimeout(timer);
      if (document.hidden) return;
      const slower = 2 ** Math.floor(unchanged / UNCHANGED_BEFORE_SLOWER);
      timer = setTimeout(poll, Math.min(every * slower, Math.max(every, SLOWEST)));
    }

    document.addEventListener("visibilitychange", () => {
      if (!document.hidden && moves(root)) schedule();
    });
    if (moves(root)) schedule();
  }

  if (page) keepFresh(page, refreshPage);
  if (list) keepFresh(list, refreshList);

  // One click is one order: ignore the second submit of a double click.
  document.addEventListener("submit", (event) => {
    if (!event.target.closest(".choices")) return;
    if (event.target.dataset.sent) event.preventDefault();
    event.target.dataset.sent = "yes";
  });
  window.addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
  });
})();
