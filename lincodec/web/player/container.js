// Finding things in a file: sections, segments from the index, times, sound (spec clauses 4 and 6).

import { parseAudioTable } from "./audio_track.js";
import { crc32 } from "./crc32.js";
import { Cursor } from "./cursor.js";
import { LincError, need } from "./errors.js";
import { parseArch, parseHead } from "./head.js";
import { kindOf, parseSegmentHeader } from "./segment_header.js";
import { constantTimes, parseTimes } from "./times.js";

const SIGNATURE = [0x89, 0x4c, 0x4e, 0x43, 0x0d, 0x0a, 0x1a, 0x0a];
const FRAME_HEADER = 8, FRAME_CRC = 4, DONE_LENGTH = 52;
const LONGEST_SECTION = 0x7fffffff, MOST_SECTIONS = 1 << 18, MOST_FRAMES = 2592000;
const INDEX_ENTRY = 28;
const SEGMENT_FIXED = 16;
const KNOWN = ["HEAD", "ARCH", "TIME", "SEGM", "WGTS", "LATS", "aUDi", "tRKS", "sRCE", "dGST", "qLTY", "aLGN", "mETa", "iNDX", "DONE"];

export class LincFile {
  constructor(source) {
    this.source = source;
    this.sections = []; // those outside segments
    this.segments = []; // { first, frames, offset, length }
  }

  // Reads what describes the file; segments are read when they are asked for.
  static async open(source) {
    const file = new LincFile(source);
    const start = await source.read(0, Math.min(SIGNATURE.length, source.size));
    need(SIGNATURE.every((byte, i) => start[i] === byte), "this is not a .linc file");
    const head = await file.section(SIGNATURE.length, "HEAD");
    file.head = parseHead(await file.payload(head));
    const arch = await file.section(head.end, "ARCH");
    file.arch = parseArch(await file.payload(arch));
    await file.walk(arch.end, await file.index());
    const last = file.segments[file.segments.length - 1];
    file.frames = last.first + last.frames;
    if (file.frames > MOST_FRAMES) throw new LincError("limit", `${file.frames} frames`);
    const times = file.find("TIME");
    file.times = times ? parseTimes(await file.payload(times), file.frames) : constantTimes(file.head.fps, file.frames);
    return file;
  }

  find(type) {
    return this.sections.find((section) => section.type === type);
  }

  // Index of the segment that holds a frame.
  segmentAt(frame) {
    let low = 0, high = this.segments.length;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (this.segments[middle].first <= frame) low = middle;
      else high = middle;
    }
    return low;
  }

  // A segment with its bytes, CRCs checked: { header, kind, wgts, lats }.
  async readSegment(index) {
    const entry = this.segments[index], begin = await this.section(entry.offset, "SEGM");
    const bytes = await this.source.read(entry.offset, entry.length);
    const parts = [];
    let at = 0;
    for (const type of ["SEGM", "WGTS", "LATS"]) {
      const section = parseFrame(bytes.subarray(at), entry.offset + at, begin.offset + entry.length);
      need(section.type === type, `byte ${section.offset}: section ${section.type}, expected ${type}`);
      parts.push(checked(section, bytes.subarray(at, at + section.end - section.offset)));
      at += section.end - section.offset;
    }
    const header = parseSegmentHeader(parts[0]);
    need(header.first === entry.first && header.frames === entry.frames, `segment ${index} holds other frames`);
    return { header, kind: kindOf(header), wgts: parts[1], lats: parts[2] };
  }

  // The table of the sound and where its packets are; null without sound.
  async audio() {
    const section = this.find("aUDi");
    if (!section) return null;
    const start = section.offset + FRAME_HEADER;
    for (let size = Math.min(1 << 16, section.length); ; size = Math.min(4 * size, section.length)) {
      try {
        const track = parseAudioTable(await this.source.read(start, size), section.length);
        track.offset = start + track.tableLength;
        return track;
      } catch (error) {
        if (error.kind !== "truncated" || size === section.length) throw error;
      }
    }
  }

  async section(offset, expected) {
    need(offset + FRAME_HEADER <= this.source.size, `the file ends at byte ${this.source.size}`);
    const section = parseFrame(await this.source.read(offset, FRAME_HEADER), offset, this.source.size);
    need(!expected || section.type === expected, `byte ${offset}: section ${section.type}, expected ${expected}`);
    return section;
  }

  async payload(section) {
    return checked(section, await this.source.read(section.offset, section.end - section.offset));
  }

  // The segments that iNDX names; none where it is absent or unsound, then the file is walked.
  async index() {
    const size = FRAME_HEADER + DONE_LENGTH + FRAME_CRC;
    if (this.source.size < size) return [];
    try {
      const done = await this.section(this.source.size - size, "DONE");
      const cursor = new Cursor(await this.payload(done), "DONE");
      need(cursor.u64() === this.source.size, "DONE: another length");
      const offset = cursor.u64();
      if (offset === 0) return [];
      return parseIndex(await this.payload(await this.section(offset, "iNDX")), offset);
    } catch (error) {
      if (error instanceof LincError && error.kind !== "source") return [];
      throw error;
    }
  }

  async walk(start, index) {
    let at = start;
    for (let count = 0; ; count++) {
      if (count > MOST_SECTIONS) throw new LincError("limit", `${count} sections`);
      const known = index[this.segments.length];
      if (known && known.offset === at) {
        this.segments.push(known);
        at += known.length;
        continue;
      }
      const section = await this.section(at);
      at = section.end;
      if (section.type === "SEGM") at = await this.walkedSegment(section);
      else this.sections.push(section);
      if (section.type === "DONE") break;
    }
    need(this.segments.length > 0, "the file has no segment");
    this.segments.reduce((frame, entry) => {
      need(entry.first === frame && entry.frames >= 1, `a segment starts at frame ${entry.first}, expected ${frame}`);
      return frame + entry.frames;
    }, 0);
  }

  // Adds the segment that a section begins; returns where it ends.
  async walkedSegment(section) {
    need(section.length >= SEGMENT_FIXED, `SEGM: ${section.length} bytes`);
    const cursor = new Cursor(await this.source.read(section.offset + FRAME_HEADER, SEGMENT_FIXED), "SEGM");
    const first = cursor.u32(), frames = cursor.u32();
    const wgts = await this.section(section.end, "WGTS"), lats = await this.section(wgts.end, "LATS");
    this.segments.push({ first, frames, offset: section.offset, length: lats.end - section.offset });
    return lats.end;
  }
}

// The frame of a section, which ends before `limit`.
function parseFrame(bytes, offset, limit) {
  need(bytes.length >= FRAME_HEADER, `byte ${offset}: no section`);
  const type = String.fromCharCode(...bytes.subarray(0, 4));
  need(/^[A-Za-z]{4}$/.test(type), `byte ${offset}: this is no section`);
  const length = new DataView(bytes.buffer, bytes.byteOffset + 4, 4).getUint32(0, true);
  const end = offset + FRAME_HEADER + length + FRAME_CRC;
  if (length > LONGEST_SECTION || end > limit)
    throw new LincError("truncated", `section ${type} at byte ${offset} reaches over the end of the file`);
  if (!KNOWN.includes(type) && type[0] < "a")
    throw new LincError("unsupported", `section ${type} is unknown; get a newer player`);
  return { type, offset, length, end };
}

function checked(section, bytes) {
  const end = bytes.length - FRAME_CRC;
  const stored = new DataView(bytes.buffer, bytes.byteOffset + end, FRAME_CRC).getUint32(0, true);
  if (crc32(bytes.subarray(0, end)) !== stored)
    throw new LincError("checksum", `section ${section.type} at byte ${section.offset} is damaged`);
  return bytes.subarray(FRAME_HEADER, end);
}

function parseIndex(payload, end) {
  need(payload.length > 0 && payload.length % INDEX_ENTRY === 0, `iNDX: ${payload.length} bytes`);
  const cursor = new Cursor(payload, "iNDX"), entries = [];
  let frame = 0, at = SIGNATURE.length;
  while (cursor.remaining) {
    const entry = { first: cursor.u32(), frames: cursor.u32(), offset: cursor.u64(), length: cursor.u64() };
    cursor.u32();
    need(entry.first === frame && entry.frames >= 1, `iNDX: frame ${entry.first}, expected ${frame}`);
    need(entry.offset >= at && entry.offset + entry.length <= end, "iNDX: bytes are out of order");
    frame += entry.frames;
    at = entry.offset + entry.length;
    entries.push(entry);
  }
  return entries;
}
