// What can be wrong with a file: the classes of the specification's readers (spec clause 5).

export class LincError extends Error {
  // kind: "corrupt", "truncated", "checksum", "unsupported", "limit", "digest", "memory" or "source"
  constructor(kind, message) {
    super(message);
    this.name = "LincError";
    this.kind = kind;
  }
}

export function need(condition, message) {
  if (!condition) throw new LincError("corrupt", message);
}

const STATUS_KINDS = ["", "corrupt", "unsupported", "limit", "memory"];

// Throws what a status of the core stands for.
export function checkStatus(status, where) {
  if (status) throw new LincError(STATUS_KINDS[status] ?? "corrupt", `${where}: the decoder answered ${status}`);
}
