// The page: which view the address names, the search box, pictures that are dropped.

import { element, say } from "./dom.js";
import { Library } from "./library.js";
import { searchPicture, showSearch } from "./search.js";
import { Watch } from "./watch.js";

const view = document.getElementById("view"), form = document.getElementById("search");
let shown = null; // what has to be closed

async function show() {
  const [, name = "", ...rest] = location.hash.split("/").map(decodeURIComponent);
  leave();
  try {
    if (name === "watch") {
      shown = new Watch(view, rest[0], rest[1] === undefined ? undefined : Number(rest[1]) || 0);
      window.watch = shown; // for tests, and for those who look
      await shown.open();
    } else if (name === "search") {
      form.elements.q.value = rest.join("/");
      await showSearch(view, rest.join("/"));
    } else {
      shown = new Library(view);
      await shown.open();
    }
  } catch (error) {
    view.replaceChildren(element("h1", {}, "This did not work"));
    say(error.message, true);
  }
}

function leave() {
  shown?.close();
  shown = null;
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  const text = form.elements.q.value.trim();
  location.hash = text ? `#/search/${encodeURIComponent(text)}` : "#/";
});

const hasFile = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");
document.addEventListener("dragover", (event) => {
  if (!hasFile(event)) return;
  event.preventDefault();
  document.body.classList.add("dropping");
});
document.addEventListener("dragleave", (event) => event.relatedTarget || document.body.classList.remove("dropping"));
document.addEventListener("drop", async (event) => {
  if (!hasFile(event)) return;
  event.preventDefault();
  document.body.classList.remove("dropping");
  const files = [...event.dataTransfer.files];
  try {
    if (files.length === 1 && files[0].type.startsWith("image/")) {
      leave();
      await searchPicture(view, files[0]);
      return;
    }
    if (!(shown instanceof Library)) {
      leave();
      history.pushState(null, "", "#/");
      await show();
    }
    await shown.take(files);
  } catch (error) {
    say(error.message, true);
  }
});

// A page that is open keeps a server that ends when it is idle.
setInterval(() => fetch("/api/jobs").catch(() => undefined), 20000);

addEventListener("hashchange", () => show().then(() => view.focus()));
show();
