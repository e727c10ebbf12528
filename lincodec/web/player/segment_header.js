// SEGM: the frames of a segment and the table of its tensors (spec clause 6.4).

import { Cursor } from "./cursor.js";
import { LincError, need } from "./errors.js";

export const ROLE = { SPECTRAL: 1, LATENT: 2, PICTURES: 26 };
export const MODE = { RAW: 0, CONST: 1, MINMAX: 2, LATTICE: 3, SPECTRAL: 4, FIELD: 5, PARTITIONED: 6 };
const NETWORK = [3, 4, 5, 6, 7, 8];
const ROLES = [1, 2, 3, 4, 5, 6, 7, 8, 16, 17, 18, 19, 20, 24, 26];
const MAX_DIM = 0xffffff, MOST_TENSORS = 4096, MOST_ELEMENTS = 1 << 29;

export function parseSegmentHeader(payload) {
  const cursor = new Cursor(payload, "SEGM");
  const first = cursor.u32(), frames = cursor.u32(), flags = cursor.u8();
  const reserved = cursor.u8() | cursor.u16(), count = cursor.u16();
  if (flags > 1 || reserved || cursor.u16())
    throw new LincError("unsupported", "SEGM: a flag is unknown; get a newer player");
  need(frames >= 1 && count >= 1, `SEGM: ${frames} frames, ${count} tensors`);
  if (count > MOST_TENSORS) throw new LincError("limit", `SEGM: ${count} tensors`);
  const tensors = [];
  for (let index = 0; index < count; index++) tensors.push(parseEntry(cursor, index));
  cursor.finish();
  const keys = tensors.map((entry) => 256 * entry.role + entry.layer);
  need(keys.every((key, i) => i === 0 || keys[i - 1] < key), "SEGM: tensors are not in ascending order");
  return { first, frames, tensors };
}

function parseEntry(cursor, index) {
  const where = `SEGM: tensor ${index}`;
  const entry = { role: cursor.u8(), layer: cursor.u8(), mode: cursor.u8(), bits: cursor.u8() };
  const dimensions = cursor.u8();
  const reserved = cursor.u8() | cursor.u16();
  if (reserved || !ROLES.includes(entry.role) || entry.mode > MODE.PARTITIONED)
    throw new LincError("unsupported", `${where}: role ${entry.role}, mode ${entry.mode} are unknown`);
  need(dimensions >= 1 && dimensions <= 4, `${where}: ${dimensions} dimensions`);
  entry.dims = Array.from({ length: dimensions }, () => cursor.u32());
  need(entry.dims.every((dim) => dim >= 1 && dim <= MAX_DIM), `${where}: sizes ${entry.dims}`);
  entry.elements = entry.dims.reduce((product, dim) => product * dim, 1);
  if (entry.elements > MOST_ELEMENTS) throw new LincError("limit", `${where}: ${entry.elements} elements`);
  entry.length = cursor.u32();
  entry.a = cursor.f32();
  entry.b = cursor.f32();
  const isPictures = entry.role === ROLE.PICTURES, isSpectral = entry.role === ROLE.SPECTRAL;
  need(isPictures === (entry.mode === MODE.PARTITIONED), `${where}: role ${entry.role} of mode ${entry.mode}`);
  need(isSpectral === (entry.mode === MODE.SPECTRAL), `${where}: role ${entry.role} of mode ${entry.mode}`);
  need(!isPictures || (dimensions === 3 && entry.layer === 0), `${where}: pictures of ${dimensions} dimensions`);
  need(Number.isFinite(entry.a) && Number.isFinite(entry.b), `${where}: a number is not finite`);
  return entry;
}

// "pictures" where the frames are coded exactly, "spectral" where spectral weights alone draw them, else null.
export function kindOf(header) {
  const has = (role) => header.tensors.some((entry) => entry.role === role && entry.layer === 0);
  if (has(ROLE.PICTURES)) return "pictures"; // a network beside them only embellishes
  if (header.tensors.some((entry) => NETWORK.includes(entry.role))) return null;
  return has(ROLE.SPECTRAL) && has(ROLE.LATENT) ? "spectral" : null;
}

// The tensor with a role, and its bytes; null where there is none.
export function tensorOf(header, role, wgts, lats) {
  let weights = 0, latents = 0;
  for (const entry of header.tensors) {
    const isLatent = entry.role === ROLE.LATENT;
    const start = isLatent ? latents : weights;
    if (isLatent) latents += entry.length;
    else weights += entry.length;
    if (entry.role !== role || entry.layer !== 0) continue;
    const bytes = (isLatent ? lats : wgts).subarray(start, start + entry.length);
    need(bytes.length === entry.length, "SEGM: the table does not fit the bytes");
    return { entry, bytes };
  }
  return null;
}
