// Comments without leaving the page: marks on the timeline, moments that seek, forms that are sent in the background.
import { timecode } from "./player.js";

const player = document.querySelector("[data-player]")?.player;
const section = () => document.querySelector("[data-comments]");
const FAILED = gettext("It was not saved: the site could not be reached. Your words are still here.");

function prepare() {
  for (const each of section().querySelectorAll("[data-with-script]")) each.hidden = !player;
  player?.mark([...section().querySelectorAll("[data-mark]")].map((each) => ({
    seconds: Number(each.dataset.mark),
    title: each.querySelector(".text").textContent.slice(0, 120),
    href: `#${each.id}`,
    resolved: each.classList.contains("resolved"),
  })));
}

function showErrors(form, errors) {
  for (const each of form.querySelectorAll("[data-error]")) {
    each.textContent = (errors[each.dataset.error] || []).join(" ");
    each.hidden = !each.textContent;
    form.elements[each.dataset.error]?.toggleAttribute("aria-invalid", !each.hidden);
  }
  const first = [...form.querySelectorAll("[data-error]")].find((each) => !each.hidden);
  if (first) form.elements[first.dataset.error].focus();
  say([...form.querySelectorAll("[data-error]")].map((each) => each.textContent).join(" ") || Object.values(errors).flat().join(" "));
}

const say = (words) => (section().querySelector("[data-said]").textContent = words);

async function send(form) {
  const button = form.querySelector("button");
  button.setAttribute("aria-disabled", "true");
  try {
    const response = await fetch(form.action, {
      method: "POST", body: new FormData(form), headers: { Accept: "application/json" },
    });
    if (!response.headers.get("Content-Type")?.includes("json")) throw new Error("not an answer of ours");
    const answer = await response.json();
    answer.errors ? showErrors(form, answer.errors) : replace(answer);
  } catch {
    say(FAILED);
  } finally {
    button.removeAttribute("aria-disabled");
  }
}

/** Put the new list in place; the focus goes to what was written, or stays at the list. */
function replace(answer) {
  const draft = section().querySelector("#comment-text")?.value;
  const own = new DOMParser().parseFromString(answer.html, "text/html").querySelector("[data-comments]");
  const wasTyped = document.activeElement?.closest(".write") !== null;
  section().replaceWith(own);
  if (!wasTyped && draft) own.querySelector("#comment-text").value = draft;
  prepare();
  const target = own.querySelector(answer.id ? `#comment-${answer.id}` : "#comments-title");
  target.tabIndex = -1;
  target.focus({ preventScroll: wasTyped });
  say(answer.said);
}

function setMoment(seconds) {
  const field = document.getElementById("comment-at");
  if (field) field.value = timecode(seconds);
}

if (section()) {
  prepare();

  document.addEventListener("submit", (event) => {
    if (!event.target.matches("[data-comments] [data-fetch]")) return;
    event.preventDefault();
    if (event.target.querySelector("button").getAttribute("aria-disabled") !== "true") send(event.target);
  });

  document.addEventListener("click", (event) => {
    const link = event.target.closest("[data-comments] [data-seek]");
    if (!link || !player || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    player.seek(Number(link.dataset.seek));
  });
}

if (section() && player) {
  // While someone writes, the timeline says what it is about; the pointer on it must not end the writing.
  let writing = false;
  const field = () => document.getElementById("comment-text");
  document.addEventListener("focusin", (event) => {
    if (event.target === field()) {
      writing = true;
      const at = document.getElementById("comment-at");
      if (!at.value && player.video.currentTime > 0) {
        player.video.pause();
        setMoment(player.video.currentTime);
      }
    } else if (!event.target.closest("[data-player], .write")) {
      writing = false;
    }
  });
  player.root.addEventListener("moment", (event) => {
    if (writing) setMoment(event.detail);
  });
  player.root.addEventListener("pointerup", (event) => {
    if (writing && event.target.closest(".timeline")) setTimeout(() => field().focus());
  });

  document.addEventListener("keydown", (event) => {
    if (event.key.toLowerCase() !== "c" || event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (document.querySelector("dialog[open]") || document.activeElement.matches("input:not([type=range]), textarea, select")) return;
    event.preventDefault();
    setMoment(player.video.currentTime);
    field().focus();
  });
}
