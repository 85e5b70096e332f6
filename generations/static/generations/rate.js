"use strict";
// Rating and choosing by keyboard, on the focused card of a grid and on a clip's page. Without it, the buttons are forms.
(() => {
  const DECISIONS = { p: "approve", x: "reject", u: "clear" };
  const BACK_TO = { draft: "clear", in_review: "review", approved: "approve", rejected: "reject" };
  const STEPS = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -2, ArrowDown: 2 };
  const SHOWN = 12000; // ms that a toast stays
  const KEPT = 50; // changes that can be undone

  const page = document.querySelector("[data-clip]");
  const token = () => document.querySelector("[name=csrfmiddlewaretoken]").value;
  let queue = Promise.resolve(); // changes are sent in the order of the keys
  let leaving = false;

  // --- The toast, and what can be undone: kept for the tab, as a decision leads to the next clip

  const toast = document.createElement("div");
  const words = document.createElement("span");
  const undoButton = Object.assign(document.createElement("button"), { type: "button", hidden: true });
  toast.className = "toast";
  words.setAttribute("role", "status");
  undoButton.append(`${gettext("Undo")} `, Object.assign(document.createElement("kbd"), { textContent: "Z" }));
  undoButton.addEventListener("click", undo);
  toast.append(words, undoButton);
  document.body.append(toast);

  function stored(name, otherwise) {
    try {
      return JSON.parse(sessionStorage.getItem(name)) ?? otherwise;
    } catch {
      return otherwise;
    }
  }
  function store(name, value) {
    try {
      sessionStorage.setItem(name, JSON.stringify(value));
    } catch {
      // Storage is blocked: undo ends with the page.
    }
  }
  let past = stored("undo", []);

  function say(text, { canUndo = false, later = false } = {}) {
    if (later) return store("toast", { text, canUndo });
    words.textContent = text;
    undoButton.hidden = !canUndo;
    toast.classList.add("shown");
    clearTimeout(say.timer);
    say.timer = setTimeout(() => toast.classList.remove("shown"), SHOWN);
  }

  // --- One change

  async function post(path, fields) {
    const body = new URLSearchParams({ ...fields, csrfmiddlewaretoken: token() });
    let answer;
    try {
      answer = await fetch(path, { method: "POST", headers: { Accept: "application/json" }, body });
    } catch {
      throw new Error(gettext("Not saved: the site does not answer. Try again."));
    }
    const data = await answer.json().catch(() => ({}));
    if (answer.ok) return data;
    if (answer.status === 403) throw new Error(data.error || gettext("Not saved: you may not do this."));
    throw new Error(data.error || gettext("Not saved. Reload the page, then try again."));
  }

  function change(id, verb, value, after = () => {}) {
    queue = queue.then(async () => {
      const data = await post(`/videos/${id}/${verb}/`, { [verb]: value });
      const back = { rating: data.was.rating, favourite: data.was.favourite ? "1" : "0", decision: BACK_TO[data.was.state] };
      if (["rating", "favourite", "state"].some((fact) => data.was[fact] !== data.now[fact])) {
        past = [...past, { id, verb, value: back[verb] }].slice(-KEPT);
        store("undo", past);
      }
      draw(data.now);
      after(data);
    }).catch((error) => say(error.message));
    return queue;
  }

  function undo() {
    const last = past.at(-1);
    if (!last) return say(gettext("There is nothing to undo."));
    queue = queue.then(async () => {
      const data = await post(`/videos/${last.id}/${last.verb}/`, { [last.verb]: last.value });
      past = past.slice(0, -1);
      store("undo", past);
      draw(data.now);
      const { title, state_label: state, rating: stars } = data.now;
      const text = interpolate(gettext("Undone: %(title)s. %(state)s, %(stars)s of 5 stars."), { title, state, stars }, true);
      const here = page?.dataset.clip === String(last.id) && last.verb === "decision";
      say(text, { canUndo: past.length > 0, later: here });
      if (here) leave(location.href);
    }).catch((error) => say(error.message));
  }

  function leave(address) {
    leaving = true;
    address === location.href ? location.reload() : location.assign(address);
  }

  // --- What is seen of it

  function draw(now) {
    for (const card of document.querySelectorAll(`.card[data-id="${now.id}"]`)) drawCard(card, now);
    if (page?.dataset.clip !== String(now.id)) return;
    for (const star of page.querySelectorAll(".star")) {
      star.classList.toggle("on", Number(star.value) <= now.rating);
      star.setAttribute("aria-pressed", String(Number(star.value) === now.rating));
    }
    page.querySelector("[name=rating][value='0']").hidden = !now.rating;
    const heart = page.querySelector(".heart");
    heart.classList.toggle("on", now.favourite);
    heart.setAttribute("aria-pressed", String(now.favourite));
    heart.value = now.favourite ? "0" : "1";
  }

  function drawCard(card, now) {
    const poster = card.querySelector(".poster");
    poster.querySelector(".badge.left")?.remove();
    if (now.rating || now.favourite) {
      const badge = Object.assign(document.createElement("span"), { className: "badge left" });
      const seen = [now.rating ? `★ ${now.rating}` : "", now.favourite ? "♥" : ""].join(" ").trim();
      const rated = interpolate(gettext("Rated %(stars)s of 5"), { stars: now.rating }, true);
      const read = [now.rating ? rated : "", now.favourite ? gettext("My favourite") : ""].join(" ").trim();
      badge.append(
        Object.assign(document.createElement("span"), { className: "unseen", textContent: read }),
        Object.assign(document.createElement("span"), { ariaHidden: "true", textContent: seen }),
      );
      poster.append(badge);
    }
    let pills = card.querySelector(".pills");
    pills?.querySelector(".pill.state")?.remove();
    if (now.state === "draft") return;
    if (!pills) {
      pills = Object.assign(document.createElement("p"), { className: "pills" });
      card.querySelector(".words").append(pills);
    }
    pills.prepend(
      Object.assign(document.createElement("span"), { className: `pill state ${now.state}`, textContent: now.state_label }),
    );
  }

  // --- Keys

  const cards = () => [...document.querySelectorAll(".card[data-id]")];
  const link = (card) => card.querySelector("h2 a, h3 a");

  function go(key, card) {
    const all = cards();
    const at = all.indexOf(card);
    const step = STEPS[key];
    if (at < 0) return all[0];
    if (Math.abs(step) === 1) return all[at + step];
    const box = card.getBoundingClientRect();
    const below = (each) => Math.sign(each.getBoundingClientRect().top - box.top) === Math.sign(step);
    const rows = all.filter((each) => below(each) && Math.abs(each.getBoundingClientRect().left - box.left) < box.width / 2);
    return step > 0 ? rows[0] : rows.at(-1);
  }

  function focusOn(card) {
    if (!card) return;
    link(card).focus({ preventScroll: true });
    card.scrollIntoView({ block: "nearest" });
  }

  function decide(decision, card) {
    const id = card?.dataset.id ?? page.dataset.clip;
    const next = document.querySelector("[data-go=older]")?.href;
    const goesOn = decision !== "clear";
    change(id, "decision", decision, ({ message, was, now }) => {
      say(`${now.title}: ${message}`, { canUndo: was.state !== now.state, later: !card });
      if (!card) leave((goesOn && next) || location.href);
    });
    if (card && goesOn) focusOn(go("ArrowRight", card)); // at once: the next key is meant for the next card
  }

  // The preview under the mouse, begun and ended by a key.
  function play(card) {
    const playing = card.querySelector(".poster video");
    const target = playing ? document.body : card;
    target.dispatchEvent(new PointerEvent("pointerover", { bubbles: true, pointerType: "mouse" }));
  }

  function act(key, card) {
    const id = card?.dataset.id ?? page?.dataset.clip;
    if (key === "z") undo();
    else if (key === "k" && card) play(card);
    else if (!id) return false;
    else if (/^[0-5]$/.test(key)) change(id, "rating", key, ({ message, now }) => say(`${now.title}: ${message}`, { canUndo: true }));
    else if (key === "f") change(id, "favourite", "toggle", ({ message, now }) => say(`${now.title}: ${message}`, { canUndo: true }));
    else if (DECISIONS[key]) decide(DECISIONS[key], card);
    else return false;
    return true;
  }

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || leaving) return;
    const focus = document.activeElement;
    if (document.querySelector("dialog[open]") || focus.isContentEditable) return;
    if (focus.matches("textarea, select, input:not([type=checkbox], [type=radio], [type=button], [type=submit])")) return;
    const card = focus.closest(".card[data-id]");
    const idle = focus === document.body || focus.id === "main";
    const selecting = card?.closest("[data-select]"); // there select.js moves the focus, and Space selects
    const onCard = card && focus === link(card) && !selecting;
    if (event.key in STEPS && (onCard || (idle && !page && event.key !== "ArrowLeft" && event.key !== "ArrowUp"))) {
      if (!cards().length) return;
      focusOn(go(event.key, card));
    } else if (event.key === " " && onCard) {
      play(card);
    } else if (event.key === "?" && document.getElementById("keys")) {
      document.getElementById("keys").showModal();
    } else if (event.repeat || !act(event.key.toLowerCase(), card)) {
      return;
    }
    event.preventDefault();
  }, true);

  document.addEventListener("submit", (event) => {
    const button = event.submitter;
    if (!page || !event.target.matches("[data-quick]") || !button) return;
    event.preventDefault();
    change(page.dataset.clip, button.name, button.value, ({ message }) => say(message, { canUndo: true }));
  });

  // A reason that is written while the clip stands still is about what is seen.
  const sendBack = document.querySelector(".send-back");
  sendBack?.addEventListener("toggle", () => {
    const player = document.querySelector(".stage video");
    const moment = sendBack.querySelector("[name=at]");
    if (!sendBack.open || moment.value || !player?.paused || !(player.currentTime > 0.1)) return;
    moment.value = `${Math.floor(player.currentTime / 60)}:${(player.currentTime % 60).toFixed(2).padStart(5, "0")}`;
  });

  const waiting = stored("toast", null);
  store("toast", null);
  if (waiting) setTimeout(() => say(waiting.text, waiting), 50); // a live region is read when it changes
})();
