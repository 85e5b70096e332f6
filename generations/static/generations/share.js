"use strict";
// On the page of a shared clip: take a comment's moment from the player, and go to the moment of one.
const player = document.querySelector(".stage video");

if (player) {
  for (const button of document.querySelectorAll("[data-moment]")) {
    button.hidden = false;
    button.addEventListener("click", () => {
      player.pause();
      document.getElementById(button.dataset.moment).value = timecode(player.currentTime);
    });
  }
  for (const link of document.querySelectorAll("[data-seek]")) {
    link.addEventListener("click", (event) => {
      event.preventDefault();
      player.pause();
      player.currentTime = Number(link.dataset.seek);
      player.scrollIntoView({ block: "nearest" });
    });
  }
}

function timecode(seconds) {
  const hundredths = Math.floor(seconds * 100);
  const rest = String(Math.floor(hundredths / 100) % 60).padStart(2, "0");
  return `${Math.floor(hundredths / 6000)}:${rest}.${String(hundredths % 100).padStart(2, "0")}`;
}
