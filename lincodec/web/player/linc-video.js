// The one script that a page loads, as a module; it makes the element linc-video known.

export { LincVideo } from "./element.js";
export { Player } from "./player.js";
export { BlobSource, MemorySource, openUrl } from "./source.js";
