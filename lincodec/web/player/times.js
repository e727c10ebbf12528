// When each frame is shown, in seconds from the first one (spec clause 6.3).

import { Cursor } from "./cursor.js";
import { need } from "./errors.js";

// { at: Float64Array of the frames' times, end: when the last one ends }
export function parseTimes(payload, frames) {
  const cursor = new Cursor(payload, "TIME");
  const tick = cursor.u32() / cursor.u32();
  need(Number.isFinite(tick) && tick > 0, "TIME: the time base is no ratio");
  cursor.signed(); // of the first frame: here it is 0
  const last = cursor.varint(), runs = cursor.varint(), at = new Float64Array(frames);
  let ticks = 0, known = 1;
  for (let run = 0; run < runs; run++) {
    const count = cursor.varint(), delta = cursor.varint();
    need(count >= 1 && delta >= 1 && known + count <= frames, "TIME: its runs are not those of the frames");
    for (let k = 0; k < count; k++) at[known++] = (ticks += delta) * tick;
  }
  cursor.finish();
  need(known === frames && last >= 1, `TIME: ${known} frames, the file has ${frames}`);
  return { at, end: (ticks + last) * tick };
}

export function constantTimes([numerator, denominator], frames) {
  return { at: Float64Array.from({ length: frames }, (_, k) => (k * denominator) / numerator), end: (frames * denominator) / numerator };
}

// The frame that is seen at a time.
export function frameAt(times, seconds) {
  let low = 0, high = times.at.length;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (times.at[middle] <= seconds + 1e-6) low = middle;
    else high = middle;
  }
  return low;
}
