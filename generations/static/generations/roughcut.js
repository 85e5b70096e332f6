// Play clips one after another without a gap: the next one is loaded in a second element, started 100 ms before the end
// of this one, and shown with its first frame. Changing one element's source leaves 150 to 275 ms of black.
(() => {
  "use strict";
  const list = JSON.parse(document.getElementById("playlist")?.textContent || "[]");
  const cut = document.getElementById("cut");
  if (!cut || !list.length) return;
  cut.hidden = false;
  const EARLY_SECONDS = 0.1;
  const lines = [...document.querySelectorAll(".playlist li")];
  const [play, back, next, now] = ["play", "back", "next", "now"].map((id) => document.getElementById(id));
  let [front, spare] = cut.querySelectorAll("video");
  let at = -1;
  let started = false; // the next one was started already

  function load(video, index) {
    const clip = list[index];
    if (!clip || video.dataset.index === String(index)) return;
    video.dataset.index = index;
    if (clip.poster) video.poster = clip.poster;
    video.src = clip.src;
    video.load();
  }

  function show(index) {
    at = index;
    started = false;
    front.classList.add("on");
    spare.classList.remove("on");
    spare.muted = true;
    front.muted = false;
    lines.forEach((line, each) => line.toggleAttribute("aria-current", each === index));
    const here = { number: index + 1, count: list.length, title: list[index].title };
    now.textContent = interpolate(gettext("%(number)s of %(count)s: %(title)s"), here, true);
    back.setAttribute("aria-disabled", String(index === 0));
    next.setAttribute("aria-disabled", String(index === list.length - 1));
    load(spare, index + 1);
  }

  function swap() {
    [front, spare] = [spare, front];
    show(at + 1);
    spare.pause();
  }

  function start() {
    started = true;
    spare.currentTime = 0;
    if ("requestVideoFrameCallback" in spare) spare.requestVideoFrameCallback(swap);
    else spare.addEventListener("playing", swap, { once: true });
    spare.play().catch(stop);
  }

  function watch() {
    if (!started && !front.paused && at + 1 < list.length && front.duration - front.currentTime <= EARLY_SECONDS) start();
    requestAnimationFrame(watch);
  }

  function stop() {
    play.textContent = gettext("Play");
  }

  function jump(index) {
    if (index < 0 || index >= list.length) return;
    const playing = !front.paused;
    load(front, index);
    front.currentTime = 0;
    show(index);
    if (playing) front.play().catch(stop);
  }

  function toggle() {
    if (front.paused && front.ended && at === list.length - 1) jump(0);
    if (front.paused) front.play().catch(stop);
    else front.pause();
  }

  for (const video of [front, spare]) {
    video.addEventListener("play", () => { if (video === front) play.textContent = gettext("Pause"); });
    video.addEventListener("pause", () => { if (video === front && !started) stop(); });
    video.addEventListener("ended", () => { if (video === front && at === list.length - 1) stop(); });
    video.addEventListener("error", () => { if (video === front && at + 1 < list.length) jump(at + 1); }); // goes on without it
    video.addEventListener("click", toggle);
  }
  play.addEventListener("click", toggle);
  back.addEventListener("click", () => jump(at - 1));
  next.addEventListener("click", () => jump(at + 1));
  document.addEventListener("keydown", (event) => {
    if (event.target.closest("a, button, input, textarea, select") || event.ctrlKey || event.metaKey || event.altKey) return;
    const keys = { " ": toggle, ArrowLeft: () => jump(at - 1), ArrowRight: () => jump(at + 1) };
    if (!keys[event.key]) return;
    event.preventDefault();
    keys[event.key]();
  });
  load(front, 0);
  show(0);
  requestAnimationFrame(watch);
})();
