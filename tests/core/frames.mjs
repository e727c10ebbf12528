// Decodes cases (tests/core/case.h) with the core as WebAssembly and prints what tests/core/harness.c prints.
//
//     node frames.mjs linc_core.wasm CASE...

import { readFileSync } from "node:fs";
import { basename } from "node:path";

const HEADER = 8, PARAMETERS = 20, POINTER = 4, SHAPE = 40, MIX = 128;
const INFO = 256; // LincFrameInfo and to spare
const EVERYTHING = 15;  // release mask

const table = new Uint32Array(256);
for (let i = 0; i < 256; i++) {
  let crc = i;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  table[i] = crc;
}

function crc32(crc, bytes) {
  crc = ~crc;
  for (let i = 0; i < bytes.length; i++) crc = table[(crc ^ bytes[i]) & 255] ^ (crc >>> 8);
  return ~crc >>> 0;
}

const [wasm, ...files] = process.argv.slice(2);
const module = new WebAssembly.Module(readFileSync(wasm));
const imports = WebAssembly.Module.imports(module);
if (imports.length) throw new Error(`imports ${JSON.stringify(imports)}`);
const core = new WebAssembly.Instance(module).exports;

const i32 = (at, index = 0) => new DataView(core.memory.buffer).getInt32(at + 4 * index, true);

function planes({ width, height, chroma, depth }) {
  const bytes = depth > 8 ? 2 : 1;
  const w = chroma === 1 || chroma === 2 ? (width + 1) >> 1 : width;
  const h = chroma === 1 ? (height + 1) >> 1 : height;
  const luma = [width * bytes, height];
  return chroma === 0 ? [luma] : [luma, [w * bytes, h], [w * bytes, h]];
}

// Status and the digests by display index. Frees everything it takes.
function decode(data) {
  const taken = [];
  const take = (size) => {
    const at = core.malloc(size);
    if (!at) throw new Error(`no memory for ${size} bytes`);
    taken.push(at);
    return at;
  };
  const view = new DataView(data.buffer, data.byteOffset, data.length);
  const p = {
    width: view.getUint16(0, true), height: view.getUint16(2, true),
    chroma: data[4], depth: data[5], frames: view.getUint16(6, true),
  };
  const parameters = take(PARAMETERS), out = take(POINTER), info = take(INFO);
  const size = data.length - HEADER, bytes = take(size + 1);
  if (p.chroma >= MIX) {
    new Uint8Array(core.memory.buffer, bytes, size).set(data.subarray(HEADER));
    const result = tensor(p, bytes, size, take);
    taken.forEach((at) => core.free(at));
    return result;
  }
  [p.width, p.height, p.chroma, p.depth, p.frames].forEach((value, i) =>
    new DataView(core.memory.buffer).setInt32(parameters + 4 * i, value, true));
  new Uint8Array(core.memory.buffer, bytes, size).set(data.subarray(HEADER));
  const digests = [];
  let status = core.linc_segment_open(bytes, size, parameters, out);
  const segment = i32(out);
  if (status === 0) {
    status = frames(segment, p, info, take(2 * p.width * p.height + 1), digests);
    core.linc_segment_close(segment);
  }
  taken.forEach((at) => core.free(at));
  return [status, digests];
}

// A spectral tensor of the mixing coder: status and the digest of every component.
function tensor(p, bytes, size, take) {
  const planes = p.chroma & 3, shape = take(SHAPE), out = take(POINTER), found = take(24), digests = [];
  const half = (bit) => (p.chroma & bit ? (p.depth + 1) >> 1 : p.depth);
  const sides = [p.depth, half(8), half(8), p.depth, half(4), half(4)];
  [p.frames, planes, p.height, p.width, ...sides].forEach((value, i) =>
    new DataView(core.memory.buffer).setInt32(shape + 4 * i, value, true));
  let status = core.linc_mix_open(shape, bytes, size, out);
  if (status) return [status, digests];
  const mix = i32(out);
  for (let i = 0; i < p.frames && !status; i++) {
    status = core.linc_mix_read(mix, found);
    let digest = 0;
    for (let plane = 0; plane < planes && !status; plane++) {
      const count = i32(found, 2 * plane), lists = core.malloc(8 * count + 1);
      status = core.linc_mix_take(mix, plane, lists, lists + 4 * count, BigInt(count));
      if (!status) digest = crc32(digest, new Uint8Array(core.memory.buffer, lists, 8 * count));
      core.free(lists);
    }
    if (!status) digests.push(digest);
  }
  status = status || core.linc_mix_ended(mix);
  core.linc_mix_close(mix);
  return [status, digests];
}

function frames(segment, p, info, samples, digests) {
  const infos = [];
  for (let record = 0; record < p.frames; record++) {
    const status = core.linc_segment_frame(segment, record, info);
    if (status) return status;
    infos.push({ display: i32(info), needs: [i32(info, 3), i32(info, 4), i32(info, 5), record] });
  }
  const users = new Array(p.frames).fill(0);
  infos.forEach(({ needs }) => needs.forEach((record) => record < 0 || users[record]++));
  for (let record = 0; record < p.frames; record++) {
    const status = core.linc_segment_parse(segment, record) || core.linc_segment_reconstruct(segment, record);
    if (status) return status;
    let digest = 0;
    for (const [plane, [stride, height]] of planes(p).entries()) {
      const failed = core.linc_segment_output(segment, record, plane, samples, stride, stride * height);
      if (failed) return failed;
      digest = crc32(digest, new Uint8Array(core.memory.buffer, samples, stride * height));
    }
    digests[infos[record].display] = digest;
    for (const used of infos[record].needs)
      if (used >= 0 && --users[used] === 0) core.linc_segment_release(segment, used, EVERYTHING);
  }
  return 0;
}

for (const file of files) {
  const [status, digests] = decode(readFileSync(file));
  const name = basename(file);
  if (status === 0)
    digests.forEach((digest, i) => console.log(`${name} ${i} ${digest.toString(16).padStart(8, "0")}`));
  console.log(`${name} status ${status}`);
}
