// The latents as a map: a point a frame, the colour is the time, the playhead on it; a click goes there.

import { colour, drawable, element } from "./dom.js";

const MARGIN = 14;

export class LatentMap {
  // seek(frame): go there. data: as /api/map gives it.
  constructor(seek) {
    Object.assign(this, { data: null, frames: 0, seek, frame: 0 });
    this.canvas = element("canvas", { tabIndex: 0, role: "img", "aria-label": "Map of the frames by their latents; click a point to go there" });
    this.note = element("p", { className: "dim" }, "Each point is a frame.");
    this.root = element("section", { className: "map" }, element("h2", {}, "Latents"), this.canvas, this.note);
    this.canvas.addEventListener("click", (event) => this.clicked(event));
    this.resized = new ResizeObserver(() => this.draw());
    this.resized.observe(this.canvas);
  }

  fill(data) {
    this.data = data;
    this.frames = data.groups.reduce((count, group) => count + group.points.length * data.every, 0);
    this.note.textContent = `Each point is a frame: ${data.space}.`;
    this.draw();
  }

  update(frame) {
    if (frame === this.frame) return;
    this.frame = frame;
    this.draw();
  }

  // The group of points that a frame is in.
  get group() {
    const { groups } = this.data;
    return groups.findLast((group) => group.first <= this.frame) ?? groups[0];
  }

  frameOf(group, index) {
    return group.first + index * this.data.every;
  }

  place([x, y], size) {
    return [MARGIN + x * (size - 2 * MARGIN), MARGIN + y * (size - 2 * MARGIN)];
  }

  draw() {
    if (!this.data) return;
    const { context, width } = drawable(this.canvas), { group } = this, size = width;
    group.points.forEach((point, i) => {
      const [x, y] = this.place(point, size);
      context.fillStyle = `hsl(${260 - (240 * this.frameOf(group, i)) / this.frames} 75% 52%)`;
      context.beginPath();
      context.arc(x, y, 3, 0, 7);
      context.fill();
    });
    const now = Math.min(group.points.length - 1, Math.max(0, Math.round((this.frame - group.first) / this.data.every)));
    const [x, y] = this.place(group.points[now], size);
    context.strokeStyle = colour("text");
    context.lineWidth = 3;
    context.beginPath();
    context.arc(x, y, 8, 0, 7);
    context.stroke();
  }

  clicked(event) {
    if (!this.data) return;
    const box = this.canvas.getBoundingClientRect(), { group } = this;
    let best = 0, least = Infinity;
    group.points.forEach((point, i) => {
      const [x, y] = this.place(point, box.width);
      const distance = (x - event.clientX + box.left) ** 2 + (y - event.clientY + box.top) ** 2;
      if (distance < least) [best, least] = [i, distance];
    });
    this.seek(this.frameOf(group, best));
  }
}
