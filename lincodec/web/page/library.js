// The grid of all files.

import { ask, thumbOf } from "./api.js";
import { bytesText, clockText, element, say } from "./dom.js";

export async function showLibrary(view) {
  const items = await ask("/api/library");
  say(items.length ? "" : "No .linc file here yet: linc encode makes one.");
  const list = element("ul", { className: "grid" });
  list.append(...items.map((item) => element("li", {}, card(item))));
  view.replaceChildren(element("h1", {}, items.length === 1 ? "1 video" : `${items.length} videos`), list);
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
