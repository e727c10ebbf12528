// Frames of spectral segments without a network (spec clauses 7.5 and 8.3).

import { checkStatus, LincError, need } from "./errors.js";
import { ROLE, tensorOf } from "./segment_header.js";
import { tensorValues } from "./tensors.js";

const LARGEST_WEIGHT = 1 << 16;

export class SpectralDecoder {
  // segment: as LincFile reads it; head and arch: of the file. Close it: it holds memory of the core.
  constructor(core, segment, head, arch) {
    this.core = core;
    this.head = head;
    this.frames = segment.header.frames;
    this.taken = [];
    const latent = tensorOf(segment.header, ROLE.LATENT, segment.wgts, segment.lats);
    const spectral = tensorOf(segment.header, ROLE.SPECTRAL, segment.wgts, segment.lats);
    this.components = spectral.entry.dims[0];
    need(this.components <= arch.components, `spectral tensor: ${this.components} components`);
    need(`${latent.entry.dims}` === `${[this.components, this.frames]}`, `latents of sizes ${latent.entry.dims}`);
    this.latents = tensorValues(latent);
    try {
      this.planes = this.readPlanes(spectral, planeShapes(head, arch));
      const samples = Math.max(...head.planes.map(([height, width]) => height * width));
      this.samples = this.take(samples * (head.depth > 8 ? 2 : 1));
      this.work = this.take(4 * Math.max(...this.planes.map((plane) => plane.floats)));
      this.vector = this.take(4 * this.components);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  close() {
    this.taken.forEach((at) => this.core.free(at));
    this.taken = [];
  }

  // Planes of frames at ascending places, one after the other.
  *pictures(displays) {
    for (const display of displays) {
      const vector = new Float32Array(this.core.buffer, this.vector, this.components);
      for (let k = 0; k < this.components; k++) vector[k] = this.latents[k * this.frames + display];
      yield this.planes.map((plane) => this.rendered(plane));
    }
  }

  rendered({ shape, weights, height, width }) {
    const { depth } = this.head, stride = width * (depth > 8 ? 2 : 1);
    const status = this.core.call.linc_spectral_render(
      shape, weights, this.vector, depth, this.samples, stride, stride * height, this.work,
    );
    checkStatus(status, "spectral segment");
    return this.core.samples(this.samples, width * height, depth);
  }

  take(size) {
    const at = this.core.allocate(size);
    this.taken.push(at);
    return at;
  }

  kept(at) {
    this.taken.push(at);
    return at;
  }

  // Weights of every plane in the memory of the core.
  readPlanes({ entry, bytes }, shapes) {
    const area = shapes.reduce((sum, shape) => sum + shape.blockHeight * shape.blockWidth, 0);
    const expected = [this.components, shapes[0].rows, shapes[0].columns, area];
    need(`${entry.dims}` === `${expected}`, `spectral tensor: sizes ${entry.dims}; expected ${expected}`);
    need(entry.a > 0 && entry.b > 0 && bytes.length >= 3 * shapes.length, "spectral tensor: no step or centroids");
    const centroids = new Int8Array(bytes.slice(0, 3 * shapes.length).buffer);
    const found = readMixed(this.core, this.components, shapes, bytes.subarray(3 * shapes.length));
    return shapes.map((shape, index) => {
      const step = index ? Math.fround(entry.a * entry.b) : entry.a;
      return this.plane(shape, found[index], step / 128, centroids.subarray(3 * index, 3 * index + 3));
    });
  }

  // components: [where, values] of each; unit: what a weight counts in.
  plane(shape, components, unit, centroids) {
    const { core } = this, count = components.reduce((sum, [where]) => sum + where.length, 0);
    const strip = shape.columns * shape.blockHeight * shape.blockWidth, size = shape.rows * strip;
    const where = this.take(8 * count), values = this.take(4 * count);
    const starts = this.take(8 * (this.components * shape.rows + 1));
    const places = new Uint32Array(core.buffer, where, 2 * count); // 64-bit: low and high halves
    const floats = new Float32Array(core.buffer, values, count);
    const lines = new Uint32Array(core.buffer, starts, 2 * (this.components * shape.rows + 1)).fill(0);
    let at = 0, line = 0;
    components.forEach(([indices, numbers], k) => {
      for (let i = 0; i < indices.length; i++, at++) {
        const place = k * size + indices[i];
        for (; line * strip <= place; line++) lines[2 * line] = at;
        places[2 * at] = place % 2 ** 32;
        places[2 * at + 1] = Math.floor(place / 2 ** 32);
        floats[at] = weightOf(numbers[i], unit, centroids);
      }
    });
    for (; line <= this.components * shape.rows; line++) lines[2 * line] = at;
    if (!floats.every(Number.isFinite)) throw new LincError("corrupt", "spectral tensor: a weight overflows");
    return this.structures(shape, { starts, where, values, count });
  }

  structures(shape, { starts, where, values, count }) {
    const { core } = this, table = (numbers) => this.kept(core.place(new Uint8Array(numbers.buffer)));
    const memory = this.kept(core.integers(
      shape.height, shape.width, shape.rows, shape.columns, shape.blockHeight, shape.blockWidth,
      shape.overlapDown, shape.overlapAcross, this.components, 0,
    ));
    const weights = this.kept(core.integers(
      starts, where, values, table(cosines(shape.blockHeight)), table(cosines(shape.blockWidth)),
      table(folds(shape.overlapDown)), table(folds(shape.overlapAcross)), 0, count, 0,
    ));
    const floats = Number(core.call.linc_spectral_floats(memory));
    need(floats > 0, "spectral tensor: there is no such plane");
    return { shape: memory, weights, floats, height: shape.height, width: shape.width };
  }
}

function planeShapes({ width, height, planes }, { block, overlap }) {
  const side = 1 << block, rows = Math.ceil(height / side), columns = Math.ceil(width / side);
  return planes.map(([planeHeight, planeWidth]) => {
    const down = Number(planeHeight !== height), across = Number(planeWidth !== width);
    return {
      height: planeHeight, width: planeWidth, rows, columns, blockHeight: side >> down, blockWidth: side >> across,
      overlapDown: overlap >> down, overlapAcross: overlap >> across,
    };
  });
}

// The integers of the mixing coder: of each plane a list of [where, values] by component.
function readMixed(core, components, shapes, bytes) {
  const side = (name) => [0, 1, 2].map((plane) => (plane < shapes.length ? shapes[plane][name] : 0));
  const data = core.place(bytes), out = core.integers(0), found = core.allocate(24);
  const shape = core.integers(
    components, shapes.length, shapes[0].rows, shapes[0].columns, ...side("blockHeight"), ...side("blockWidth"),
  );
  let mix = 0;
  try {
    checkStatus(core.call.linc_mix_open(shape, data, bytes.length, out), "spectral tensor");
    mix = core.view.getUint32(out, true);
    const planes = shapes.map(() => []);
    for (let k = 0; k < components; k++) {
      checkStatus(core.call.linc_mix_read(mix, found), "spectral tensor");
      planes.forEach((plane, index) => plane.push(takePlane(core, mix, index, found)));
    }
    checkStatus(core.call.linc_mix_ended(mix), "spectral tensor");
    return planes;
  } finally {
    if (mix) core.call.linc_mix_close(mix);
    [data, out, found, shape].forEach((at) => core.free(at));
  }
}

function takePlane(core, mix, plane, found) {
  const count = Number(core.view.getBigInt64(found + 8 * plane, true)), lists = core.allocate(8 * count);
  try {
    checkStatus(core.call.linc_mix_take(mix, plane, lists, lists + 4 * count, BigInt(count)), "spectral tensor");
    return [new Int32Array(core.buffer, lists, count).slice(), new Int32Array(core.buffer, lists + 4 * count, count).slice()];
  } finally {
    core.free(lists);
  }
}

function weightOf(q, unit, centroids) {
  const magnitude = Math.abs(q);
  need(magnitude < LARGEST_WEIGHT, "spectral tensor: a value exceeds 16 bits");
  return (128 * q + Math.sign(q) * centroids[Math.min(magnitude, 3) - 1]) * unit;
}

// Orthonormal cosines: row k is that of frequency k at the samples.
function cosines(side) {
  return Float32Array.from({ length: side * side }, (_, i) => {
    const k = Math.floor(i / side), x = (i % side) + 0.5;
    const value = Math.cos((Math.PI * k * x) / side) * Math.sqrt(2 / side);
    return k ? value : value / Math.sqrt(2);
  });
}

// (tau - 1) / 2 at the samples behind a border.
function folds(overlap) {
  return Float32Array.from({ length: overlap }, (_, i) => (Math.sqrt((i + 0.5) / overlap) - 1) / 2);
}
