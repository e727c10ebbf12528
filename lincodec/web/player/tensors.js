// Small tensors, such as latents, from bytes to numbers (spec clauses 7.1 to 7.4 and 7.7).

import { Cursor } from "./cursor.js";
import { LincError, need } from "./errors.js";
import { Rans, startsOf } from "./rans.js";
import { MODE } from "./segment_header.js";
import { ESCAPE_TABLE, MAGNITUDE_TABLES } from "./tables.js";

const ESCAPE = 15, LARGEST = 1 << 24, MOST_ORDER = 2;
const MAGNITUDE_STARTS = MAGNITUDE_TABLES.map(startsOf), ESCAPE_STARTS = startsOf(ESCAPE_TABLE);

// The values of a tensor, Float32Array, row major. "unsupported" for a mode that no player needs.
export function tensorValues({ entry, bytes }) {
  const count = entry.elements;
  let values;
  if (entry.mode === MODE.RAW) {
    need(bytes.length === 4 * count, `raw tensor: ${bytes.length} bytes`);
    values = new Float32Array(bytes.slice().buffer);
  } else if (entry.mode === MODE.CONST) values = new Float32Array(count).fill(entry.a);
  else if (entry.mode === MODE.LATTICE) values = latticeValues(entry, bytes);
  else if (entry.mode === MODE.MINMAX) values = minmaxValues(entry, bytes);
  else throw new LincError("unsupported", `a tensor of role ${entry.role} has mode ${entry.mode}`);
  need(values.every(Number.isFinite), "a tensor holds what is not a finite number");
  return values;
}

function latticeValues(entry, bytes) {
  const rows = entry.dims.length > 1 ? entry.dims[0] : 1, width = entry.elements / rows;
  need(bytes.length >= 2 * rows, `lattice tensor: ${bytes.length} bytes for ${rows} rows`);
  const exponents = new Int8Array(bytes.slice(0, rows).buffer), heads = bytes.subarray(rows, 2 * rows);
  need(heads.every((head) => head >> 6 <= MOST_ORDER && (head & 63) < MAGNITUDE_TABLES.length), "lattice: no such table");
  const integers = readIntegers(bytes.subarray(2 * rows), heads, width), out = new Float32Array(entry.elements);
  for (let row = 0; row < rows; row++) {
    const line = integers.subarray(row * width, (row + 1) * width), scale = 2 ** exponents[row];
    for (let order = heads[row] >> 6; order > 0; order--) for (let i = 1; i < width; i++) line[i] += line[i - 1];
    for (let i = 0; i < width; i++) {
      need(Math.abs(line[i]) < LARGEST, "lattice tensor: a value exceeds 24 bits");
      out[row * width + i] = Math.fround(line[i] * entry.a) * scale;
    }
  }
  return out;
}

// An integer block: rows of `width` numbers, row r of table heads[r] & 63.
function readIntegers(block, heads, width) {
  const fields = new Cursor(block, "integer block");
  const rans = new Rans(fields.take(4 * fields.u32())), bits = fields.take(fields.u32());
  fields.finish();
  const values = new Float64Array(heads.length * width);
  heads.forEach((head, row) => {
    const starts = MAGNITUDE_STARTS[head & 63];
    for (let i = row * width; i < (row + 1) * width; i++) values[i] = rans.symbol(starts);
  });
  const exponents = [];
  for (const value of values) if (value === ESCAPE) exponents.push(rans.symbol(ESCAPE_STARTS));
  rans.finish();
  signAndEscape(values, exponents, bits);
  return values;
}

// Signs of all numbers that are not 0 come first, then what escapes hold beyond the tables.
function signAndEscape(values, exponents, bits) {
  const signed = values.reduce((count, value) => count + (value !== 0), 0);
  const total = exponents.reduce((sum, exponent) => sum + exponent, signed);
  need(bits.length === (total + 7) >> 3, `integer block: ${bits.length} bytes for ${total} bits`);
  need(total % 8 === 0 || bits[bits.length - 1] >> total % 8 === 0, "integer block: its padding is not 0");
  const bit = (at) => (bits[at >> 3] >> (at & 7)) & 1;
  let sign = 0, escape = 0, tail = signed;
  for (let i = 0; i < values.length; i++) {
    if (values[i] === 0) continue;
    const negative = bit(sign++);
    if (values[i] === ESCAPE) {
      const exponent = exponents[escape++];
      let extra = 0;
      for (let k = 0; k < exponent; k++) extra += bit(tail++) * 2 ** k;
      values[i] += 2 ** exponent + extra - 1;
    }
    if (negative) values[i] = -values[i];
  }
}

// Codes of a range under one stored table.
function minmaxValues(entry, bytes) {
  need(entry.bits >= 1 && entry.bits <= 16, `minmax tensor: ${entry.bits} bits`);
  const cursor = new Cursor(bytes, "minmax tensor");
  const table = Array.from({ length: 1 << entry.bits }, () => cursor.varint() + 1);
  need(table.reduce((sum, frequency) => sum + frequency, 0) === 1 << 24, "minmax tensor: its table does not add up");
  const rans = new Rans(cursor.take(cursor.remaining)), starts = startsOf(table);
  const out = Float32Array.from({ length: entry.elements }, () => entry.a + rans.symbol(starts) * entry.b);
  rans.finish();
  return out;
}
