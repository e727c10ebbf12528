// Packets of sound as fragmented MP4, which a browser plays (ISO/IEC 14496-12).

import { LincError } from "./errors.js";

const TIMESCALE_TOP = 2 ** 32;
const FULL = 0; // version and flags of a box without any

const bytesOf = (part) => {
  if (typeof part === "string") return Array.from(part, (letter) => letter.charCodeAt(0));
  if (typeof part === "number") return [(part >>> 24) & 255, (part >>> 16) & 255, (part >>> 8) & 255, part & 255];
  return part;
};

// Joins texts, 32-bit numbers and lists of bytes.
function joined(...parts) {
  const lists = parts.map(bytesOf), out = new Uint8Array(lists.reduce((sum, list) => sum + list.length, 0));
  let at = 0;
  for (const list of lists) {
    out.set(list, at);
    at += list.length;
  }
  return out;
}

function box(type, ...parts) {
  const body = joined(...parts);
  return joined(8 + body.length, type, body);
}

const zeros = (count) => new Uint8Array(count);
const half = (value) => [(value >> 8) & 255, value & 255];
const MATRIX = joined(0x10000, zeros(12), 0x10000, zeros(12), 0x40000000);

// { type: for MediaSource, entry: of the table of codecs } of a track; "unsupported" where browsers do not play it.
// MP3 has no entry: its packets are appended as they are.
export function codecOf(track) {
  const channels = CHANNELS[track.layout] ?? (Number.parseInt(track.layout, 10) || 2), { extradata } = track;
  const sound = (type, rate, ...inside) =>
    box(type, zeros(6), half(1), zeros(8), half(channels), half(16), zeros(4), half(Math.min(rate, 65535)), half(0), ...inside);
  if (track.codec === "aac" && extradata.length >= 2) {
    const kind = extradata[0] >> 3;
    return { type: `audio/mp4; codecs="mp4a.40.${kind === 31 ? 42 : kind}"`, entry: sound("mp4a", track.rate, esds(extradata)) };
  }
  if (track.codec === "opus" && extradata.length >= 19)
    return { type: 'audio/mp4; codecs="opus"', entry: sound("Opus", 48000, opusBox(extradata)) };
  if (track.codec === "flac" && extradata.length >= 34) {
    const info = extradata.slice(-34); // STREAMINFO, with or without what Ogg puts before it
    return { type: 'audio/mp4; codecs="flac"', entry: sound("fLaC", track.rate, box("dfLa", FULL, [0x80, 0, 0, 34], info)) };
  }
  if (track.codec === "mp3" || track.codec === "mp3float") return { type: "audio/mpeg", entry: null };
  throw new LincError("unsupported", `browsers do not play ${track.codec} sound`);
}

const CHANNELS = { mono: 1, stereo: 2, "2.1": 3, "3.0": 3, "4.0": 4, quad: 4, "5.0": 5, "5.1": 6, "5.1(side)": 6, "6.1": 7, "7.1": 8 };

function esds(config) {
  const part = (tag, ...inside) => {
    const body = joined(...inside);
    return joined([tag, 0x80, 0x80, 0x80, body.length], body);
  };
  const decoder = part(4, [0x40, 0x15, 0, 0, 0], 0, 0, part(5, config));
  return box("esds", FULL, part(3, half(1), [0], decoder, part(6, [2])));
}

// OpusHead is little-endian, dOps is not.
function opusBox(head) {
  const view = new DataView(head.buffer, head.byteOffset, head.length);
  const rest = head[18] === 0 ? [0] : head.slice(18);
  return box("dOps", [0, head[9]], half(view.getUint16(10, true)), view.getUint32(12, true), half(view.getInt16(16, true)), rest);
}

// What a buffer is begun with.
export function initSegment(track, entry) {
  const rate = timescaleOf(track);
  const tables = ["stts", "stsc", "stco"].map((type) => box(type, FULL, 0));
  const stbl = box("stbl", box("stsd", FULL, 1, entry), ...tables, box("stsz", FULL, 0, 0));
  const dinf = box("dinf", box("dref", FULL, 1, box("url ", 1)));
  const minf = box("minf", box("smhd", FULL, 0), dinf, stbl);
  const mdia = box("mdia", box("mdhd", FULL, 0, 0, rate, 0, [0x55, 0xc4, 0, 0]), box("hdlr", FULL, 0, "soun", zeros(12), [0]), minf);
  const tkhd = box("tkhd", 7, 0, 0, 1, 0, 0, zeros(8), zeros(4), [1, 0, 0, 0], MATRIX, 0, 0);
  const mvhd = box("mvhd", FULL, 0, 0, rate, 0, 0x10000, [1, 0], zeros(10), MATRIX, zeros(24), 2);
  const mvex = box("mvex", box("trex", FULL, 1, 1, 0, 0, 0));
  return joined(box("ftyp", "iso5", 512, "iso5mp41"), box("moov", mvhd, box("trak", tkhd, mdia), mvex));
}

// Ticks a second; a time base that is no such number counts in samples.
export function timescaleOf(track) {
  const rate = Math.round(1 / track.tick);
  return Math.abs(rate * track.tick - 1) < 1e-9 && rate < TIMESCALE_TOP ? rate : track.rate;
}

// Packets from `first` to before `end`; data: their bytes. Times count from the pts `origin`.
export function fragment(track, first, end, data, origin) {
  const scale = timescaleOf(track) * track.tick, ticks = (value) => Math.round(value * scale), rows = [];
  for (let i = first; i < end; i++) {
    const next = i + 1 < track.pts.length ? track.pts[i + 1] : track.pts[i] + track.duration[i];
    rows.push(joined(ticks(next - origin) - ticks(track.pts[i] - origin), track.starts[i + 1] - track.starts[i]));
  }
  const begin = ticks(track.pts[first] - origin);
  const trun = (offset) => box("trun", 0x301, rows.length, offset, ...rows);
  const tfdt = box("tfdt", 0x01000000, Math.floor(begin / 2 ** 32), begin % 2 ** 32);
  const moof = (offset) => box("moof", box("mfhd", FULL, first + 1), box("traf", box("tfhd", 0x20000, 1), tfdt, trun(offset)));
  return joined(moof(moof(0).length + 8), box("mdat", data));
}
