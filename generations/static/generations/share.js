// On the page of a shared clip: a comment's moment comes from the player, and each comment's moment leads there.
import { timecode } from "./player.js";

const { player } = document.querySelector("[data-player]") ?? {};

if (player) {
  player.mark([...document.querySelectorAll("[data-mark]")].map((each) => ({
    seconds: Number(each.dataset.mark),
    title: each.querySelector(".text").textContent.slice(0, 120),
    href: `#${each.id}`,
  })));
  for (const button of document.querySelectorAll("[data-moment]")) {
    const field = document.getElementById(button.dataset.moment);
    button.hidden = false;
    button.addEventListener("click", () => {
      player.video.pause();
      field.value = timecode(player.video.currentTime);
    });
    // While someone writes, the timeline says what it is about.
    player.root.addEventListener("moment", (event) => {
      if (document.getElementById("text-0").value) field.value = timecode(event.detail);
    });
  }
  for (const link of document.querySelectorAll("[data-seek]")) {
    link.addEventListener("click", (event) => {
      event.preventDefault();
      player.seek(Number(link.dataset.seek));
      player.root.scrollIntoView({ block: "nearest" });
    });
  }
}
