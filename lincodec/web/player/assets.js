// What the player needs beside its script; a bundle has these inside itself.

export async function decoderBytes() {
  const answer = await fetch(new URL("decoder.wasm", import.meta.url));
  if (!answer.ok) throw new Error(`decoder.wasm: the server answered ${answer.status}`);
  return answer.arrayBuffer();
}

export function startWorker() {
  return new Worker(new URL("worker.js", import.meta.url), { type: "module" });
}
