// aUDi: the packets of the sound as the source had them (spec clause 6.7).

import { Cursor } from "./cursor.js";
import { LincError, need } from "./errors.js";

const MOST_PACKETS = 1 << 24;

// The table of a track from the first bytes of its payload: packet i takes bytes starts[i] to starts[i + 1] of what
// follows the table, at pts[i] ticks for duration[i]. "truncated" where the table is longer than `bytes`.
export function parseAudioTable(bytes, payloadLength) {
  const cursor = new Cursor(bytes, "aUDi");
  const track = { codec: cursor.text(), layout: cursor.text() };
  track.tick = cursor.u32() / cursor.u32();
  need(Number.isFinite(track.tick) && track.tick > 0, "aUDi: the time base is no ratio");
  track.rate = cursor.u32();
  cursor.u64();
  track.extradata = cursor.take(cursor.varint()).slice();
  const count = cursor.varint();
  if (count > MOST_PACKETS) throw new LincError("limit", `aUDi: ${count} packets`);
  track.pts = new Float64Array(count);
  track.duration = new Float64Array(count);
  track.starts = new Float64Array(count + 1);
  let expected = 0;
  for (let i = 0; i < count; i++) {
    track.starts[i + 1] = track.starts[i] + Math.floor(cursor.varint() / 2);
    const dts = expected + cursor.signed();
    track.pts[i] = dts + cursor.signed();
    track.duration[i] = cursor.varint();
    expected = dts + track.duration[i];
  }
  track.tableLength = cursor.at;
  need(cursor.at + track.starts[count] === payloadLength, "aUDi: the table does not account for its bytes");
  return track;
}
