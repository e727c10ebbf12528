// HEAD and ARCH: what the file shows, and what its segments are made with (spec clauses 6.1 and 6.2).

import { Cursor } from "./cursor.js";
import { LincError, need } from "./errors.js";

const VERSION_READ = 1;
const UNKNOWN_COUNT = 0xffffffff;
const MOST_SAMPLES = 1 << 28, LONGEST_SIDE = 1 << 15;
const MIRRORED = 1; // flag: left and right are exchanged after the rotation
const LINC = 2, LINC_VERSION = 3;

// log2 of the chroma subsampling [across, down] by chroma format; grey has no chroma.
const SHIFTS = [null, [1, 1], [1, 0], [0, 0]];

// The fields of HEAD; counts that are unknown are null, ratios are [numerator, denominator].
export function parseHead(payload) {
  const cursor = new Cursor(payload, "HEAD");
  const written = cursor.u16(), needed = cursor.u16(), incompatible = cursor.u32(), flags = cursor.u32();
  if (needed > VERSION_READ || incompatible)
    throw new LincError("unsupported", `HEAD: needs format ${needed}, flags ${incompatible}; get a newer player`);
  need(needed >= 1 && needed <= written, `HEAD: version ${written} written, ${needed} needed`);
  const count = (value) => (value === UNKNOWN_COUNT ? null : value);
  const head = { width: cursor.u32(), height: cursor.u32() };
  head.frames = count(cursor.u32());
  head.segments = count(cursor.u32());
  head.fps = [cursor.u32(), cursor.u32()];
  head.sar = [cursor.u16(), cursor.u16()];
  const rates = [cursor.u8(), cursor.u8(), cursor.u8(), cursor.u8()];
  [head.depth, head.primaries, head.transfer, head.matrix] = rates;
  const fullRange = cursor.u8(), turns = cursor.u8();
  head.chroma = cursor.u8();
  const zero = cursor.u8();
  cursor.u64();
  cursor.u64();
  cursor.finish();
  head.fullRange = fullRange === 1;
  head.mirrored = (flags & MIRRORED) !== 0;
  head.turns = turns;
  checkHead(head, fullRange, zero);
  head.planes = planeSizes(head);
  return head;
}

function checkHead(head, fullRange, zero) {
  if (head.chroma >= SHIFTS.length || zero)
    throw new LincError("unsupported", `HEAD: chroma format ${head.chroma} is unknown; get a newer player`);
  need(head.width >= 1 && head.height >= 1, "HEAD: the picture is empty");
  if (Math.max(head.width, head.height) > LONGEST_SIDE || head.width * head.height > MOST_SAMPLES)
    throw new LincError("limit", `HEAD: a picture of ${head.width}x${head.height} is too large`);
  need(head.depth >= 8 && head.depth <= 16, `HEAD: bit depth is ${head.depth}, expected 8 to 16`);
  need(fullRange <= 1 && head.turns <= 3, "HEAD: range or rotation is out of range");
  need(head.fps.every((v) => v > 0) && head.sar.every((v) => v > 0), "HEAD: a ratio is 0");
}

// [height, width] of each plane, chroma sizes rounded up.
function planeSizes({ width, height, chroma }) {
  const luma = [height, width], shift = SHIFTS[chroma];
  if (!shift) return [luma];
  const [across, down] = shift;
  const small = [(height + (1 << down) - 1) >> down, (width + (1 << across) - 1) >> across];
  return [luma, small, small];
}

// Parameters of architecture linc; those of others are not drawn here.
export function parseArch(payload) {
  const cursor = new Cursor(payload, "ARCH");
  const id = cursor.u16(), version = cursor.u16();
  if (id !== LINC || version !== LINC_VERSION)
    throw new LincError("unsupported", `ARCH: architecture ${id}, version ${version}, is not drawn in a browser`);
  const arch = { block: cursor.u8(), overlap: cursor.u8(), components: cursor.u16() };
  need(arch.block >= 3 && arch.block <= 6, `ARCH: block is 2^${arch.block}, expected 2^3 to 2^6`);
  need(arch.overlap <= 1 << (arch.block - 1), `ARCH: overlap is ${arch.overlap}`);
  return arch;
}
