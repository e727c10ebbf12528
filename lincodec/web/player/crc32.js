// CRC-32 of sections (spec clause 4.2), four bytes at a time.

const crcTables = Array.from({ length: 4 }, () => new Uint32Array(256));
for (let i = 0; i < 256; i++) {
  let crc = i;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  crcTables[0][i] = crc;
}
for (let i = 0; i < 256; i++)
  for (let k = 1; k < 4; k++)
    crcTables[k][i] = (crcTables[k - 1][i] >>> 8) ^ crcTables[0][crcTables[k - 1][i] & 255];

// The CRC of what had `crc` before, followed by `bytes`.
export function crc32(bytes, crc = 0) {
  const [t0, t1, t2, t3] = crcTables;
  crc = ~crc;
  let i = 0;
  for (; i + 4 <= bytes.length; i += 4) {
    crc ^= bytes[i] | (bytes[i + 1] << 8) | (bytes[i + 2] << 16) | (bytes[i + 3] << 24);
    crc = t3[crc & 255] ^ t2[(crc >>> 8) & 255] ^ t1[(crc >>> 16) & 255] ^ t0[crc >>> 24];
  }
  for (; i < bytes.length; i++) crc = t0[(crc ^ bytes[i]) & 255] ^ (crc >>> 8);
  return ~crc >>> 0;
}
