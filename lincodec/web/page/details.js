// What a file says of itself: sizes, kinds of segments, quality of each as a plot.

import { bytesText, colour, drawable, element } from "./dom.js";

export function detailsOf(about) {
  const rows = [
    ["Picture", `${about.width}×${about.height}, ${about.fps.toFixed(3).replace(/\.?0+$/, "")} frames a second, ${about.chroma}, ${about.bit_depth} bits`],
    ["Bytes", Object.entries(about.bytes).filter(([, count]) => count).map(([name, count]) => `${name} ${bytesText(count)}`).join(", ")],
    about.source_bytes ? ["Source", `${bytesText(about.source_bytes)} before, ${bytesText(about.bytes.total)} now`] : null,
    ["Bits a sample", about.bpp.toFixed(4)],
    ["Segments", Object.entries(about.kinds).map(([kind, count]) => `${count} ${kind}`).join(", ")],
    about.psnr ? ["Quality", `${about.psnr.toFixed(2)} dB (PSNR, RGB)`] : null,
    about.audio ? ["Sound", `${about.audio.codec}, ${about.audio.layout}, ${about.audio.sample_rate} Hz`] : null,
    about.alignments.length ? ["Aligned to", about.alignments.map((one) => one.model).join(", ")] : null,
    ...Object.entries(about.tags),
  ].filter(Boolean);
  const table = element("table");
  table.append(...rows.map(([name, text]) => element("tr", {}, element("th", { scope: "row" }, name), element("td", {}, text))));
  const root = element("details", { open: true }, element("summary", {}, "Details"), table);
  if (about.shots.some((shot) => shot.psnr)) root.append(qualityPlot(about));
  return root;
}

function qualityPlot({ shots, frames }) {
  const values = shots.map((shot) => shot.psnr ?? 0), low = Math.min(...values), high = Math.max(...values);
  const text = `PSNR of the segments: ${low.toFixed(1)} to ${high.toFixed(1)} dB`;
  const canvas = element("canvas", { className: "plot", role: "img", "aria-label": text });
  new ResizeObserver(() => {
    const { context, width, height } = drawable(canvas), floor = low - 1, reach = high - floor || 1;
    context.fillStyle = colour("accent");
    for (const shot of shots) {
      const share = ((shot.psnr ?? 0) - floor) / reach, x = (shot.frame / frames) * width;
      context.fillRect(x, height - share * (height - 8), Math.max(1, (shot.frames / frames) * width - 1), share * (height - 8));
    }
  }).observe(canvas);
  return element("figure", {}, element("figcaption", { className: "dim" }, text), canvas);
}
