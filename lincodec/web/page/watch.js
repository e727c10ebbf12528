// One video: the picture with its controls, timeline, map and details.

import { ask } from "./api.js";
import { detailsOf } from "./details.js";
import { clockText, element, say } from "./dom.js";
import { LatentMap } from "./latents.js";
import { Split } from "./split.js";
import { Stream } from "./stream.js";
import { Timeline } from "./timeline.js";

const SIZES = { native: "as it is", "360p": "360p", "480p": "480p", "720p": "720p", "1080p": "1080p", "2160p": "4K" };
const SCALES = { 1: "1×", 2: "2×", 4: "4×" };
const SPEEDS = [0.25, 0.5, 1, 1.5, 2];
const SKIP = 5; // seconds an arrow key goes

export class Watch {
  constructor(view, id, start) {
    Object.assign(this, { view, id, start, res: "native", scale: "1", speed: 1, closed: false });
    this.keyed = (event) => this.pressed(event);
  }

  async open() {
    this.build();
    document.addEventListener("keydown", this.keyed);
    await this.play(this.start ?? 0, this.start !== undefined);
    if (!this.meta) return;
    this.title.textContent = this.meta.name;
    document.title = `${this.meta.name} – linc`;
    await Promise.all([this.addDetails(), this.addMap()]);
  }

  close() {
    this.closed = true;
    document.removeEventListener("keydown", this.keyed);
    document.title = "linc";
    this.split?.close();
    this.stream?.close();
  }

  build() {
    this.title = element("h1", {}, " ");
    this.video = element("video", { playsInline: true, "aria-label": "Video" });
    this.stage = element("div", { className: "stage" }, this.video);
    this.controls = element("div", { className: "controls" });
    this.strip = element("div", { className: "timeline" });
    this.map = new LatentMap((frame) => this.seek(this.frameTimes(frame * Number(this.scale)) + 1e-4));
    this.side = element("aside", { "aria-label": "About this video" }, this.map.root);
    const left = element("div", {}, this.stage, this.strip, this.controls);
    this.view.replaceChildren(this.title, element("div", { className: "watch" }, left, this.side));
    this.fillControls();
    this.video.addEventListener("click", () => this.toggle());
    for (const name of ["play", "pause", "ended", "timeupdate", "seeked", "progress"]) this.video.addEventListener(name, () => this.update());
    this.video.addEventListener("loadedmetadata", () => this.stage.style.setProperty("--shape", `${this.video.videoWidth} / ${this.video.videoHeight}`));
    const follow = () => {
      if (this.closed) return;
      if (!this.video.paused) this.update();
      requestAnimationFrame(follow);
    };
    follow();
  }

  fillControls() {
    const choice = (label, values, value, change) => {
      const options = Object.entries(values).map(([key, text]) => element("option", { value: key, selected: key === value }, text));
      return element("label", {}, label, element("select", { onchange: (event) => change(event.target.value) }, ...options));
    };
    const speeds = Object.fromEntries(SPEEDS.map((speed) => [`s${speed}`, `${speed}×`]));
    this.button = element("button", { type: "button", onclick: () => this.toggle() }, "Play");
    this.time = element("time", {}, "00:00 / 00:00");
    this.mute = element("button", { type: "button", onclick: () => this.toggleSound() }, "Mute");
    this.splitter = element("button", { type: "button", hidden: true, "aria-pressed": "false", onclick: () => this.toggleSplit() }, "Compare");
    this.controls.append(
      this.button, this.time, this.mute,
      choice("Size", SIZES, this.res, (res) => this.change({ res })),
      choice("Frames", SCALES, this.scale, (scale) => this.change({ scale })),
      choice("Speed", speeds, "s1", (key) => {
        this.speed = Number(key.slice(1));
        this.video.playbackRate = this.speed;
      }),
      element("button", { type: "button", onclick: () => this.fullscreen() }, "Full screen"), this.splitter,
      element("a", { className: "button", href: `/video/${this.id}/file`, download: "" }, "Download"),
      element("a", { className: "button", href: `/video/${this.id}/mp4?size=20`, download: "" }, "MP4 up to 20 MB"),
      (this.stillLink = element("a", { className: "button", href: "#", download: "still.png", onclick: () => this.aimStill() }, "Still")),
    );
  }

  // Opens the stream as it is chosen now.
  async play(at, begins) {
    this.stream?.close();
    const stream = new Stream(this.video, this.id, `?res=${this.res}&scale=${this.scale}`, (error) => this.broken(error));
    this.stream = stream;
    try {
      this.meta = await stream.open();
    } catch (error) {
      return this.broken(error);
    }
    if (this.closed || stream !== this.stream) return;
    say("");
    const { step, at: times } = this.meta.times;
    this.frameTimes = times ? (frame) => times[Math.min(times.length - 1, frame)] : (frame) => frame * step;
    this.frameAt = times ? (seconds) => Math.max(0, times.findLastIndex((time) => time <= seconds + 1e-4)) : (seconds) => Math.floor(seconds / step + 1e-3);
    this.splitter.hidden = !this.meta.has_source;
    if (!this.timeline) {
      this.timeline = new Timeline(this.id, this.meta.seconds, (seconds) => this.seek(seconds));
      this.strip.replaceWith(this.timeline.root);
    }
    this.video.currentTime = at;
    this.video.playbackRate = this.speed;
    this.update();
    if (begins) this.video.play().catch(() => undefined); // the page may have to be touched first
  }

  change(wish) {
    Object.assign(this, wish);
    const { currentTime, paused } = this.video;
    this.play(currentTime, !paused);
  }

  broken(error) {
    say(error.damaged ? `This video is damaged: ${error.message}` : error.message, true);
    if (this.meta) return;
    this.title.textContent = error.damaged ? "Damaged video" : "This video cannot be played";
    this.map.root.hidden = true;
  }

  async addDetails() {
    try {
      const about = await ask(`/api/details/${this.id}`);
      if (this.closed) return;
      this.side.append(detailsOf(about));
      this.timeline.shots = about.shots;
      this.timeline.draw();
    } catch (error) {
      this.broken(error);
    }
  }

  async addMap() {
    try {
      const data = await ask(`/api/map/${this.id}`);
      if (this.closed) return;
      this.map.fill(data);
    } catch {
      this.map.root.hidden = true; // a file without latents has no map
    }
  }

  update() {
    const { video } = this;
    this.button.textContent = video.paused ? "Play" : "Pause";
    this.mute.textContent = video.muted ? "Unmute" : "Mute";
    this.time.textContent = `${clockText(video.currentTime)} / ${clockText(this.meta?.seconds)}`;
    this.timeline?.update(video.currentTime, video.buffered);
    this.map.update(Math.floor(this.frame / Number(this.scale)));
    this.split?.follow();
  }

  // Number of the frame that is shown, at the chosen rate.
  get frame() {
    return this.frameAt ? this.frameAt(this.video.currentTime) : 0;
  }

  seek(seconds) {
    this.video.currentTime = Math.max(0, Math.min(this.meta.seconds - 1e-3, seconds));
    this.update();
  }

  step(frames) {
    this.video.pause();
    this.seek(this.frameTimes(Math.max(0, this.frame + frames)) + 1e-4);
  }

  toggle() {
    if (this.video.paused) this.video.play().catch((error) => say(error.message, true));
    else this.video.pause();
  }

  toggleSound() {
    this.video.muted = !this.video.muted;
    this.update();
  }

  toggleSplit() {
    if (this.split) {
      this.split.close();
      this.split = null;
    } else this.split = new Split(this.stage, this.video, `/video/${this.id}/source`);
    this.splitter.setAttribute("aria-pressed", String(Boolean(this.split)));
  }

  aimStill() {
    this.stillLink.href = `/video/${this.id}/still.png?t=${this.video.currentTime.toFixed(3)}`;
  }

  fullscreen() {
    if (document.fullscreenElement) document.exitFullscreen();
    else this.stage.requestFullscreen?.();
  }

  pressed(event) {
    if (event.ctrlKey || event.altKey || event.metaKey || event.target.closest("input, select, textarea")) return;
    if (event.key === " " && event.target.closest("button, a, summary")) return;
    const act = {
      " ": () => this.toggle(), k: () => this.toggle(), f: () => this.fullscreen(), m: () => this.toggleSound(),
      ArrowLeft: () => this.seek(this.video.currentTime - SKIP), ArrowRight: () => this.seek(this.video.currentTime + SKIP),
      ",": () => this.step(-1), ".": () => this.step(1), Home: () => this.seek(0), End: () => this.seek(this.meta.seconds),
    }[event.key];
    if (!act || !this.meta) return;
    event.preventDefault();
    act();
  }
}
