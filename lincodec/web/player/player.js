// Plays a file on a canvas: pictures from the queue at the times of the clock.

import { decoderBytes, startWorker } from "./assets.js";
import { uprightSize } from "./colour.js";
import { Clock } from "./clock.js";
import { LincFile } from "./container.js";
import { FlatScreen } from "./flat_screen.js";
import { FrameQueue } from "./frame_queue.js";
import { GlScreen } from "./gl_screen.js";
import { Sound } from "./sound.js";
import { frameAt } from "./times.js";

const MOST_WORKERS = 4;
const AGAIN = 12; // frames that must be there before play goes on after a wait

// Events: "frame" (one was shown), "state" (paused, waiting or the end changed), "damage" (see `error`).
export class Player extends EventTarget {
  // source: an object with size and read(offset, count); options: { flat, workers } force what is used.
  static async open(source, canvas, options = {}) {
    const file = await LincFile.open(source), player = new Player(file, canvas, options);
    await player.connect(options.workers ?? Math.min(MOST_WORKERS, navigator.hardwareConcurrency || 2));
    return player;
  }

  constructor(file, canvas, { flat }) {
    super();
    this.file = file;
    this.screen = (flat ? null : GlScreen.on(canvas, file.head)) ?? new FlatScreen(canvas, file.head);
    this.size = uprightSize(file.head);
    this.duration = file.times.end;
    Object.assign(this, { paused: true, waiting: false, ended: false, loop: false, error: null, soundError: null });
    Object.assign(this, { shown: -1, wanted: 0, drawn: 0, dropped: 0, closed: false });
  }

  async connect(count) {
    const bytes = await decoderBytes();
    const workers = Array.from({ length: count }, () => startWorker());
    workers.forEach((worker) => worker.postMessage({ type: "core", bytes }));
    this.queue = new FrameQueue(this.file, workers, () => this.heard());
    this.queue.start(0);
    let sound = null;
    try {
      sound = await Sound.of(this.file);
    } catch (error) {
      this.soundError = error; // the pictures play without it
    }
    this.clock = new Clock(sound, this.duration);
    this.heard();
  }

  get sound() {
    return this.clock.sound;
  }

  get currentTime() {
    return this.paused || this.waiting ? this.clock.base : this.clock.now;
  }

  set currentTime(seconds) {
    this.clock.seek(seconds);
    this.show(frameAt(this.file.times, this.clock.base));
  }

  get rate() {
    return this.clock.rate;
  }

  set rate(rate) {
    this.clock.speed(rate);
  }

  play() {
    if (!this.paused) return;
    if (this.ended) this.currentTime = 0;
    this.paused = false;
    this.wait();
    this.tick();
  }

  pause() {
    if (this.paused) return;
    this.clock.stop();
    this.paused = true;
    this.waiting = false;
    this.tell("state");
  }

  // Some frames on or back, and pauses.
  step(frames) {
    this.pause();
    const frame = Math.max(0, Math.min(this.file.frames - 1, this.wanted + frames));
    this.clock.seek(this.file.times.at[frame]);
    this.show(frame);
  }

  close() {
    this.closed = true;
    this.clock.stop();
    this.queue.close();
    this.sound?.close();
  }

  tell(name) {
    this.dispatchEvent(new Event(name));
  }

  // Has a frame shown that may be anywhere.
  show(frame) {
    this.wanted = frame;
    this.ended = false;
    const near = frame >= this.shown && (this.queue.picture(frame) || (this.shown >= 0 && frame - this.shown < AGAIN));
    if (!near || this.queue.isLost(frame)) {
      this.queue.start(frame);
      this.shown = -1;
    }
    if (!this.paused) this.wait();
    this.heard();
    this.tell("state");
  }

  // Stops the clock until enough is decoded.
  wait() {
    this.clock.stop();
    this.waiting = true;
    this.tell("state");
    this.heard();
  }

  // There is something new in the queue.
  heard() {
    if (this.closed || !this.clock) return;
    if (this.queue.error && this.queue.error !== this.error) {
      this.error = this.queue.error;
      this.tell("damage");
    }
    if (this.paused || this.waiting) this.draw(this.wanted);
    if (!this.waiting) return;
    const ready = this.queue.ready(this.wanted);
    if (ready < AGAIN && this.wanted + ready < this.file.frames && ready < this.queue.credit) return;
    this.waiting = false;
    this.clock.start();
    this.tell("state");
  }

  draw(frame) {
    const planes = this.queue.picture(frame);
    if (!planes || frame === this.shown) return;
    this.screen.show(planes);
    this.shown = frame;
    this.drawn++;
    this.queue.drop(frame);
    this.tell("frame");
  }

  // Once for every picture of the display.
  tick() {
    if (this.paused || this.closed) return;
    requestAnimationFrame(() => this.tick());
    if (this.waiting) return;
    const now = this.clock.now;
    if (now >= this.duration - 1e-3) return this.finish();
    this.clock.follow();
    const frame = frameAt(this.file.times, now);
    if (frame <= this.shown) return;
    if (frame > this.wanted + 1) this.dropped += frame - this.wanted - 1;
    this.wanted = frame;
    if (this.queue.picture(frame)) this.draw(frame);
    else if (!this.queue.isLost(frame)) this.wait();
  }

  finish() {
    if (this.loop) {
      this.currentTime = 0;
      return;
    }
    this.pause();
    this.ended = true;
    this.tell("state");
  }
}
