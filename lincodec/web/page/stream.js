// A stream into a <video> by MediaSource: the windows around the playhead and no others.

import { ask, bytes } from "./api.js";

const AHEAD = 10, BEHIND = 20, RETRY = 700; // seconds, milliseconds

export class Stream {
  // failed(error): told once when it cannot go on.
  constructor(video, id, query, failed) {
    Object.assign(this, { video, id, query, failed, closed: false, tracks: [] });
    this.seeking = () => this.tracks.forEach((track) => track.seek());
  }

  // Returns what the server says of the file.
  async open() {
    this.meta = await ask(`/api/meta/${this.id}${this.query}`);
    const Media = globalThis.ManagedMediaSource ?? globalThis.MediaSource;
    if (!Media) {
      this.video.src = `/video/${this.id}/master.m3u8${this.query}`; // by native HLS
      return this.meta;
    }
    this.media = new Media();
    this.video.disableRemotePlayback = true;
    const url = URL.createObjectURL(this.media);
    this.video.src = url;
    await new Promise((resolve) => this.media.addEventListener("sourceopen", resolve, { once: true }));
    URL.revokeObjectURL(url);
    this.media.duration = this.meta.seconds;
    // every buffer is there before the first bytes are: Chromium takes none afterwards
    const kinds = this.meta.audio ? ["video", "audio"] : ["video"];
    this.tracks = kinds.map((kind) => new Track(this, kind));
    this.video.addEventListener("seeking", this.seeking);
    this.tracks.forEach((track) => track.run());
    return this.meta;
  }

  close() {
    this.closed = true;
    this.video.removeEventListener("seeking", this.seeking);
    this.tracks.forEach((track) => track.seek());
    this.video.removeAttribute("src");
    this.video.load();
  }

  fail(error) {
    if (this.closed) return;
    this.closed = true;
    this.failed(error);
  }

  // Says that nothing comes behind what is buffered, once all of the end is.
  finish() {
    if (this.media.readyState !== "open" || this.tracks.some((track) => !track.hasEnd || track.buffer.updating)) return;
    this.media.endOfStream();
  }
}

class Track {
  constructor(stream, kind) {
    const { type, windows } = stream.meta[kind];
    Object.assign(this, { stream, windows, there: new Set(), path: `/video/${stream.id}/${kind[0]}` });
    this.query = kind === "video" ? stream.query : "";
    this.buffer = stream.media.addSourceBuffer(type);
    this.buffer.appendWindowStart = 0; // what primes the decoder is not heard
  }

  get hasEnd() {
    return this.there.has(this.windows.length - 1);
  }

  // The playhead went elsewhere: what is under way is of no use.
  seek() {
    this.abort?.abort();
    this.wake?.();
  }

  async run() {
    try {
      await this.append(await (await bytes(`${this.path}/init.mp4${this.query}`)).arrayBuffer());
      while (!this.stream.closed) {
        const next = this.missing();
        if (next >= 0) await this.load(next);
        else {
          this.stream.finish();
          await this.pause(250);
        }
      }
    } catch (error) {
      this.stream.fail(error);
    }
  }

  // The first window near the playhead that is not there, or -1.
  missing() {
    const at = this.stream.video.currentTime;
    return this.windows.findIndex(([begin, end], i) => end > at && begin < at + AHEAD && !this.there.has(i));
  }

  async load(number) {
    this.abort = new AbortController();
    try {
      const answer = await bytes(`${this.path}/${number}.m4s${this.query}`, this.abort.signal);
      const reader = answer.body.getReader();
      for (;;) {
        const { done, value } = await reader.read();
        if (done || this.stream.closed) break;
        await this.append(value);
      }
      if (this.stream.closed) return;
      this.there.add(number);
      await this.forget();
    } catch (error) {
      if (this.stream.closed) return;
      if (error.name === "AbortError") this.buffer.abort(); // the rest of a piece is not coming
      else if (error.status === 503) await this.pause(RETRY);
      else throw error;
    }
  }

  // Removes what is far from the playhead, so that memory does not grow.
  async forget() {
    const at = this.stream.video.currentTime;
    for (const number of [...this.there]) {
      const [begin, end] = this.windows[number];
      if (end > at - BEHIND && begin < at + 2 * AHEAD) continue;
      this.there.delete(number);
      await this.changed(() => this.buffer.remove(Math.max(0, begin), Math.max(end, 0.001)));
    }
  }

  pause(milliseconds) {
    return new Promise((resolve) => {
      this.wake = resolve;
      setTimeout(resolve, milliseconds);
    });
  }

  append(data) {
    return this.changed(() => this.buffer.appendBuffer(data));
  }

  changed(change) {
    if (this.stream.closed) return Promise.resolve();
    return new Promise((resolve, reject) => {
      this.buffer.addEventListener("updateend", resolve, { once: true });
      this.buffer.addEventListener("error", () => reject(new Error("the browser refused the stream")), { once: true });
      change();
    });
  }
}
