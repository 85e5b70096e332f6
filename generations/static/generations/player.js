// The player's bar: seek, frames, loop, speed, volume, full screen. Without it the browser's own controls stay.
// Other pages import the plain functions; a page with [data-player] gets the bar.

const USUAL_RATE = 24;
const SPEEDS = [0.25, 0.5, 0.75, 1, 1.5, 2];
const SWIPE_PIXELS = 60;

/** The number of the frame that is shown at a moment, from 0. */
export const frameAt = (seconds, fps) => Math.floor(seconds * fps + 0.001);

/** The moment to seek to for a frame: its middle, as on its edge rounding may show the one before. */
export const middleOf = (frame, fps) => (frame + 0.5) / fps;

export function timecode(seconds) {
  const hundredths = Math.floor(seconds * 100 + 1e-4);
  const two = (number) => String(number).padStart(2, "0");
  return `${Math.floor(hundredths / 6000)}:${two(Math.floor(hundredths / 100) % 60)}.${two(hundredths % 100)}`;
}

/** Seek, and while a seek runs keep only the latest target. */
export function seekTo(video, seconds) {
  const target = Math.min(Math.max(seconds, 0), video.duration || seconds);
  if (video.seeking && video.dataset.seeking) {
    video.dataset.target = target;
    return;
  }
  video.dataset.seeking = "yes";
  delete video.dataset.target;
  video.addEventListener("seeked", () => {
    delete video.dataset.seeking;
    if (video.dataset.target !== undefined) seekTo(video, Number(video.dataset.target));
  }, { once: true });
  video.currentTime = target;
}

/** What this browser remembers; nothing where storage is blocked. */
export const memory = {
  get(name) {
    try {
      return localStorage.getItem(name);
    } catch {
      return null;
    }
  },
  set(name, value) {
    try {
      localStorage.setItem(name, value);
    } catch {
      // It is forgotten with the page.
    }
  },
};

export class Player {
  constructor(root) {
    this.root = root;
    this.video = root.querySelector("video");
    this.fps = Number(root.dataset.fps) || USUAL_RATE;
    this.fields = Object.fromEntries([...root.querySelectorAll("[data-set]")].map((each) => [each.dataset.set, each]));
    this.words = Object.fromEntries([...root.querySelectorAll("[data-say]")].map((each) => [each.dataset.say, each]));
    this.buttons = Object.fromEntries([...root.querySelectorAll("[data-do]")].map((each) => [each.dataset.do, each]));
    this.video.controls = false;
    this.measure();
    this.recall();
    this.listen();
    this.show();
  }

  get seconds() {
    return this.video.duration || Number(this.root.dataset.seconds);
  }

  get frame() {
    return Math.min(frameAt(this.video.currentTime, this.fps), this.frames - 1);
  }

  measure() {
    this.frames = Math.max(1, Math.round(Number(this.root.dataset.seconds) * this.fps));
    this.fields.frame.max = this.frames - 1;
    this.words.length.textContent = timecode(this.seconds);
  }

  recall() {
    const volume = memory.get("volume");
    if (volume !== null && volume >= 0 && volume <= 1) this.video.volume = Number(volume);
    this.video.muted = memory.get("muted") === "yes";
  }

  listen() {
    const { video, fields, buttons } = this;
    for (const [name, button] of Object.entries(buttons)) button.addEventListener("click", () => this[name]());
    fields.frame.addEventListener("input", () => this.go(Number(fields.frame.value)));
    fields.speed.addEventListener("change", () => (video.playbackRate = Number(fields.speed.value)));
    fields.volume?.addEventListener("input", () => {
      video.volume = Number(fields.volume.value);
      video.muted = video.volume === 0;
    });
    for (const name of ["play", "pause", "seeked", "timeupdate", "loadedmetadata", "ratechange", "volumechange"]) {
      video.addEventListener(name, () => this.show());
    }
    video.addEventListener("volumechange", () => {
      memory.set("volume", String(video.volume));
      memory.set("muted", video.muted ? "yes" : "no");
    });
    video.addEventListener("loadedmetadata", () => this.measure());
    video.addEventListener("play", () => this.follow());
    this.swipe();
  }

  /** Show each frame's number while it plays. */
  follow() {
    if (!this.video.requestVideoFrameCallback) return;
    this.video.requestVideoFrameCallback(() => {
      this.show();
      if (!this.video.paused) this.follow();
    });
  }

  show() {
    const { video, fields, words, buttons, frame } = this;
    fields.frame.value = frame;
    const position = { time: timecode(video.currentTime), frame };
    fields.frame.setAttribute("aria-valuetext", interpolate(gettext("%(time)s, frame %(frame)s"), position, true));
    words.time.textContent = timecode(video.currentTime);
    words.frame.textContent = frame;
    fields.speed.value = String(video.playbackRate);
    buttons.play.classList.toggle("is-on", !video.paused);
    buttons.play.setAttribute("aria-label", video.paused ? gettext("Play") : gettext("Pause"));
    buttons.loop.setAttribute("aria-pressed", video.loop);
    buttons.mute?.setAttribute("aria-pressed", video.muted);
    buttons.mute?.classList.toggle("is-on", video.muted);
    if (fields.volume) fields.volume.value = video.muted ? 0 : video.volume;
  }

  play() {
    this.video.paused ? this.video.play() : this.video.pause();
  }

  /** Stop at a frame, and tell the page which moment was chosen. */
  go(frame) {
    this.seek(middleOf(Math.min(Math.max(frame, 0), this.frames - 1), this.fps));
  }

  seek(seconds) {
    this.video.pause();
    seekTo(this.video, seconds);
    this.root.dispatchEvent(new CustomEvent("moment", { bubbles: true, detail: seconds }));
  }

  back() {
    this.go(this.wanted - 1);
  }

  on() {
    this.go(this.wanted + 1);
  }

  /** The frame that is shown, or that a seek under way will show. */
  get wanted() {
    const target = this.video.dataset.target;
    return target === undefined ? this.frame : frameAt(Number(target), this.fps);
  }

  loop() {
    this.video.loop = !this.video.loop;
    this.show();
  }

  mute() {
    this.video.muted = !this.video.muted;
  }

  faster(steps) {
    const place = SPEEDS.indexOf(this.video.playbackRate) + steps;
    this.video.playbackRate = SPEEDS[Math.min(Math.max(place, 0), SPEEDS.length - 1)];
  }

  screen() {
    if (document.fullscreenElement) document.exitFullscreen();
    else if (this.root.requestFullscreen) this.root.requestFullscreen();
    else this.video.webkitEnterFullscreen?.();
  }

  /** A tap plays, a sideways swipe leads to the neighbour. */
  swipe() {
    let start = null;
    this.video.addEventListener("pointerdown", (event) => (start = { x: event.clientX, y: event.clientY }));
    this.video.addEventListener("pointercancel", () => (start = null));
    this.video.addEventListener("pointerup", (event) => {
      if (!start || event.button) return;
      const [x, y] = [event.clientX - start.x, event.clientY - start.y];
      start = null;
      if (event.pointerType === "touch" && Math.abs(x) > SWIPE_PIXELS && Math.abs(x) > 2 * Math.abs(y)) {
        document.querySelector(`[data-go="${x < 0 ? "older" : "newer"}"]`)?.click();
      } else if (Math.hypot(x, y) < 10) {
        this.play();
      }
    });
  }

  /** Show where the comments are: each has its moment, its words and what it leads to. */
  mark(comments) {
    const marks = this.root.querySelector(".marks");
    marks.replaceChildren(...comments.map(({ seconds, title, href, resolved }) => {
      const mark = document.createElement("a");
      mark.href = href;
      mark.title = title;
      mark.tabIndex = -1; // the list of comments has the same moments for the keyboard
      mark.className = resolved ? "resolved" : "";
      mark.style.setProperty("--at", Math.min(seconds / this.seconds, 1));
      mark.addEventListener("click", (event) => {
        event.preventDefault();
        this.seek(seconds);
      });
      return mark;
    }));
  }
}

// Keys that mean something anywhere on the page but in a field.
const KEYS = {
  " ": "play", k: "play", ",": "back", ".": "on", l: "loop", m: "mute", z: "screen",
};

function onKey(event, player) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  if (document.querySelector("dialog[open]")) return;
  const focus = document.activeElement;
  const typing = focus.matches("textarea, select, [contenteditable], input:not([type=range])");
  // A button or a link that has the focus means itself by the space bar.
  if (typing || (event.key === " " && !(focus === document.body || focus.id === "main" || focus.type === "range"))) return;
  const name = KEYS[event.key.toLowerCase()];
  if (name) player[name]();
  else if (event.key === "<" || event.key === ">") player.faster(event.key === "<" ? -1 : 1);
  else return;
  event.preventDefault();
}

for (const root of document.querySelectorAll("[data-player]")) {
  root.player = new Player(root);
  document.addEventListener("keydown", (event) => onKey(event, root.player));
}
