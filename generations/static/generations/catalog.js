"use strict";
// Loaded in the head, so that the theme which staff chose in the admin is there before the first paint.
try {
  const theme = localStorage.getItem("theme");
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
} catch {
  // Storage is blocked: the system's theme it is.
}

document.addEventListener("DOMContentLoaded", () => {
  const player = document.querySelector(".stage video");
  const keys = document.getElementById("keys");

  for (const button of document.querySelectorAll("[data-copy]")) {
    button.hidden = false;
    button.addEventListener("click", async () => {
      const done = await copy(document.getElementById(button.dataset.copy).textContent, button);
      say(done ? "Copied" : "Copying is blocked: select the text instead");
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
    // Someone who types or works a control means that control; the player's own keys stay the browser's.
    if (focus.matches("input, textarea, select, [contenteditable]")) return;
    const idle = focus === document.body || focus.id === "main";
    const go = { ArrowLeft: "newer", ArrowRight: "older" }[event.key];
    if (go && idle) {
      document.querySelector(`[data-go="${go}"]`)?.click();
    } else if (event.key === " " && idle && player) {
      player.paused ? player.play() : player.pause();
    } else if ((event.key === "," || event.key === ".") && player) {
      step(player, event.key === "," ? -1 : 1);
    } else if (event.key === "?" && keys) {
      keys.showModal();
    } else {
      return;
    }
    event.preventDefault();
  });
});

function step(player, frames) {
  player.pause();
  const frame = Number(player.dataset.frame);
  // To the middle of the frame: on its edge, rounding would show the one before.
  const number = Math.floor(player.currentTime / frame + 0.001) + frames;
  player.currentTime = Math.min(Math.max((number + 0.5) * frame, 0), player.duration || 0);
}

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
