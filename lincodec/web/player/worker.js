// Decodes segments away from the page. One job is a segment from some frame on; it goes on as far as it has credit.
//
// To it:   { type: "core", bytes }, { type: "begin", job, segment, head, arch, displays, credit },
//          { type: "credit", job, count }, { type: "stop", job }
// From it: { type: "picture", job, display, planes }, { type: "end", job }, { type: "failed", job, kind, message }

import { Core } from "./core.js";
import { openSegment } from "./segment_decoder.js";

let core = null;
const jobs = new Map();
const turns = new MessageChannel(), waiting = [];
turns.port1.onmessage = () => waiting.shift()();

// Lets messages in between two pictures; a timer would wait 4 ms.
const turn = () => new Promise((resolve) => {
  waiting.push(resolve);
  turns.port2.postMessage(0);
});

self.onmessage = ({ data }) => {
  if (data.type === "core") core = Core.load(data.bytes);
  else if (data.type === "begin") begin(data);
  else if (jobs.has(data.job)) {
    const job = jobs.get(data.job);
    if (data.type === "stop") job.stopped = true;
    else job.credit += data.count;
    job.wake?.();
  }
};

async function begin({ job, segment, head, arch, displays, credit }) {
  const state = { credit, stopped: false, wake: null };
  jobs.set(job, state);
  try {
    await decode(await core, job, state, { segment, head, arch, displays });
    if (!state.stopped) self.postMessage({ type: "end", job });
  } catch (error) {
    self.postMessage({ type: "failed", job, kind: error.kind ?? "corrupt", message: error.message });
  } finally {
    jobs.delete(job);
  }
}

async function decode(loaded, job, state, { segment, head, arch, displays }) {
  const decoder = openSegment(loaded, segment, head, arch);
  try {
    const pictures = decoder.pictures(displays);
    for (const display of displays) {
      while (state.credit <= 0 && !state.stopped) await new Promise((resolve) => (state.wake = resolve));
      if (state.stopped) return void pictures.return();
      const planes = pictures.next().value;
      state.credit--;
      self.postMessage({ type: "picture", job, display, planes }, planes.map((plane) => plane.buffer));
      await turn();
    }
  } finally {
    decoder.close();
  }
}
