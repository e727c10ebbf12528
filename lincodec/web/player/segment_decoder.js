// The decoder of a segment, whatever its kind.

import { LincError } from "./errors.js";
import { PartitionedDecoder } from "./partitioned.js";
import { SpectralDecoder } from "./spectral.js";

// An object with pictures(displays) and close(). segment: as LincFile reads it.
export function openSegment(core, segment, head, arch) {
  if (segment.kind === "pictures") return new PartitionedDecoder(core, segment, head);
  if (segment.kind === "spectral") return new SpectralDecoder(core, segment, head, arch);
  throw new LincError("unsupported", "this part of the video needs a neural network, which is not drawn in a browser");
}
