// From code values to red, green and blue: matrix and range (ITU-T H.273), as lincodec/video/color.py has them.

const RATIOS = { 1: [0.2126, 0.0722], 4: [0.3, 0.11], 5: [0.299, 0.114], 6: [0.299, 0.114], 7: [0.212, 0.087],
  9: [0.2627, 0.0593], 10: [0.2627, 0.0593] };

// { offset: [y, u, v], matrix: 9 numbers, row by row }: RGB from 0 to 1 is matrix times (codes - offset).
export function colourTerms({ width, height, depth, matrix, fullRange }) {
  const untagged = height >= 720 || width >= 1280 ? 1 : 6;
  const [kr, kb] = RATIOS[matrix] ?? RATIOS[untagged], kg = 1 - kr - kb;
  const unit = 2 ** (depth - 8), top = 2 ** depth - 1;
  const [black, span, centre, reach] = fullRange ? [0, top, 2 ** (depth - 1), top] : [16 * unit, 219 * unit, 128 * unit, 224 * unit];
  const y = 1 / span, red = (2 * (1 - kr)) / reach, blue = (2 * (1 - kb)) / reach;
  return {
    offset: [black, centre, centre],
    matrix: [y, 0, red, y, (-kb / kg) * blue, (-kr / kg) * red, y, blue, 0],
  };
}

// Size of the upright picture in samples, and its shape: width over height as it is to be seen.
export function uprightSize({ width, height, sar, turns }) {
  const shape = (width * sar[0]) / (height * sar[1]);
  return turns % 2 ? { width: height, height: width, shape: 1 / shape } : { width, height, shape };
}
