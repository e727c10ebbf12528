// Decodes .linc files with the player's modules under Node; prints one JSON object a line for each file:
// { "file", "segments": [{ "kind", "digest", "stored" }] } or { "file", "error": kind, "message" }.
//
//     node digests.mjs PLAYER_FOLDER FILE...

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const [folder, ...files] = process.argv.slice(2);
const module = (name) => import(pathToFileURL(join(folder, name)));
const { LincFile } = await module("container.js");
const { MemorySource } = await module("source.js");
const { Core } = await module("core.js");
const { openSegment } = await module("segment_decoder.js");
const core = await Core.load(readFileSync(join(folder, "decoder.wasm")));
const hex = (bytes) => Buffer.from(bytes).toString("hex");

async function segments(file) {
  const linc = await LincFile.open(new MemorySource(new Uint8Array(readFileSync(file))));
  const found = [];
  for (let index = 0; index < linc.segments.length; index++) {
    const segment = await linc.readSegment(index), sha = createHash("sha256");
    const decoder = openSegment(core, segment, linc.head, linc.arch);
    for (const planes of decoder.pictures([...Array(decoder.frames).keys()]))
      for (const plane of planes) sha.update(new Uint8Array(plane.buffer));
    const stored = decoder.digest ? hex(decoder.digest) : null;
    decoder.close();
    found.push({ kind: segment.kind, digest: sha.digest("hex").slice(0, 32), stored });
  }
  return found;
}

for (const file of files) {
  try {
    console.log(JSON.stringify({ file, segments: await segments(file) }));
  } catch (error) {
    if (!error.kind) throw error;
    console.log(JSON.stringify({ file, error: error.kind, message: error.message }));
  }
}
