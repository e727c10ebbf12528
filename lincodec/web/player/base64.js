// Base64 to bytes, in pieces that engines can take at once.

const PIECE_LENGTH = 1 << 20; // characters: a multiple of 4

export function fromBase64(text) {
  const clean = text.trim(), padding = clean.endsWith("==") ? 2 : clean.endsWith("=") ? 1 : 0;
  const out = new Uint8Array((clean.length / 4) * 3 - padding);
  for (let start = 0, at = 0; start < clean.length; start += PIECE_LENGTH) {
    const piece = atob(clean.slice(start, start + PIECE_LENGTH));
    for (let i = 0; i < piece.length; i++) out[at++] = piece.charCodeAt(i);
  }
  return out;
}
