// <linc-video src="clip.linc">: a video with its controls.
//
// Attributes: src (a URL, or #id of an element that holds the file as base64), autoplay, loop, muted, flat (no WebGL).
// As on <video>: currentTime, duration, paused, ended, playbackRate, volume, muted, play(), pause(); events
// loadedmetadata, play, pause, ended, seeked, timeupdate, waiting, error.

import { fromBase64 } from "./base64.js";
import { Controls } from "./controls.js";
import { LincError } from "./errors.js";
import { Player } from "./player.js";
import { BlobSource, MemorySource, openUrl } from "./source.js";

const SKIP = 5; // seconds an arrow key goes

export class LincVideo extends HTMLElement {
  static observedAttributes = ["src"];

  constructor() {
    super();
    this.controls = new Controls(this, this.attachShadow({ mode: "open" }));
    this.addEventListener("keydown", (event) => this.pressed(event));
    this.opening = 0;
  }

  connectedCallback() {
    if (!this.hasAttribute("tabindex")) this.tabIndex = 0;
    if (!this.player && this.hasAttribute("src")) this.load();
  }

  disconnectedCallback() {
    this.opening++;
    this.player?.close();
    this.player = null;
  }

  attributeChangedCallback() {
    if (this.isConnected) this.load();
  }

  // Plays a File, Blob or bytes instead of what src names.
  set file(data) {
    this.load(data instanceof Blob ? new BlobSource(data) : new MemorySource(new Uint8Array(data)));
  }

  async load(source) {
    const turn = ++this.opening;
    this.player?.close();
    this.player = null;
    this.controls.loading();
    try {
      const from = source ?? (await sourceOf(this.getAttribute("src")));
      const player = await Player.open(from, this.controls.freshCanvas(), { flat: this.hasAttribute("flat") });
      if (turn !== this.opening) return player.close();
      this.attach(player);
    } catch (error) {
      if (turn === this.opening) this.failed(error);
    }
  }

  attach(player) {
    this.player = player;
    player.loop = this.hasAttribute("loop");
    if (player.sound) {
      player.sound.element.muted = this.hasAttribute("muted");
      player.sound.element.addEventListener("volumechange", () => this.controls.update());
    }
    player.addEventListener("frame", () => {
      this.controls.progress();
      this.tell("timeupdate");
      if (this.isSeeking && player.shown === player.wanted) {
        this.isSeeking = false;
        this.tell("seeked");
      }
    });
    player.addEventListener("state", () => this.changed());
    player.addEventListener("damage", () => this.controls.warn(player.error.message));
    this.controls.loaded();
    if (player.error) this.controls.warn(player.error.message);
    this.tell("loadedmetadata");
    if (this.hasAttribute("autoplay")) this.play();
  }

  changed() {
    const state = this.player.ended ? "ended" : this.player.paused ? "pause" : this.player.waiting ? "waiting" : "play";
    this.controls.update();
    if (state !== this.lastState) this.tell(state);
    this.lastState = state;
  }

  failed(error) {
    this.error = error;
    this.controls.fail(error instanceof LincError ? error.message : String(error));
    this.tell("error");
  }

  tell(name) {
    this.dispatchEvent(new Event(name));
  }

  play() {
    this.player?.play();
  }

  pause() {
    this.player?.pause();
  }

  toggle() {
    if (this.paused) this.play();
    else this.pause();
  }

  step(frames) {
    this.player?.step(frames);
  }

  get paused() {
    return this.player?.paused ?? true;
  }

  get ended() {
    return this.player?.ended ?? false;
  }

  get duration() {
    return this.player?.duration ?? NaN;
  }

  get currentTime() {
    return this.player?.currentTime ?? 0;
  }

  set currentTime(seconds) {
    if (!this.player) return;
    this.isSeeking = true;
    this.player.currentTime = seconds;
    this.controls.progress();
  }

  get playbackRate() {
    return this.player?.rate ?? 1;
  }

  set playbackRate(rate) {
    if (this.player) this.player.rate = rate;
    this.controls.update();
  }

  get muted() {
    return this.player?.sound?.element.muted ?? true;
  }

  set muted(muted) {
    if (this.player?.sound) this.player.sound.element.muted = muted;
  }

  get volume() {
    return this.player?.sound?.element.volume ?? 0;
  }

  set volume(volume) {
    if (this.player?.sound) this.player.sound.element.volume = volume;
  }

  fullscreen() {
    if (document.fullscreenElement === this) document.exitFullscreen();
    else this.requestFullscreen?.();
  }

  pressed(event) {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const inside = this.shadowRoot.activeElement?.localName;
    if (inside === "select" || (inside === "button" && event.key === " ")) return;
    const act = this.keys[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  }

  get keys() {
    return {
      " ": () => this.toggle(), k: () => this.toggle(), m: () => (this.muted = !this.muted), f: () => this.fullscreen(),
      ArrowLeft: () => (this.currentTime -= SKIP), ArrowRight: () => (this.currentTime += SKIP),
      ",": () => this.step(-1), ".": () => this.step(1),
      Home: () => (this.currentTime = 0), End: () => (this.currentTime = this.duration),
    };
  }
}

async function sourceOf(name) {
  if (!name?.startsWith("#")) return openUrl(new URL(name, document.baseURI).href);
  const holder = document.getElementById(name.slice(1));
  if (!holder) throw new LincError("source", `the page has no element ${name}`);
  return new MemorySource(fromBase64(holder.textContent));
}

if (!customElements.get("linc-video")) customElements.define("linc-video", LincVideo);
