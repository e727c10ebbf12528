// The source under the left part of the picture, linc under the right one; the edge follows the pointer.

import { element } from "./dom.js";

const APART = 0.08; // seconds by which the two may differ while they play
const STEP = 2; // per cent an arrow key moves the edge

export class Split {
  constructor(stage, video, url) {
    Object.assign(this, { stage, video });
    this.source = element("video", { src: url, muted: true, playsInline: true, "aria-label": "Source" });
    this.edge = element("div", { className: "edge" });
    this.names = [element("span", { className: "side left" }, "source"), element("span", { className: "side right" }, "linc")];
    video.classList.add("split");
    stage.prepend(this.source);
    stage.append(this.edge, ...this.names);
    this.moved = (event) => {
      const box = stage.getBoundingClientRect();
      this.set(((event.clientX - box.left) / box.width) * 100);
    };
    stage.addEventListener("pointermove", this.moved);
    this.set(50);
    this.follow();
  }

  set(share) {
    this.share = Math.max(0, Math.min(100, share));
    this.stage.style.setProperty("--split", `${this.share}%`);
  }

  nudge(turns) {
    this.set(this.share + STEP * turns);
  }

  follow() {
    const { source, video } = this;
    if (source.readyState === 0) return;
    if (Math.abs(source.currentTime - video.currentTime) > (video.paused ? 0.001 : APART) && !source.seeking) source.currentTime = video.currentTime;
    source.playbackRate = video.playbackRate;
    if (source.paused !== video.paused) {
      if (video.paused) source.pause();
      else source.play().catch(() => undefined);
    }
  }

  close() {
    this.stage.removeEventListener("pointermove", this.moved);
    this.video.classList.remove("split");
    this.source.removeAttribute("src");
    this.source.load();
    [this.source, this.edge, ...this.names].forEach((part) => part.remove());
  }
}
