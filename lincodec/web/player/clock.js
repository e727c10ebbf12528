// The time of a video that plays: that of its sound where there is some, else of the machine.

export class Clock {
  constructor(sound, end) {
    Object.assign(this, { sound, end, rate: 1, running: false, base: 0, since: 0 });
  }

  get now() {
    if (!this.running) return this.base;
    if (this.isHeard && this.sound.covers(this.sound.element.currentTime)) {
      this.base = this.sound.element.currentTime;
      this.since = performance.now();
      return this.base;
    }
    return Math.min(this.end, this.base + ((performance.now() - this.since) / 1000) * this.rate);
  }

  // Whether the sound gives the time at the moment.
  get isHeard() {
    return this.sound && !this.sound.element.paused && !this.sound.element.ended;
  }

  start() {
    this.running = true;
    this.since = performance.now();
    this.follow();
  }

  stop() {
    this.base = this.now;
    this.running = false;
    this.sound?.element.pause();
  }

  seek(seconds) {
    this.base = Math.max(0, Math.min(seconds, this.end));
    this.since = performance.now();
    if (this.sound) this.sound.element.currentTime = Math.min(this.base, this.sound.end);
    this.follow();
  }

  speed(rate) {
    this.base = this.now;
    this.since = performance.now();
    this.rate = rate;
    if (this.sound) this.sound.element.playbackRate = rate;
  }

  // Lets the sound begin where the video comes to it, and loads what comes next; called often.
  follow() {
    if (!this.sound) return;
    const at = this.now, { element } = this.sound;
    this.sound.load(at);
    if (!this.running || !element.paused || !this.sound.covers(at)) return;
    element.currentTime = at;
    this.base = at;
    element.play().catch((error) => {
      if (error.name !== "NotAllowedError" || element.muted) return;
      element.muted = true; // a page may not begin to sound by itself
      element.dispatchEvent(new Event("volumechange"));
      if (this.running) element.play().catch(() => undefined);
    });
  }
}
