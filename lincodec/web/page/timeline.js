// The strip under the video: shots, the playhead, what is buffered, and a picture where the pointer is.

import { thumbOf } from "./api.js";
import { clockText, colour, drawable, element } from "./dom.js";

const STEP = 5; // seconds an arrow key goes

export class Timeline {
  // seek(seconds): go there.
  constructor(id, seconds, seek) {
    Object.assign(this, { id, seconds, shots: [], ranges: [], now: 0 });
    this.canvas = element("canvas", { "aria-hidden": "true" });
    this.slider = element("input", { type: "range", min: 0, max: seconds, step: 0.01, value: 0, "aria-label": "Position" });
    this.image = element("img", { alt: "" });
    this.time = element("div");
    this.hover = element("div", { className: "hover", hidden: true }, this.image, this.time);
    this.root = element("div", { className: "timeline" }, this.canvas, this.slider, this.hover);
    this.slider.addEventListener("input", () => seek(Number(this.slider.value)));
    this.slider.addEventListener("keydown", (event) => {
      const turn = { ArrowLeft: -STEP, ArrowRight: STEP, ArrowDown: -STEP, ArrowUp: STEP }[event.key];
      if (turn === undefined) return;
      event.preventDefault();
      event.stopPropagation();
      seek(this.now + turn);
    });
    this.root.addEventListener("pointermove", (event) => this.point(event));
    this.root.addEventListener("pointerleave", () => (this.hover.hidden = true));
    this.resized = new ResizeObserver(() => {
      this.hover.hidden = true;
      this.draw();
    });
    this.resized.observe(this.root);
  }

  update(now, buffered) {
    this.now = now;
    this.ranges = Array.from({ length: buffered.length }, (_, i) => [buffered.start(i), buffered.end(i)]);
    this.slider.value = now;
    this.slider.setAttribute("aria-valuetext", `${clockText(now)} of ${clockText(this.seconds)}`);
    this.draw();
  }

  point(event) {
    const box = this.root.getBoundingClientRect();
    const share = Math.min(1, Math.max(0, (event.clientX - box.left) / box.width));
    const seconds = share * this.seconds, shown = Math.min(this.seconds - 0.01, Math.round(seconds * 2) / 2);
    this.hover.style.left = `${Math.min(box.width - 85, Math.max(85, share * box.width))}px`;
    this.hover.hidden = false;
    this.time.textContent = clockText(seconds);
    const source = thumbOf(this.id, Math.max(0, shown));
    clearTimeout(this.waiting);
    this.waiting = setTimeout(() => this.image.getAttribute("src") !== source && (this.image.src = source), 80);
  }

  draw() {
    const { context, width, height } = drawable(this.canvas), x = (seconds) => (seconds / this.seconds) * width;
    const line = colour("line"), accent = colour("accent");
    this.shots.forEach((shot, i) => {
      const end = this.shots[i + 1]?.start ?? this.seconds;
      context.fillStyle = line;
      context.globalAlpha = i % 2 ? 0.35 : 0.7;
      context.fillRect(x(shot.start), 6, x(end) - x(shot.start), height - 18);
      context.globalAlpha = 1;
      if (shot.cut && i) context.fillRect(x(shot.start) - 1, 0, 2, height - 6);
    });
    context.fillStyle = accent;
    context.globalAlpha = 0.5;
    for (const [start, end] of this.ranges) context.fillRect(x(start), height - 8, x(end) - x(start), 4);
    context.globalAlpha = 1;
    context.fillRect(x(this.now) - 1.5, 0, 3, height);
  }
}
