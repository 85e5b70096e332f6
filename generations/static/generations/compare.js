"use strict";
// One play head over two to four clips. Without it they stand side by side with the browser's own controls.
(() => {
  const root = document.querySelector(".compare");
  if (!root) return;
  const TICK = 100; // ms between comparisons
  const FAR = 0.25; // s: beyond it a clip is moved, within it it plays faster or slower
  const NUDGE = 0.05;
  const MOST = Number(root.dataset.most); // frames of offset
  const transport = root.querySelector(".transport");
  const range = transport.querySelector("input[type=range]");
  const playButton = transport.querySelector("[data-play]");
  const loop = transport.querySelector("[data-loop]");
  const sides = [...root.querySelectorAll(".side")].map((box) => ({
    box,
    video: box.querySelector("video"),
    fps: Number(box.dataset.fps) || 25,
    offset: Number(box.dataset.offset),
  }));
  const clips = sides.filter((side) => side.video);
  let head = 0; // s on the common clock; a clip with an offset of n frames is n frames ahead of it
  let playing = false;
  let last = 0;
  let timer = 0;

  // --- The common clock

  const lead = (side) => side.offset / side.fps;
  const length = (side) => side.video.duration || 0;
  const start = () => Math.min(...clips.map((side) => -lead(side)));
  const end = () => Math.max(...clips.map((side) => length(side) - lead(side)));
  const runs = (side) => head + lead(side) >= 0 && head + lead(side) < length(side) - 0.5 / side.fps;
  const audible = () => clips.find((side) => !side.video.muted);
  // The one that is audible leads, as its sound must not be stretched.
  const leader = () => [audible(), ...clips].find((side) => side && runs(side));
  const finest = () => clips.reduce((one, other) => (other.fps > one.fps ? other : one));

  // The middle of the frame that stands at the head: on its edge, rounding would show the one before.
  function place(side) {
    const frame = Math.floor((head + lead(side)) * side.fps + 0.001);
    const most = Math.max(Math.floor(length(side) * side.fps + 0.001) - 1, 0);
    return (Math.min(Math.max(frame, 0), most) + 0.5) / side.fps;
  }

  function settle() {
    for (const side of clips) {
      side.video.pause();
      side.video.playbackRate = 1;
      if (Math.abs(side.video.currentTime - place(side)) > 0.0005) side.video.currentTime = place(side);
    }
    draw();
  }

  function seek(seconds) {
    const { fps } = finest();
    const frame = Math.floor((Math.min(Math.max(seconds, start()), end()) - start()) * fps + 0.001);
    const most = Math.max(Math.floor((end() - start()) * fps + 0.001) - 1, 0);
    head = start() + (Math.min(frame, most) + 0.5) / fps;
  }

  function play() {
    if (head >= end() - 1.5 / finest().fps) {
      seek(start());
      settle();
    }
    playing = true;
    last = performance.now();
    timer = setInterval(tick, TICK);
    for (const side of clips.filter(runs)) begin(side);
    draw();
  }

  function begin(side) {
    side.video.play().catch(() => {}); // paused again before it began
  }

  function pause() {
    const side = leader();
    clearInterval(timer);
    playing = false;
    for (const each of clips) each.video.pause();
    if (side) head = (Math.floor(side.video.currentTime * side.fps + 0.001) + 0.5) / side.fps - lead(side);
    settle();
  }

  function tick() {
    const now = performance.now();
    const first = leader();
    head = first ? first.video.currentTime - lead(first) : head + (now - last) / 1000;
    last = now;
    if (head >= end() - 1 / finest().fps) return again();
    for (const side of clips) follow(side, first);
    draw();
  }

  function again() {
    if (!loop.checked) return pause();
    seek(start());
    for (const side of clips) side.video.currentTime = place(side);
    for (const side of clips.filter(runs)) begin(side);
    draw();
  }

  // On its first or last frame, while another one plays.
  function hold(side) {
    side.video.pause();
    if (!side.video.seeking && Math.abs(side.video.currentTime - place(side)) > 0.5 / side.fps) {
      side.video.currentTime = place(side);
    }
  }

  function follow(side, first) {
    const { video } = side;
    if (!runs(side)) return hold(side);
    if (video.paused) begin(side);
    const behind = head + lead(side) - video.currentTime;
    if (side === first || Math.abs(behind) <= 0.5 / side.fps) video.playbackRate = 1;
    else if (Math.abs(behind) <= FAR) video.playbackRate = 1 + Math.sign(behind) * NUDGE;
    else if (!video.seeking) video.currentTime = head + lead(side);
  }

  function step(frames) {
    if (playing) pause();
    seek(head + frames / finest().fps);
    settle();
  }

  // --- What is seen, and the address

  function draw() {
    const { fps } = finest();
    const at = Math.max(head - start(), 0);
    range.max = Math.max(Math.round((end() - start()) * fps) - 1, 1);
    range.value = Math.floor(at * fps + 0.001);
    const time = `${Math.floor(at / 60)}:${(at % 60).toFixed(2).padStart(5, "0")}`;
    transport.querySelector(".time").textContent = time;
    range.setAttribute("aria-valuetext", time);
    playButton.textContent = playing ? gettext("Pause") : gettext("Play");
  }

  function drawOffset(side) {
    const words = `${side.offset > 0 ? "+" : ""}${side.offset}`;
    side.box.querySelector("output").textContent = words.replace("-", "−");
  }

  function remember() {
    const query = new URLSearchParams(location.search);
    query.delete("offset");
    if (sides.some((side) => side.offset)) for (const side of sides) query.append("offset", side.offset);
    query.set("sound", root.querySelector("[name=sound]:checked")?.value ?? "0");
    query.set("layout", root.dataset.layout);
    history.replaceState(null, "", `?${query}`);
    for (const form of root.querySelectorAll("form")) form.action = `${form.action.split("?")[0]}?${query}`;
  }

  function shift(side, frames) {
    side.offset = Math.min(Math.max(side.offset + frames, -MOST), MOST);
    drawOffset(side);
    if (!playing && side.video) {
      seek(head);
      settle();
    }
    remember();
  }

  function listen() {
    const chosen = Number(root.querySelector("[name=sound]:checked")?.value ?? 0);
    sides.forEach((side, at) => side.video && (side.video.muted = at + 1 !== chosen));
  }

  function arrange() {
    root.classList.remove(root.dataset.layout);
    root.dataset.layout = root.dataset.layout === "row" ? "grid" : "row";
    root.classList.add(root.dataset.layout);
    remember();
  }

  // --- Buttons and keys

  playButton.addEventListener("click", () => (playing ? pause() : play()));
  range.addEventListener("input", () => {
    if (playing) pause();
    seek(start() + Number(range.value) / finest().fps);
    settle();
  });
  root.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (button?.dataset.step) step(Number(button.dataset.step));
    else if (button?.dataset.shift) shift(sides.find(({ box }) => box.contains(button)), Number(button.dataset.shift));
    else if (button && "arrange" in button.dataset) arrange();
    else if (event.target.matches("video")) playButton.click();
  });
  root.addEventListener("change", (event) => {
    if (event.target.name !== "sound") return;
    listen();
    remember();
  });

  function act(key) {
    if (key === " ") playButton.click();
    else if (key === "," || key === ".") step(key === "," ? -1 : 1);
    else if (key === "l") loop.checked = !loop.checked;
    else if (key === "m") {
      const radios = [...root.querySelectorAll("[name=sound]")];
      const next = radios[(radios.findIndex((radio) => radio.checked) + 1) % radios.length];
      next.checked = true;
      listen();
      remember();
    } else if (key === "escape") document.querySelector("[data-back]").click();
    else if (key === "x" && root.querySelector("[data-reject]")) root.querySelector("[data-reject]").click();
    else if (/^[1-4]$/.test(key) && sides[key - 1]) sides[key - 1].box.querySelector("[name=winner]").click();
    else return false;
    return true;
  }

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || event.repeat && event.key === " ") return;
    if (document.querySelector("dialog[open]")) return;
    if (event.key === " " && event.target.matches("button, a, input, summary")) return;
    if (act(event.key.toLowerCase())) event.preventDefault();
  }, true);

  function prepare() {
    for (const element of root.querySelectorAll(".tuning, .transport")) element.hidden = false;
    for (const side of clips) side.video.controls = false;
    sides.forEach(drawOffset);
    listen();
    let missing = clips.filter(({ video }) => video.readyState < 1).length;
    const ready = () => {
      seek(start());
      settle();
      root.dataset.ready = "";
    };
    for (const { video } of clips) {
      if (video.readyState < 1) video.addEventListener("loadedmetadata", () => --missing || ready(), { once: true });
    }
    if (!missing && clips.length) ready();
  }
  prepare();
})();
