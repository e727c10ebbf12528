// The rANS stream of small tensors: words of 32 bits, the last one first (spec clause 7.6).

import { LincError, need } from "./errors.js";

const PRECISION = 24n, MASK = (1n << PRECISION) - 1n, FULL = 1n << 32n;

// Cumulative starts of a table of frequencies.
export function startsOf(table) {
  const starts = new Uint32Array(table.length + 1);
  table.forEach((frequency, i) => (starts[i + 1] = starts[i] + frequency));
  return starts;
}

export class Rans {
  constructor(bytes) {
    need(bytes.length % 4 === 0, "rANS: the bytes are not whole words");
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.left = bytes.length / 4;
    need(this.left === 0 || this.view.getUint32(4 * this.left - 4, true) !== 0, "rANS: the last word is 0");
    this.state = 0n;
    this.refill();
    this.refill();
  }

  refill() {
    if (this.state < FULL && this.left)
      this.state = (this.state << 32n) | BigInt(this.view.getUint32(4 * --this.left, true));
  }

  // The next symbol of a table that is given by its starts.
  symbol(starts) {
    const low = Number(this.state & MASK);
    let first = 0, end = starts.length - 1;
    while (end - first > 1) {
      const middle = (first + end) >> 1;
      if (starts[middle] <= low) first = middle;
      else end = middle;
    }
    this.state = (this.state >> PRECISION) * BigInt(starts[first + 1] - starts[first]) + BigInt(low - starts[first]);
    this.refill();
    return first;
  }

  finish() {
    if (this.state !== 0n || this.left) throw new LincError("corrupt", "rANS: data is left over");
  }
}
