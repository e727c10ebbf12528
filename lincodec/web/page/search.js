// Results of a search: moments, best first.

import { ask, thumbOf } from "./api.js";
import { clockText, element, say } from "./dom.js";

export async function showSearch(view, query) {
  say("Searching…");
  showHits(view, query, await ask(`/api/search?q=${encodeURIComponent(query)}`));
}

export async function searchPicture(view, file) {
  say("Searching…");
  showHits(view, file.name, await ask("/api/search", { method: "POST", body: file }));
}

async function showHits(view, query, { hits, model, left_out: leftOut }) {
  const names = new Map((await ask("/api/library")).map((item) => [item.id, item.name]));
  const found = hits.length === 1 ? "1 moment" : `${hits.length} moments`;
  say(`${found} by ${model}${leftOut ? `; ${leftOut} less near ones are left out` : ""}`);
  const list = element("ol", { className: "grid" });
  list.append(...hits.map((hit) => element("li", {}, card(hit, names.get(hit.id) ?? ""))));
  view.replaceChildren(element("h1", {}, `Search: ${query}`), list);
}

function card(hit, name) {
  const image = element("img", { loading: "lazy", alt: "", src: thumbOf(hit.id, hit.start) });
  const text = `${clockText(hit.start)} · ${Math.round(hit.score * 100)} %`;
  const body = element("div", { className: "text" }, element("div", { className: "name" }, name), element("div", { className: "facts" }, text));
  return element("a", { className: "card", href: `#/watch/${hit.id}/${hit.start.toFixed(2)}` }, element("div", { className: "frame" }, image), body);
}
