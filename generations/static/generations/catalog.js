"use strict";
document.documentElement.classList.add("script"); // what needs a script is laid out from the start
// Loaded in the head, so that the theme which staff chose in the admin is there before the first paint.
try {
  const theme = localStorage.getItem("theme");
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
  // What a tab keeps to undo is one person's: nobody who signs in after them, and nobody signed out, finds it.
  const { person } = document.documentElement.dataset;
  if (person !== undefined && person !== sessionStorage.getItem("person")) {
    sessionStorage.clear();
    sessionStorage.setItem("person", person);
  }
} catch {
  // Storage is blocked: the system's theme it is, and nothing is kept.
}

document.addEventListener("DOMContentLoaded", () => {
  const keys = document.getElementById("keys");

  for (const button of document.querySelectorAll("[data-copy]")) {
    button.hidden = false;
    button.addEventListener("click", async () => {
      const done = await copy(textOf(document.getElementById(button.dataset.copy)), button);
      say(done ? gettext("Copied") : gettext("Copying is blocked: select the text instead"));
    });
  }

  const showKeys = document.getElementById("show-keys");
  if (showKeys) {
    showKeys.hidden = false;
    showKeys.addEventListener("click", () => keys.showModal());
  }

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || keys?.open) return;
    const focus = document.activeElement;
    // Someone who types or works a control means that control.
    if (focus.matches("input:not([type=range]), textarea, select, [contenteditable]")) return;
    const idle = focus === document.body || focus.id === "main";
    const go = { ArrowLeft: "newer", ArrowRight: "older" }[event.key];
    if (go && idle) {
      document.querySelector(`[data-go="${go}"]`)?.click();
    } else if (event.key === "?" && keys) {
      keys.showModal();
    } else {
      return;
    }
    event.preventDefault();
  });
});

// A list of names and values as lines, such as "Model: Kling 2.6"; anything else as it stands.
function textOf(element) {
  const rows = [...element.querySelectorAll("dt")].map((name) => `${name.textContent}: ${plain(name.nextElementSibling)}`);
  return rows.join("\n") || element.textContent;
}

const plain = (element) => element.textContent.trim().replace(/\s+/g, " ");

async function copy(text, button) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copyTheOldWay(text, button);
  }
}

// Where the clipboard is out of reach: a site on plain http that is not localhost.
function copyTheOldWay(text, button) {
  const area = document.createElement("textarea");
  area.className = "unseen";
  area.value = text;
  button.after(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  button.focus();
  return done;
}

function say(words) {
  const status = document.getElementById("copied");
  status.textContent = words;
  clearTimeout(say.timer);
  say.timer = setTimeout(() => (status.textContent = ""), 4000);
}
