// The page: which view the address names, the search box, pictures that are dropped.

import { element, say } from "./dom.js";
import { showLibrary } from "./library.js";
import { searchPicture, showSearch } from "./search.js";
import { Watch } from "./watch.js";

const view = document.getElementById("view"), form = document.getElementById("search");
let watch = null;

async function show() {
  const [, name = "", ...rest] = location.hash.split("/").map(decodeURIComponent);
  watch?.close();
  watch = null;
  try {
    if (name === "watch") {
      watch = new Watch(view, rest[0], rest[1] === undefined ? undefined : Number(rest[1]) || 0);
      window.watch = watch; // for tests, and for those who look
      await watch.open();
    } else if (name === "search") {
      form.elements.q.value = rest.join("/");
      await showSearch(view, rest.join("/"));
    } else await showLibrary(view);
  } catch (error) {
    view.replaceChildren(element("h1", {}, "This did not work"));
    say(error.message, true);
  }
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
  watch?.close();
  watch = null;
  try {
    await searchPicture(view, event.dataTransfer.files[0]);
  } catch (error) {
    say(error.message, true);
  }
});

addEventListener("hashchange", () => show().then(() => view.focus()));
show();
