// Reading the small fields inside a payload, bounded (spec clause 4.6).

import { LincError, need } from "./errors.js";

export class Cursor {
  constructor(bytes, what) {
    this.bytes = bytes;
    this.what = what;
    this.at = 0;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get remaining() {
    return this.bytes.length - this.at;
  }

  take(count) {
    if (count > this.remaining)
      throw new LincError("truncated", `${this.what} +${this.at}: ${count} bytes expected, ${this.remaining} found`);
    this.at += count;
    return this.bytes.subarray(this.at - count, this.at);
  }

  u8() {
    return this.take(1)[0];
  }

  u16() {
    this.take(2);
    return this.view.getUint16(this.at - 2, true);
  }

  u32() {
    this.take(4);
    return this.view.getUint32(this.at - 4, true);
  }

  // A 64-bit count or place; beyond 2^53 there is no file.
  u64() {
    this.take(8);
    const value = this.view.getBigUint64(this.at - 8, true);
    need(value <= BigInt(Number.MAX_SAFE_INTEGER), `${this.what}: ${value} is too large`);
    return Number(value);
  }

  f32() {
    this.take(4);
    return this.view.getFloat32(this.at - 4, true);
  }

  varint() {
    let value = 0, scale = 1;
    for (let count = 0; count < 9; count++, scale *= 128) {
      const byte = this.u8();
      value += (byte & 127) * scale;
      need(value <= Number.MAX_SAFE_INTEGER, `${this.what} +${this.at}: an integer is too large`);
      if (byte < 128) {
        need(byte !== 0 || count === 0, `${this.what} +${this.at}: integer is not in its shortest form`);
        return value;
      }
    }
    throw new LincError("corrupt", `${this.what} +${this.at}: integer is longer than 9 bytes`);
  }

  // A zigzag integer.
  signed() {
    const value = this.varint();
    return value % 2 ? -(value + 1) / 2 : value / 2;
  }

  text() {
    return new TextDecoder("utf-8", { fatal: false }).decode(this.take(this.u8()));
  }

  finish() {
    need(this.remaining === 0, `${this.what} +${this.at}: ${this.remaining} bytes follow the last field`);
  }
}
