"use strict";
// Grids of cards: previews under the mouse, "Load more", takes shown in their place. All of it works without, by links.
(() => {
  const WAIT = 250; // ms until a preview begins: a mouse that only passes loads nothing
  const REST = 700; // ms without a move until a preview that was scrubbed plays on
  const STILL = 3; // px that a hand trembles
  const hovers = matchMedia("(hover: hover) and (pointer: fine)");
  const calm = matchMedia("(prefers-reduced-motion: reduce)");

  const status = Object.assign(document.createElement("p"), { className: "unseen" });
  status.setAttribute("role", "status");
  document.body.append(status);

  async function fetched(address) {
    const answer = await fetch(address, { headers: { Accept: "text/html" } });
    if (!answer.ok || answer.redirected) throw new Error(answer.status);
    return new DOMParser().parseFromString(await answer.text(), "text/html");
  }

  // --- Previews: one at a time

  let shown = null;

  function begin(card) {
    end();
    shown = { card, timer: setTimeout(play, WAIT) };
  }

  function end() {
    if (!shown) return;
    clearTimeout(shown.timer);
    clearTimeout(shown.rest);
    if (shown.video) {
      shown.video.pause();
      shown.video.removeAttribute("src");
      shown.video.load(); // ends the download
      shown.video.remove();
      shown.line.remove();
    }
    shown = null;
  }

  function play() {
    const { card } = shown;
    const video = Object.assign(document.createElement("video"), {
      muted: true, loop: true, playsInline: true, preload: "none", disablePictureInPicture: true,
    });
    video.setAttribute("aria-hidden", "true");
    video.tabIndex = -1;
    const line = Object.assign(document.createElement("span"), { className: "scrub" });
    video.addEventListener("loadeddata", () => video.classList.add("ready"));
    video.addEventListener("error", () => {
      if (shown?.video !== video) return; // the source was taken away
      card.dataset.failed = "";
      end();
    });
    video.addEventListener("seeked", () => seek());
    video.addEventListener("timeupdate", () => draw(video.currentTime / video.duration));
    video.src = card.dataset.preview;
    card.querySelector(".poster").append(video, line);
    Object.assign(shown, { video, line });
    video.play().catch(() => {}); // ended before it began
  }

  function scrub(event) {
    if (!(shown?.video?.duration > 0) || Math.abs(event.clientX - (shown.x ?? -99)) < STILL) return;
    const first = shown.x === undefined;
    shown.x = event.clientX;
    const box = shown.card.querySelector(".poster").getBoundingClientRect();
    if (first || event.clientY > box.bottom) return; // where it came to rest, or over the words
    const part = Math.min(Math.max((event.clientX - box.left) / box.width, 0), 0.999);
    shown.video.pause();
    shown.target = part * shown.video.duration;
    seek();
    draw(part);
    clearTimeout(shown.rest);
    shown.rest = setTimeout(() => shown?.video?.play().catch(() => {}), REST);
  }

  function seek() {
    // While it seeks, only the latest target is kept.
    if (!shown?.video || shown.video.seeking || shown.target === undefined) return;
    shown.video.currentTime = shown.target;
    shown.target = undefined;
  }

  function draw(part) {
    if (shown?.line && part >= 0) shown.line.style.transform = `scaleX(${part})`;
  }

  document.addEventListener("pointerover", (event) => {
    if (event.pointerType !== "mouse" || !hovers.matches || calm.matches) return;
    const card = event.target.closest?.(".card");
    if (card === (shown?.card ?? null)) return;
    end();
    if (card?.dataset.preview && !("failed" in card.dataset)) begin(card);
  });
  document.addEventListener("pointermove", scrub, { passive: true });
  document.documentElement.addEventListener("pointerleave", end);
  addEventListener("pagehide", end);

  // --- Load more

  const list = document.querySelector("[data-more]");
  const nextLink = () => document.querySelector(".pager a[rel=next]");

  function prepareMore() {
    if (!list || !nextLink()) return;
    const row = Object.assign(document.createElement("p"), { className: "more" });
    const button = Object.assign(document.createElement("button"), {
      type: "button", className: "button", textContent: gettext("Load more"),
    });
    button.addEventListener("click", (event) => more(button, event.detail === 0));
    row.append(button, Object.assign(document.createElement("span"), { className: "muted" }));
    list.after(row);
    nextLink().classList.add("quiet");
    list.firstElementChild.dataset.page = location.href;
  }

  async function more(button, byKeyboard) {
    if (button.getAttribute("aria-disabled")) return;
    button.setAttribute("aria-disabled", "true"); // `disabled` would lose the focus
    button.textContent = gettext("Loading…");
    const link = nextLink();
    const note = button.nextElementSibling;
    note.textContent = "";
    try {
      const page = await fetched(link.href);
      const cards = [...(page.querySelector("[data-more]")?.children ?? [])];
      if (cards.length) cards[0].dataset.page = link.href;
      list.append(...cards);
      document.dispatchEvent(new CustomEvent("cards"));
      const next = page.querySelector(".pager a[rel=next]");
      next ? (link.href = next.getAttribute("href")) : link.remove();
      const counts = { more: cards.length, shown: list.querySelectorAll(":scope > .card").length };
      status.textContent = interpolate(gettext("%(more)s more, %(shown)s shown."), counts, true);
      if (byKeyboard || !next) cards[0]?.querySelector("h2 a").focus({ preventScroll: !byKeyboard });
      if (!next) button.parentElement.remove();
    } catch {
      note.textContent = status.textContent = gettext("That did not load. Try again.");
    }
    button.removeAttribute("aria-disabled");
    button.textContent = gettext("Load more");
  }

  // The address is that of the page in sight, and its entry in the history names the card: reload and Back return there.
  function remember() {
    const starts = [...list.querySelectorAll("[data-page]")];
    if (starts.length < 2) return;
    const middle = innerHeight / 2;
    const page = starts.filter((card) => card.getBoundingClientRect().top < middle).pop() ?? starts[0];
    const card = [...list.children].find((each) => each.getBoundingClientRect().bottom > middle / 2);
    history.scrollRestoration = "manual";
    history.replaceState({ card: card?.dataset.id }, "", page.dataset.page);
  }

  if (list) {
    let timer = 0;
    addEventListener("scroll", () => {
      clearTimeout(timer);
      timer = setTimeout(remember, 150);
    }, { passive: true });
    addEventListener("pagehide", remember);
    prepareMore();
    const place = history.state?.card && list.querySelector(`[data-id="${CSS.escape(history.state.card)}"]`);
    place?.scrollIntoView({ block: "center" });
  }

  // --- Takes, below the row of their card

  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("a.fan-out");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || !link.closest(".grid > .card")) return;
    event.preventDefault();
    link.getAttribute("aria-expanded") === "true" ? foldIn(link) : fanOut(link, event.detail === 0);
  });

  function prepareTakes() {
    for (const link of document.querySelectorAll(".grid > .card > a.fan-out:not([role])")) {
      link.setAttribute("role", "button");
      link.setAttribute("aria-expanded", "false");
    }
  }

  document.addEventListener("keydown", (event) => {
    const link = event.target.closest?.("a.fan-out[role]");
    if (link && event.key === " ") {
      event.preventDefault();
      link.click();
    } else if (event.key === "Escape" && event.target.closest?.(".fan")) {
      const opener = event.target.closest(".fan").previousElementSibling.querySelector(".fan-out");
      foldIn(opener);
      opener.focus();
    }
  });

  async function fanOut(link, byKeyboard) {
    const card = link.closest(".card");
    const fan = Object.assign(document.createElement("li"), { className: "fan" });
    fan.append(Object.assign(document.createElement("p"), { className: "muted", textContent: gettext("Loading the other takes…") }));
    card.after(fan);
    link.setAttribute("aria-expanded", "true");
    try {
      const takes = (await fetched(link.href)).getElementById("takes");
      takes.removeAttribute("id");
      takes.querySelector(`[data-id="${card.dataset.id}"]`)?.remove(); // it stands above
      fan.replaceChildren(takes);
      const count = takes.children.length;
      const said = ngettext("%(count)s other take shown.", "%(count)s other takes shown.", count);
      status.textContent = interpolate(said, { count }, true);
      document.dispatchEvent(new CustomEvent("cards"));
      if (byKeyboard) takes.querySelector("h2 a")?.focus();
    } catch {
      fan.firstChild.textContent = `${gettext("The takes did not load.")} `;
      fan.firstChild.append(Object.assign(document.createElement("a"), { href: link.href, textContent: gettext("Open their page") }));
    }
  }

  function foldIn(link) {
    link.setAttribute("aria-expanded", "false");
    link.closest(".card").nextElementSibling?.matches(".fan") && link.closest(".card").nextElementSibling.remove();
    status.textContent = gettext("Takes hidden.");
    document.dispatchEvent(new CustomEvent("cards"));
  }

  document.addEventListener("cards", prepareTakes);
  prepareTakes();
})();
