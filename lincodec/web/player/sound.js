// The sound of a video: its packets go into an <audio> element through MediaSource, a few seconds ahead of the clock.

import { codecOf, fragment, initSegment } from "./mp4.js";

const PIECE = 4, AHEAD = 20, BEHIND = 10; // seconds

export class Sound {
  // null without sound; throws "unsupported" where this browser cannot play it.
  static async of(file) {
    const track = await file.audio();
    if (!track || track.pts.length === 0) return null;
    const codec = codecOf(track), Media = globalThis.ManagedMediaSource ?? globalThis.MediaSource;
    if (!Media?.isTypeSupported(codec.type)) throw new Error(`this browser does not play ${codec.type}`);
    const sound = new Sound(file.source, track);
    await sound.connect(new Media(), codec);
    return sound;
  }

  constructor(source, track) {
    Object.assign(this, { source, track, element: new Audio(), loading: false, closed: false, failed: false });
    const last = track.pts.length - 1;
    this.origin = Math.min(0, track.pts[0]);
    this.start = Math.max(0, track.pts[0] * track.tick);
    this.end = (track.pts[last] + track.duration[last]) * track.tick;
    this.pieces = piecesOf(track);
    this.there = new Set();
    this.element.preservesPitch = true;
    this.element.disableRemotePlayback = true;
  }

  async connect(media, codec) {
    this.media = media;
    this.url = URL.createObjectURL(media);
    this.element.src = this.url;
    await new Promise((resolve) => media.addEventListener("sourceopen", resolve, { once: true }));
    URL.revokeObjectURL(this.url);
    media.duration = this.end;
    this.buffer = media.addSourceBuffer(codec.type);
    this.buffer.appendWindowStart = 0; // what primes the decoder is not heard
    this.isBare = codec.entry === null;
    if (!this.isBare) {
      this.buffer.timestampOffset = this.origin * this.track.tick;
      await this.append(initSegment(this.track, codec.entry));
    }
    await this.load(0);
  }

  close() {
    this.closed = true;
    this.element.pause();
    this.element.removeAttribute("src");
    this.element.load();
  }

  // Whether there is sound at a time.
  covers(seconds) {
    return !this.failed && seconds >= this.start && seconds < this.end - 0.05;
  }

  // Appends what is missing around a time; called often.
  async load(seconds) {
    if (this.loading || this.closed || this.media.readyState === "closed") return;
    this.loading = true;
    try {
      for (let at = 0; at < this.pieces.length; at++) {
        const { begin, end, first, stop } = this.pieces[at];
        if (this.there.has(at) || end < seconds || begin > seconds + AHEAD) continue;
        const { starts } = this.track;
        const data = await this.source.read(this.track.offset + starts[first], starts[stop] - starts[first]);
        if (this.closed) return;
        if (this.isBare) this.buffer.timestampOffset = Math.max(0, begin); // packets that know no time
        await this.append(this.isBare ? data : fragment(this.track, first, stop, data, this.origin));
        this.there.add(at);
        await this.forget(seconds);
      }
      // else the browser waits for more shortly before the end
      if (this.there.has(this.pieces.length - 1) && this.media.readyState === "open") this.media.endOfStream();
    } catch {
      this.failed = true; // the pictures go on without it
    } finally {
      this.loading = false;
    }
  }

  // Removes what is long past or far ahead, so that long videos take no more memory than short ones.
  async forget(seconds) {
    for (const at of [...this.there]) {
      const { begin, end } = this.pieces[at];
      if (end > seconds - BEHIND && begin < seconds + 2 * AHEAD) continue;
      this.there.delete(at);
      await this.changed(() => this.buffer.remove(Math.max(0, begin), Math.max(end, begin + 0.01, 0.01)));
    }
  }

  append(bytes) {
    return this.changed(() => this.buffer.appendBuffer(bytes));
  }

  changed(change) {
    return new Promise((resolve, reject) => {
      this.buffer.addEventListener("updateend", resolve, { once: true });
      this.buffer.addEventListener("error", () => reject(new Error("the browser refused the sound")), { once: true });
      change();
    });
  }
}

// Packets in pieces of a few seconds: packets first to before stop are heard from begin to end.
function piecesOf({ pts, duration, tick }) {
  const pieces = [];
  for (let first = 0, i = 1; i <= pts.length; i++) {
    if (i < pts.length && (pts[i] - pts[first]) * tick < PIECE) continue;
    pieces.push({ first, stop: i, begin: pts[first] * tick, end: (pts[i - 1] + duration[i - 1]) * tick });
    first = i;
  }
  return pieces;
}
