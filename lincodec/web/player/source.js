// Where the bytes of a file come from: memory, or a server that is asked for ranges.

import { LincError } from "./errors.js";

// Bytes that are here already.
export class MemorySource {
  constructor(bytes) {
    this.bytes = bytes;
    this.size = bytes.length;
  }

  async read(offset, count) {
    if (offset + count > this.size)
      throw new LincError("truncated", `the file ends at byte ${this.size}; ${offset + count} were expected`);
    return this.bytes.subarray(offset, offset + count);
  }
}

// A file or blob of the page.
export class BlobSource {
  constructor(blob) {
    this.blob = blob;
    this.size = blob.size;
  }

  async read(offset, count) {
    if (offset + count > this.size)
      throw new LincError("truncated", `the file ends at byte ${this.size}; ${offset + count} were expected`);
    return new Uint8Array(await this.blob.slice(offset, offset + count).arrayBuffer());
  }
}

const BLOCK = 1 << 16; // what is fetched at least
const REMEMBERED = 64; // blocks

// A URL whose server answers to ranges; small reads share blocks.
class RangeSource {
  constructor(url, size, tag) {
    this.url = url;
    this.size = size;
    this.tag = tag;
    this.blocks = new Map();
  }

  async read(offset, count) {
    if (offset + count > this.size)
      throw new LincError("truncated", `${this.url} ends at byte ${this.size}; ${offset + count} were expected`);
    if (count > BLOCK) return this.fetched(offset, count);
    const first = Math.floor(offset / BLOCK), last = Math.floor((offset + count - 1) / BLOCK);
    if (count === 0) return new Uint8Array(0);
    const start = await this.block(first);
    if (first === last) return start.subarray(offset - first * BLOCK, offset - first * BLOCK + count);
    const rest = await this.block(last), out = new Uint8Array(count);
    const head = start.subarray(offset - first * BLOCK);
    out.set(head);
    out.set(rest.subarray(0, count - head.length), head.length);
    return out;
  }

  block(index) {
    let found = this.blocks.get(index);
    if (!found) {
      found = this.fetched(index * BLOCK, Math.min(BLOCK, this.size - index * BLOCK));
      found.catch(() => this.blocks.delete(index));
    }
    this.blocks.delete(index); // and back as the newest
    this.blocks.set(index, found);
    if (this.blocks.size > REMEMBERED) this.blocks.delete(this.blocks.keys().next().value);
    return found;
  }

  async fetched(offset, count) {
    const answer = await fetch(this.url, { headers: { Range: `bytes=${offset}-${offset + count - 1}` } });
    if (answer.status !== 206)
      throw new LincError("source", `${this.url}: the server answered ${answer.status} to a range; expected 206`);
    if (this.tag && answer.headers.get("ETag") && answer.headers.get("ETag") !== this.tag)
      throw new LincError("source", `${this.url}: the file changed meanwhile; load the page again`);
    const bytes = new Uint8Array(await answer.arrayBuffer());
    if (bytes.length !== count)
      throw new LincError("source", `${this.url}: ${bytes.length} bytes came of ${count} that were asked for`);
    return bytes;
  }
}

// A source of a URL; a server that knows no ranges sends the whole file at once.
export async function openUrl(url) {
  const answer = await fetch(url, { headers: { Range: `bytes=0-${BLOCK - 1}` } });
  if (!answer.ok) throw new LincError("source", `${url}: the server answered ${answer.status}`);
  const bytes = new Uint8Array(await answer.arrayBuffer());
  const range = /^bytes 0-\d+\/(\d+)$/.exec(answer.headers.get("Content-Range") ?? "");
  if (answer.status !== 206 || !range) return new MemorySource(bytes);
  const size = Number(range[1]);
  if (size === bytes.length) return new MemorySource(bytes);
  const source = new RangeSource(url, size, answer.headers.get("ETag"));
  if (bytes.length === BLOCK) source.blocks.set(0, Promise.resolve(bytes));
  return source;
}
