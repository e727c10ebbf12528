// Exact pictures of partitioned segments (spec clause 8.12).

import { checkStatus, need } from "./errors.js";
import { BLOCKS, PART, RecordPlan } from "./records.js";
import { ROLE, tensorOf } from "./segment_header.js";

const DIGEST_LENGTH = 16, UNIT = 64, INFO_BYTES = 64;
const EVERYTHING = PART.STATES | PART.MOTION | PART.PICTURE | BLOCKS;

export class PartitionedDecoder {
  // segment: as LincFile reads it; head: of the file. Close it: it holds memory of the core.
  constructor(core, segment, head) {
    const { entry, bytes } = tensorOf(segment.header, ROLE.PICTURES, segment.wgts, segment.lats);
    const expected = [segment.header.frames, Math.ceil(head.height / UNIT), Math.ceil(head.width / UNIT)];
    need(`${entry.dims}` === `${expected}`, `pictures of ${entry.dims} units; expected ${expected}`);
    need(bytes.length > DIGEST_LENGTH, `pictures: ${bytes.length} bytes`);
    this.core = core;
    this.head = head;
    this.frames = entry.dims[0];
    this.digest = bytes.slice(0, DIGEST_LENGTH);
    this.taken = [core.place(bytes.subarray(DIGEST_LENGTH))];
    this.handle = 0;
    try {
      this.open(bytes.length - DIGEST_LENGTH);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  open(size) {
    const { core, head } = this;
    const parameters = core.integers(head.width, head.height, head.chroma, head.depth, this.frames);
    const out = core.integers(0), info = core.allocate(INFO_BYTES);
    const room = Math.max(...head.planes.map(([height, width]) => height * width)) * (head.depth > 8 ? 2 : 1);
    this.samples = core.allocate(room);
    this.taken.push(parameters, out, info, this.samples);
    checkStatus(core.call.linc_segment_open(this.taken[0], size, parameters, out), "headers of pictures");
    this.handle = core.view.getUint32(out, true);
    this.records = [];
    this.place = [];
    for (let at = 0; at < this.frames; at++) {
      checkStatus(core.call.linc_segment_frame(this.handle, at, info), `record ${at}`);
      const field = (index) => core.view.getInt32(info + 4 * index, true);
      const references = [field(3), field(4)].slice(0, field(2));
      this.records.push({ display: field(0), references, source: field(5), temporal: field(6) !== 0 });
      this.place[field(0)] = at;
    }
  }

  close() {
    if (this.handle) this.core.call.linc_segment_close(this.handle);
    this.handle = 0;
    this.taken.forEach((at) => this.core.free(at));
    this.taken = [];
  }

  // Planes of frames at ascending places in display order, one after the other.
  *pictures(displays) {
    const shown = displays.map((display) => this.place[display]), plan = new RecordPlan(this.records, shown);
    const coming = [...plan.parsed].sort((a, b) => a - b);
    let done = 0;
    try {
      for (const at of shown) {
        while (done < coming.length && coming[done] <= at) this.step(plan, coming[done++]);
        const planes = this.planes(at);
        this.release(plan.afterShow(at));
        yield planes;
      }
    } finally {
      if (this.handle)
        this.records.forEach((_, at) => this.core.call.linc_segment_release(this.handle, at, EVERYTHING));
    }
  }

  // Parses a record, and makes its samples where somebody needs them.
  step(plan, at) {
    const { call } = this.core, where = `picture ${this.records[at].display}`;
    checkStatus(call.linc_segment_parse(this.handle, at), where);
    call.linc_segment_release(this.handle, at, plan.useless(at));
    this.release(plan.afterParse(at));
    if (!plan.reconstructed.has(at)) return;
    checkStatus(call.linc_segment_reconstruct(this.handle, at), where);
    this.release(plan.afterReconstruct(at));
  }

  release(parts) {
    for (const [at, part] of parts) this.core.call.linc_segment_release(this.handle, at, part);
  }

  planes(at) {
    const { core, head } = this, bytes = head.depth > 8 ? 2 : 1;
    return head.planes.map(([height, width], plane) => {
      const stride = width * bytes;
      const status = core.call.linc_segment_output(this.handle, at, plane, this.samples, stride, stride * height);
      checkStatus(status, `picture ${this.records[at].display}`);
      return core.samples(this.samples, width * height, head.depth);
    });
  }
}
