// Pictures decoded ahead by workers: each takes a segment, so that several are worked on at once.

const BUDGET = 384e6, LEAST = 8, MOST = 400; // bytes and numbers of pictures that wait to be shown

export class FrameQueue {
  // workers: they are told what worker.js says. changed(): called when there is something new.
  constructor(file, workers, changed) {
    const { head } = file, samples = head.planes.reduce((sum, [height, width]) => sum + height * width, 0);
    const room = BUDGET / workers.length / (samples * (head.depth > 8 ? 2 : 1));
    Object.assign(this, { file, workers, changed, jobs: new Map(), pictures: new Map(), lost: [], error: null });
    this.credit = Math.max(LEAST, Math.min(MOST, Math.floor(room)));
    this.lastJob = 0;
    this.epoch = 0;
    this.coming = 0;
    workers.forEach((worker) => (worker.onmessage = ({ data }) => this.heard(worker, data)));
  }

  // Begins anew at a frame; what was decoded ahead of it elsewhere is given up.
  start(frame) {
    for (const [job, { worker }] of this.jobs) worker?.postMessage({ type: "stop", job });
    this.jobs.clear();
    this.pictures.clear();
    this.lost = [];
    this.error = null;
    this.epoch++;
    this.first = frame;
    this.coming = this.file.segmentAt(frame);
    this.workers.forEach((worker) => this.next(worker));
  }

  close() {
    this.epoch++;
    this.workers.forEach((worker) => worker.terminate());
    this.pictures.clear();
  }

  // Planes of a frame, or undefined.
  picture(frame) {
    return this.pictures.get(frame)?.planes;
  }

  // Whether a frame will never come because its segment is damaged or not for browsers.
  isLost(frame) {
    return this.lost.some(({ first, end }) => frame >= first && frame < end);
  }

  // Forgets the frames before one; their room goes to those that come.
  drop(before) {
    const freed = new Map();
    for (const [frame, { job }] of this.pictures) {
      if (frame >= before) continue;
      this.pictures.delete(frame);
      freed.set(job, (freed.get(job) ?? 0) + 1);
    }
    for (const [job, count] of freed) this.jobs.get(job)?.worker.postMessage({ type: "credit", job, count });
  }

  // How many frames from one on are there, without a gap.
  ready(from) {
    let frame = from;
    while (this.pictures.has(frame) || (frame < this.file.frames && this.isLost(frame))) frame++;
    return frame - from;
  }

  async next(worker) {
    const index = this.coming;
    if (index >= this.file.segments.length) return;
    const epoch = this.epoch, job = ++this.lastJob, entry = this.file.segments[index];
    this.coming++;
    const skipped = Math.max(0, this.first - entry.first);
    this.jobs.set(job, { worker: null, first: entry.first, end: entry.first + entry.frames, came: skipped });
    try {
      const segment = await this.file.readSegment(index);
      if (epoch !== this.epoch) return;
      this.jobs.get(job).worker = worker;
      const displays = Array.from({ length: entry.frames - skipped }, (_, k) => skipped + k);
      const { head, arch } = this.file;
      worker.postMessage({ type: "begin", job, segment, head, arch, displays, credit: this.credit });
    } catch (error) {
      if (epoch === this.epoch) this.heard(worker, { type: "failed", job, kind: error.kind, message: error.message });
    }
  }

  heard(worker, data) {
    const job = this.jobs.get(data.job);
    if (!job) return;
    if (data.type === "picture") {
      this.pictures.set(job.first + data.display, { planes: data.planes, job: data.job });
      job.came = data.display + 1;
    } else {
      if (data.type === "failed") {
        this.lost.push({ first: job.first + job.came, end: job.end });
        this.error = { kind: data.kind, message: data.message, frame: job.first + job.came };
      }
      this.next(worker);
    }
    this.changed();
  }
}
