// Shows planes on a canvas without WebGL: sample by sample.

import { colourTerms, uprightSize } from "./colour.js";

export class FlatScreen {
  constructor(canvas, head) {
    const { width, height } = uprightSize(head);
    Object.assign(this, { canvas, head, terms: colourTerms(head) });
    Object.assign(canvas, { width, height });
    this.context = canvas.getContext("2d", { alpha: false });
    this.stored = document.createElement("canvas");
    Object.assign(this.stored, { width: head.width, height: head.height });
    this.image = this.stored.getContext("2d").createImageData(head.width, head.height);
  }

  show(planes) {
    const { context, head, stored } = this;
    colourPixels(this.image.data, planes, head, this.terms);
    stored.getContext("2d").putImageData(this.image, 0, 0);
    context.setTransform(head.mirrored ? -1 : 1, 0, 0, 1, this.canvas.width / 2, this.canvas.height / 2);
    context.rotate((-Math.PI / 2) * head.turns);
    context.drawImage(stored, -head.width / 2, -head.height / 2);
  }
}

// Red, green, blue and opacity of every sample; chroma samples are repeated.
export function colourPixels(out, planes, head, { offset, matrix }) {
  const [luma, cb, cr] = planes, m = matrix.map((value) => value * 255);
  const [chromaHeight, chromaWidth] = head.planes[1] ?? head.planes[0];
  const across = Number(chromaWidth < head.width), down = Number(chromaHeight < head.height);
  for (let row = 0, at = 0; row < head.height; row++) {
    for (let column = 0; column < head.width; column++, at++) {
      const small = (row >> down) * chromaWidth + (column >> across);
      const y = luma[at] - offset[0], u = cb ? cb[small] - offset[1] : 0, v = cr ? cr[small] - offset[2] : 0;
      out[4 * at] = m[0] * y + m[2] * v;
      out[4 * at + 1] = m[3] * y + m[4] * u + m[5] * v;
      out[4 * at + 2] = m[6] * y + m[7] * u;
      out[4 * at + 3] = 255;
    }
  }
}
