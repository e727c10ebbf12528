// The grid of all files.

import { ask, thumbOf } from "./api.js";
import { bytesText, clockText, element, say } from "./dom.js";
import { Queue } from "./queue.js";

export class Library {
  constructor(view) {
    this.view = view;
    this.title = element("h1");
    this.list = element("ul", { className: "grid" });
    this.queue = new Queue(() => this.fill());
  }

  async open() {
    await this.fill();
    this.view.replaceChildren(this.title, this.list, this.queue.root);
  }

  close() {
    this.queue.close();
  }

  take(files) {
    return this.queue.take(files);
  }

  async fill() {
    const items = await ask("/api/library");
    say(items.length ? "" : "No .linc file here yet: drop a video, or linc encode makes one.");
    this.title.textContent = items.length === 1 ? "1 video" : `${items.length} videos`;
    this.list.replaceChildren(...items.map((item) => element("li", {}, card(item))));
  }
}

function card(item) {
  const name = element("div", { className: "name" }, item.name);
  const where = item.folder ? element("div", { className: "facts" }, item.folder) : null;
  const body = element("div", { className: "text" }, name, where, facts(item));
  return element("a", { className: "card", href: `#/watch/${item.id}` }, picture(item), body);
}

function picture(item) {
  if (item.damage) return element("div", { className: "frame broken" }, "damaged");
  const image = element("img", { loading: "lazy", alt: "", src: thumbOf(item.id, item.seconds / 3) });
  image.addEventListener("error", () => told(image, item));
  return element("div", { className: "frame" }, image);
}

// A picture did not come: the server may know why by now.
async function told(image, item) {
  const now = (await ask("/api/library").catch(() => [])).find(({ id }) => id === item.id);
  const old = image.closest(".card");
  if (now?.damage) old?.replaceWith(card(now));
  else image.replaceWith(element("span", { className: "none" }, "no picture"));
}

function facts(item) {
  if (item.damage) return element("div", { className: "facts bad" }, item.damage);
  const size = item.source_size ? `${bytesText(item.source_size)} → ${bytesText(item.size)}` : bytesText(item.size);
  const date = new Date(item.changed * 1000).toLocaleDateString();
  const parts = [clockText(item.seconds), `${item.width}×${item.height}`, size, date];
  return element("div", { className: "facts" }, parts.join(" · "));
}
