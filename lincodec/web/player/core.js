// The compiled core as WebAssembly: memory, structures and calls (lincodec/core/linc_core.h and its neighbours).

import { LincError } from "./errors.js";

export class Core {
  // bytes: of decoder.wasm.
  static async load(bytes) {
    const { instance } = await WebAssembly.instantiate(bytes, {});
    return new Core(instance.exports);
  }

  constructor(exports) {
    this.call = exports;
  }

  // Memory of the module, which moves when it grows: take it anew after every call.
  get buffer() {
    return this.call.memory.buffer;
  }

  get view() {
    return new DataView(this.buffer);
  }

  allocate(size) {
    const at = this.call.malloc(Math.max(size, 1));
    if (!at) throw new LincError("memory", `no memory for ${size} bytes`);
    return at;
  }

  free(at) {
    this.call.free(at);
  }

  // A copy of bytes in the module's memory.
  place(bytes) {
    const at = this.allocate(bytes.length);
    new Uint8Array(this.buffer, at, bytes.length).set(bytes);
    return at;
  }

  // A structure of 32-bit integers.
  integers(...values) {
    const at = this.allocate(4 * values.length);
    values.forEach((value, i) => this.view.setInt32(at + 4 * i, value, true));
    return at;
  }

  // A copy of samples: 8-bit ones, or 16-bit ones where `depth` is above 8.
  samples(at, count, depth) {
    return depth === 8 ? new Uint8Array(this.buffer, at, count).slice() : new Uint16Array(this.buffer, at, count).slice();
  }
}
