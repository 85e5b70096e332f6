"use strict";
// Selecting several clips by mouse, touch and keyboard, and acting on them. Without it, ?select=1 is a plain form.
(() => {
  const list = document.querySelector("[data-select]");
  if (!list) return;
  const query = list.dataset.select;
  const barAddress = "/selection/bar/?" + ("only" in list.dataset ? "only=1" : query);
  const picked = new Set();
  let bar = document.getElementById("selection");
  let asked = null; // the request for the bar
  let anchor = null; // where a range begins
  let current = null; // the card that the Tab key reaches

  const cards = () => [...list.querySelectorAll(".card")];
  const link = (card) => card.querySelector("h2 a, h3 a");
  const box = (card) => card.querySelector(".pick");

  // --- Each card gets its box, and one card is in the order of the Tab key

  function prepare() {
    const all = cards();
    for (const card of all) {
      if (!box(card)) {
        const pick = Object.assign(document.createElement("input"), {
          type: "checkbox", className: "pick", name: "v", value: card.dataset.id, checked: picked.has(card.dataset.id),
        });
        pick.setAttribute("form", "selection");
        pick.setAttribute("aria-label", interpolate(gettext("Select %(title)s"), { title: link(card).textContent }, true));
        card.append(pick);
      } else if (box(card).checked) picked.add(card.dataset.id);
      card.classList.toggle("picked", box(card).checked);
    }
    if (!all.includes(current)) current = all[0] ?? null;
    for (const card of all) reach(card, card === current);
  }

  function reach(card, yes) {
    for (const each of card.querySelectorAll("h2 a, h3 a, .pick, .fan-out")) each.tabIndex = yes ? 0 : -1;
  }

  function goTo(card, extend) {
    if (!card) return;
    if (extend) {
      anchor ??= current;
      range(card);
    }
    link(card).focus();
    card.scrollIntoView({ block: "nearest" });
  }

  list.addEventListener("focusin", (event) => {
    const card = event.target.closest(".card");
    if (!card || card === current) return;
    if (current) reach(current, false);
    current = card;
    reach(card, true);
  });

  function above(card, way) {
    const from = card.getBoundingClientRect();
    const rows = cards().map((each) => [each, each.getBoundingClientRect()])
      .filter(([, at]) => (at.top - from.top) * way > from.height / 2);
    const nearest = Math.min(...rows.map(([, at]) => Math.abs(at.top - from.top)));
    const far = ([, at]) => Math.abs(at.left - from.left);
    return rows.filter(([, at]) => Math.abs(at.top - from.top) - nearest < 4).sort((a, b) => far(a) - far(b))[0]?.[0];
  }

  list.addEventListener("keydown", (event) => {
    const card = event.target.closest(".card");
    if (!card || event.altKey) return;
    const all = cards();
    const at = all.indexOf(card);
    const to = {
      ArrowRight: () => all[at + 1], ArrowLeft: () => all[at - 1], ArrowDown: () => above(card, 1),
      ArrowUp: () => above(card, -1), Home: () => all[0], End: () => all.at(-1),
    }[event.key];
    if (event.ctrlKey || event.metaKey) {
      if (event.key !== "a") return;
      all.forEach((each) => pick(each, true));
      show();
    } else if (to) {
      goTo(to(), event.shiftKey);
    } else if (event.key === " " && event.target === link(card)) {
      anchor = card;
      pick(card, !picked.has(card.dataset.id));
      show();
    } else if (event.key === "Escape" && picked.size && !event.target.closest(".fan")) {
      clear();
    } else return;
    event.preventDefault();
  });

  // --- What is selected

  function pick(card, yes) {
    box(card).checked = yes;
    card.classList.toggle("picked", yes);
    picked[yes ? "add" : "delete"](card.dataset.id);
  }

  function range(card) {
    const all = cards();
    const [from, to] = [all.indexOf(anchor), all.indexOf(card)].sort((a, b) => a - b);
    if (from >= 0) all.slice(from, to + 1).forEach((each) => pick(each, true));
    show();
  }

  function clear() {
    cards().forEach((each) => pick(each, false));
    picked.clear();
    if (bar?.elements.all) bar.elements.all.checked = false;
    show();
  }

  list.addEventListener("click", (event) => {
    const card = event.target.closest(".card");
    if (!card) return;
    if (event.target === box(card)) {
      pick(card, box(card).checked);
      if (event.shiftKey && anchor && box(card).checked) return range(card);
      anchor = card;
      show();
    } else if (event.shiftKey && picked.size && event.target === link(card)) {
      event.preventDefault(); // a range, not a new window
      anchor ??= current;
      range(card);
    }
  });

  // --- The bar

  async function show() {
    if (picked.size && !bar) await load();
    if (!bar) return;
    const all = bar.elements.all?.checked;
    bar.hidden = !picked.size && !all;
    document.body.classList.toggle("selecting", !bar.hidden);
    const some = interpolate(ngettext("%(count)s selected", "%(count)s selected", picked.size), { count: picked.size }, true);
    bar.querySelector(".count").textContent = all ? gettext("All selected") : some;
    const off = (button, yes) => button?.setAttribute("aria-disabled", String(!!yes));
    off(bar.querySelector("[value=compare]"), all || picked.size < 2 || picked.size > 4);
    off(bar.querySelector("[formaction]"), !all && !picked.size);
  }

  async function load() {
    asked ??= fetch(barAddress).then((answer) => (answer.ok && !answer.redirected ? answer.text() : Promise.reject()));
    try {
      const text = await asked;
      if (bar) return;
      bar = new DOMParser().parseFromString(text, "text/html").getElementById("selection");
      document.querySelector("main").append(bar);
      prepareBar();
    } catch {
      asked = null; // the next selection tries again
    }
  }

  function prepareBar() {
    bar.classList.add("floats");
    bar.elements.next.value = location.pathname + location.search;
    const clearing = bar.querySelector("[data-clear]");
    clearing.hidden = false;
    clearing.addEventListener("click", () => {
      clear();
      current && link(current).focus();
    });
    bar.elements.all?.addEventListener("change", show);
    bar.elements.tag?.addEventListener("keydown", (event) => {
      if (event.key !== "Enter") return;
      event.preventDefault();
      bar.querySelector("[value=tag]").click();
    });
    bar.addEventListener("click", (event) => {
      if (event.target.closest("[aria-disabled=true]")) event.preventDefault();
    });
    bar.addEventListener("submit", (event) => {
      if ("leaves" in (event.submitter?.dataset ?? {})) return;
      event.preventDefault();
      act(event.submitter);
    });
  }

  async function act(button) {
    const data = new FormData(bar, button);
    const count = bar.querySelector(".count");
    button.setAttribute("aria-disabled", "true"); // `disabled` would lose the focus
    count.textContent = gettext("Working…");
    try {
      const answer = await fetch(bar.getAttribute("action"), { method: "POST", body: data, headers: { Accept: "application/json" } });
      if (answer.redirected) return location.reload(); // signed out meanwhile
      const said = await answer.json();
      count.textContent = said.text ?? Object.values(said.errors).flat().join(" ");
      redraw(said.cards ?? {});
    } catch {
      count.textContent = gettext("That did not work. Nothing may have been changed: try again.");
    }
    button.removeAttribute("aria-disabled");
  }

  // The selection is kept, so that a second action can follow.
  function redraw(found) {
    for (const [pk, html] of Object.entries(found)) {
      for (const old of list.querySelectorAll(`.card[data-id="${pk}"]`)) {
        const fresh = new DOMParser().parseFromString(html, "text/html").querySelector(".card");
        link(fresh).setAttribute("href", link(old).getAttribute("href")); // it names the search
        old.querySelector(".poster").replaceChildren(...fresh.querySelector(".poster").childNodes);
        old.querySelector(".words").replaceWith(fresh.querySelector(".words"));
      }
    }
    document.dispatchEvent(new CustomEvent("cards"));
  }

  const hint = gettext("Arrow keys move, Shift extends, Space selects, Enter opens");
  list.after(Object.assign(document.createElement("p"), { className: "hint", textContent: hint }));
  document.addEventListener("cards", prepare);
  prepare();
  if (bar) prepareBar();
  show();
})();
