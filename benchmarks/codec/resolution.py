"""Other sizes than the native one, against what could be done to the decoded native frames.

    python -m benchmarks.codec.resolution
    python -m benchmarks.codec.resolution --clips bikes --preset instant --frames 8

Enlarging: linc encodes a clip made half as large, by area means or by Lanczos; its decode at twice
that size (``--res x2``) and the Lanczos of its decoded native frames are compared with the clip
itself. Making smaller: decodes at 1/2, 1/3 and 0.7 of the size and area means of the decoded native
frames are compared with area means of the source. Writes JSON, a table, a plot and a sheet into
benchmarks/results/. PSNRs are of luma, frames and codes rounded on both sides. How fast other
sizes are made is measured by ``benchmarks.codec.size_speed``.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np

from benchmarks.common.anchors import load_clip
from benchmarks.common.runs import RESULTS, command, listed, machine
from lincodec.container import LincFile
from lincodec.decoder.render import Renderer
from lincodec.decoder.shots import output_shots
from lincodec.encoder.encode import encode
from lincodec.options import EncodeOptions
from lincodec.types import Planes, VideoInfo
from lincodec.video import metrics
from lincodec.video.y4m import Y4mWriter

SHRINKS = (1 / 2, 1 / 3, 0.7)
CLIPS = [
    "bench/bunny_640x360.mp4", "carphone", "natural/foreman_cif_60f_h264.mp4",
    "natural/taichi_driving1.mp4", "caption/videollama_silence_girl.mp4",
]  # fmt: skip


def area(size: int, count: int) -> np.ndarray:
    """Weights of the area means of an axis, [count, size]."""
    edges = np.arange(count + 1) * size / count
    k = np.arange(size)
    common = np.minimum(edges[1:, None], k + 1) - np.maximum(edges[:-1, None], k)
    weights: np.ndarray = np.maximum(common, 0) * count / size
    return weights


def lanczos(size: int, count: int) -> np.ndarray:
    """Weights of Lanczos-3 between aligned corners of an axis, edges repeated, [count, size]."""
    h = size / count
    stretch, weights = max(1.0, h), np.zeros((count, size))
    at = (np.arange(count) + 0.5) * h - 0.5
    reach = int(3 * stretch) + 1
    for tap in range(-reach, reach + 2):
        k = np.floor(at).astype(int) + tap
        x = (at - k) / stretch
        kernel = np.where(np.abs(x) < 3, np.sinc(x) * np.sinc(x / 3), 0)
        np.add.at(weights, (np.arange(count), np.clip(k, 0, size - 1)), kernel)
    whole: np.ndarray = weights / weights.sum(1, keepdims=True)
    return whole


def resized(frame: Planes, luma: tuple[int, int], kind: Any) -> Planes:
    """A 4:2:0 or grey frame at another luma (height, width), rounded."""
    out = []
    for index, plane in enumerate(frame):
        size = luma if index == 0 else (-(-luma[0] // 2), -(-luma[1] // 2))
        rows, columns = (kind(n, m) for n, m in zip(plane.shape, size, strict=True))
        out.append(np.clip(np.floor(rows @ plane @ columns.T + 0.5), 0, 255).astype(np.uint8))
    return tuple(out)


def coded(frames: Sequence[Planes], info: VideoInfo, options: EncodeOptions, folder: str) -> Path:
    """A .linc file of the frames."""
    source, output = Path(folder, "in.y4m"), Path(folder, "out.linc")
    height, width = frames[0][0].shape
    with source.open("wb") as file:
        writer = Y4mWriter(file, replace(info, width=width, height=height))
        for planes in frames:
            writer.write(planes)
    encode(str(source), str(output), options, overwrite=True)
    return output


def rendered(path: Path, size: tuple[int, int] | None = None) -> list[Planes]:
    """All frames at a luma (height, width)."""
    with path.open("rb") as file:
        linc = LincFile(file)
        renderer = Renderer(linc, None if size is None else (size[1], size[0]))
        try:
            return list(renderer.frames(output_shots(0, linc.n_frames, 1)))
        finally:
            renderer.close()


def luma_psnr(truth: Sequence[Planes], found: Sequence[Planes]) -> list[float]:
    """Of every frame, dB."""
    pairs = zip(truth, found, strict=True)
    return [metrics.psnr(metrics.mse(a[0], b[0])) for a, b in pairs]


def kinds(path: Path) -> str:
    """Of the segments of a file."""
    with path.open("rb") as file:
        linc = LincFile(file)
        found = [
            linc.read_segment_header(index).pictures is not None
            for index in range(len(linc.segments))
        ]
    return "partitioned" if all(found) else "mixed" if any(found) else "spectral"


def row(
    clip: str, test: str, quality: float, kind: str, linc: list[float], other: list[float]
) -> dict[str, Any]:
    """One comparison."""
    return {
        "clip": clip, "test": test, "quality": quality, "segments": kind,
        "linc": round(float(np.mean(linc)), 3), "linc_least": round(min(linc), 3),
        "other": round(float(np.mean(other)), 3), "other_least": round(min(other), 3),
        "gain": round(float(np.mean(linc) - np.mean(other)), 3),
        "least_gain": round(float(np.min(np.subtract(linc, other))), 3),
    }  # fmt: skip


def compare(
    name: str, frames: int, options: EncodeOptions
) -> tuple[list[dict[str, Any]], list[Any]]:
    """All comparisons of a clip, and cut-outs of one frame for the sheet."""
    clip = load_clip(name, frames)
    even = [s // 4 * 4 for s in clip.frames[0][0].shape]
    truth = [
        tuple(p[: even[0] >> (k > 0), : even[1] >> (k > 0)] for k, p in enumerate(f))
        for f in clip.frames
    ]
    half, rows, pictures = (even[0] // 2, even[1] // 2), [], []
    quality = float(options.quality or 0)
    with tempfile.TemporaryDirectory() as folder:
        for kind in (area, lanczos):
            source = [resized(f, half, kind) for f in truth]
            path = coded(source, clip.info, options, folder)
            native = rendered(path)
            larger = rendered(path, (even[0], even[1]))
            upscaled = [resized(f, (even[0], even[1]), lanczos) for f in native]
            test = f"x2 of {kind.__name__}"
            scores = luma_psnr(truth, larger), luma_psnr(truth, upscaled)
            rows.append(row(clip.label, test, quality, kinds(path), *scores))
            if kind is area:
                pictures = [truth[0][0], upscaled[0][0], larger[0][0]]
        for shrink in SHRINKS:
            size = (round(half[0] * shrink), round(half[1] * shrink))
            wanted = [resized(f, size, area) for f in source]
            scores = (
                luma_psnr(wanted, rendered(path, size)),
                luma_psnr(wanted, [resized(f, size, area) for f in native]),
            )
            rows.append(row(clip.label, f"x{shrink:.2f}", quality, kinds(path), *scores))
    return rows, pictures


def table(rows: Sequence[dict[str, Any]]) -> str:
    """A Markdown table."""
    lines = [
        "| clip | quality | segments | test | linc dB (least) | other dB (least) | gain |",
        "|" + "---|" * 7,
    ]
    lines += [
        f"| {r['clip']} | {r['quality']:g} | {r['segments']} | {r['test']} | "
        f"{r['linc']:.2f} ({r['linc_least']:.2f}) | "
        f"{r['other']:.2f} ({r['other_least']:.2f}) | {r['gain']:+.3f} |"
        for r in rows
    ]
    return "\n".join(lines) + "\n"


def plot(rows: Sequence[dict[str, Any]], path: Path) -> None:
    """Gain of every test, a group a clip."""
    from matplotlib import pyplot

    tests = list(dict.fromkeys(r["test"] for r in rows))
    figure, axes = pyplot.subplots(figsize=(8, 4))
    for index, test in enumerate(tests):
        chosen = [r for r in rows if r["test"] == test]
        at = np.arange(len(chosen)) + index / (len(tests) + 1)
        axes.bar(at, [r["gain"] for r in chosen], 1 / (len(tests) + 1), label=test)
    labels = [f"{r['clip'][:14]}\nq {r['quality']:g}" for r in rows if r["test"] == tests[0]]
    axes.set_xticks(np.arange(len(labels)) + 0.3, labels, fontsize=6)
    axes.set_ylabel("luma dB above Lanczos or area mean")
    axes.grid(visible=True, axis="y", alpha=0.3)
    axes.legend(fontsize=7)
    figure.savefig(path, dpi=90, bbox_inches="tight")
    pyplot.close(figure)


def sheet(pictures: Sequence[tuple[str, list[Any]]], path: Path) -> None:
    """The middle of the first frame of every clip: the clip, Lanczos, linc."""
    from matplotlib import pyplot

    figure, grid = pyplot.subplots(len(pictures), 3, figsize=(9, 2.4 * len(pictures)))
    for line, (clip, three) in zip(np.atleast_2d(grid), pictures, strict=True):
        for axes, name, plane in zip(
            line, ("truth", "Lanczos of native", "linc x2"), three, strict=True
        ):
            height, width = plane.shape
            part = plane[height // 3 : height // 3 + 96, width // 3 : width // 3 + 144]
            axes.imshow(part, cmap="gray", vmin=0, vmax=255, interpolation="nearest")
            axes.set_axis_off()
            axes.set_title(f"{clip[:20]}: {name}", fontsize=7)
    figure.savefig(path, dpi=75, bbox_inches="tight")
    pyplot.close(figure)


def main() -> None:
    """Measure, print, write after every clip."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--clips", type=listed(str), default=CLIPS, help="names, or paths below $LINC_MEDIA")
    add("--frames", type=int, default=24, help="of each clip, at most")
    add("--qualities", type=listed(float), default=[26.0, 38.0], help="of linc; 38 is its default")
    add("--preset", default=EncodeOptions.preset)
    add("--out", type=Path, default=RESULTS)
    add("--name", default="resolution", help="of the result files")
    given = parser.parse_args()
    mpl.use("Agg")
    given.out.mkdir(parents=True, exist_ok=True)
    rows, pictures = [], []
    for name in given.clips:
        for quality in given.qualities:
            options = EncodeOptions(preset=given.preset, quality=quality)
            found, shown = compare(name, given.frames, options)
            rows += found
            if quality == given.qualities[0]:
                pictures.append((Path(name).stem, shown))
            print(table(found).split("\n", 2)[2], end="", flush=True)
        report = {
            "command": command(),
            "date": datetime.now(UTC).isoformat(timespec="seconds"),
            "machine": machine(),
            "rows": rows,
        }
        path = given.out / given.name
        path.with_suffix(".json").write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
        path.with_suffix(".md").write_text(table(rows), encoding="utf-8")
        plot(rows, path.with_suffix(".png"))
        sheet(pictures, given.out / f"{given.name}_sheet.png")


if __name__ == "__main__":
    main()
