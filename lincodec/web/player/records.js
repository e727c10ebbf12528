// Frames of a partitioned segment as a graph: what each needs, and until when it is kept (spec clause 8.12.3).

export const PART = { STATES: 1, MOTION: 2, PICTURE: 4 };
export const BLOCKS = 8; // decisions and levels, which reconstruction frees

const keyOf = (record, part) => record * 8 + part;

function toParse(record) {
  const needed = record.source < 0 ? [] : [keyOf(record.source, PART.STATES)];
  if (record.temporal) new Set(record.references).forEach((at) => needed.push(keyOf(at, PART.MOTION)));
  return needed;
}

function toReconstruct(record) {
  return [...new Set(record.references)].map((at) => keyOf(at, PART.PICTURE));
}

// What is done to show some records, and how often each part of a record is needed for it.
export class RecordPlan {
  // records: { display, references, source, temporal } in coding order; shown: records.
  constructor(records, shown) {
    this.records = records;
    this.parsed = new Set();
    this.reconstructed = new Set();
    this.users = new Map();
    const waiting = shown.map((at) => keyOf(at, PART.PICTURE));
    while (waiting.length) {
      const key = waiting.pop(), at = key >> 3;
      if ((key & 7) === PART.PICTURE) {
        if (this.reconstructed.has(at)) continue;
        this.reconstructed.add(at);
        waiting.push(...toReconstruct(records[at]));
      }
      if (this.parsed.has(at)) continue;
      this.parsed.add(at);
      waiting.push(...toParse(records[at]));
    }
    shown.forEach((at) => this.use(keyOf(at, PART.PICTURE)));
    this.parsed.forEach((at) => toParse(records[at]).forEach((key) => this.use(key)));
    this.reconstructed.forEach((at) => toReconstruct(records[at]).forEach((key) => this.use(key)));
  }

  use(key) {
    this.users.set(key, (this.users.get(key) ?? 0) + 1);
  }

  // Parts of a record just parsed that nothing needs, as a mask.
  useless(at) {
    const parts = [PART.STATES, PART.MOTION].filter((part) => !this.users.get(keyOf(at, part)));
    return parts.reduce((mask, part) => mask | part, this.reconstructed.has(at) ? 0 : BLOCKS);
  }

  // [record, part] of what nothing needs any more once a record is parsed, reconstructed or shown.
  afterParse(at) {
    return this.spent(toParse(this.records[at]));
  }

  afterReconstruct(at) {
    return this.spent(toReconstruct(this.records[at]));
  }

  afterShow(at) {
    return this.spent([keyOf(at, PART.PICTURE)]);
  }

  spent(keys) {
    const free = [];
    for (const key of keys) {
      this.users.set(key, this.users.get(key) - 1);
      if (this.users.get(key) === 0) free.push([key >> 3, key & 7]);
    }
    return free;
  }
}
